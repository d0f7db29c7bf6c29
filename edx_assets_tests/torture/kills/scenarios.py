"""What is killed: the runs, from which state each begins, and what has been delivered before."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from edx_assets_tests.institution import Institution
from edx_assets_tests.loading.courses.course_package import COURSE, members
from edx_assets_tests.loading.courses.tracked_course import line
from edx_assets_tests.torture.kills.runs import Work

SECOND = "TestX/T102/2014"
_STAGES = ("edx/raw_log", "edx/daily_log", "edx/master_tracking")
_SORT = ("packages/database_package", "packages/course_files")
_REBUILT = {"config": {"rebuild": True}}
_TABLES = tuple(
    f"course/{name}"
    for name in (
        "course_structure",
        "forum",
        "student_courseenrollment",
        "certificates_generatedcertificate",
        "auth_user",
        "user_id_map",
        "auth_userprofile",
        "learners",
        "unknown_tables",
    )
)

FIRST_RUNS = (
    Work(_STAGES, days=("2014-02-03", "2014-02-04")),
    Work(("packages/delivered",)),
    Work(_SORT, partition="2014-02-09"),
    Work((*_TABLES, "course/tracking"), partition=COURSE),
)
"""What has happened before any scenario: two days, a package, a course."""


@dataclass(frozen=True)
class Scenario:
    """A run that is killed.

    Attributes:
        name: what people call it.
        work: the run.
        after: the scenario whose undisturbed end it begins from; none: the first state.
        plain: the run that puts it right, where that is not the same one.
    """

    name: str
    work: Work
    after: str = ""
    plain: Work | None = None


SCENARIOS = (
    Scenario("a day", Work(_STAGES, partition="2014-02-05")),
    Scenario("a range of days", Work(_STAGES, days=("2014-02-05", "2014-02-07"))),
    Scenario("a delivery anew", Work(_STAGES, partition="2014-02-04")),
    Scenario("a package", Work(_SORT, partition="2014-02-16")),
    Scenario(
        "a rebuilt package",
        Work(
            _SORT,
            partition="2014-02-09",
            ops={"packages__database_package": _REBUILT, "packages__course_files": _REBUILT},
        ),
        plain=Work(_SORT, partition="2014-02-09"),
    ),
    Scenario(
        "a table",
        Work(
            (
                "course/course_structure",
                "course/student_courseenrollment",
                "course/unknown_tables",
                "course/learners",
            ),
            partition=COURSE,
        ),
        after="a package",
    ),
    Scenario(
        "a rebuilt table",
        Work(
            ("course/student_courseenrollment",),
            partition=COURSE,
            ops={"course__student_courseenrollment": _REBUILT},
        ),
        plain=Work(("course/student_courseenrollment",), partition=COURSE),
    ),
    Scenario("an extraction", Work(("course/tracking",), partition=COURSE), after="a table"),
    Scenario("an update", Work(("course/tracking",), partition=COURSE), after="a delivery anew"),
)


def deliver(testx: Institution) -> Callable[[], None]:
    """Deliver what is there at first; what is returned delivers the day anew."""
    lines = {
        3: [line(3, n) for n in range(1, 13)],
        4: [*(line(4, n) for n in range(1, 15)), line(4, 20, SECOND)],
        5: [*(line(5, n) for n in range(1, 16)), line(5, 20, SECOND)],
        6: [line(6, n) for n in range(1, 8)],
        7: [line(7, n) for n in range(1, 8)],
    }
    odd = [b"{cut", b"", lines[5][0]]
    # some lines of a day come again on the next one, and one came a day too early
    early = {3: lines[4][2:4], 4: [*lines[3][4:8], *lines[5][1:3], *lines[6][:2]]}
    again = {5: [*lines[4][:3], *lines[3][:2]], 6: lines[5][3:6], 7: lines[6][2:4]}
    for day, own in lines.items():
        more = [*early.get(day, []), *again.get(day, []), *(odd if day != 3 else odd[:1])]
        testx.deliver(f"2014-02-0{day}", [*own, *more])
    # days without a file are known as such only if later ones have one
    testx.deliver_package("2014-02-09", _package("T", 7))
    testx.deliver_package("2014-02-16", _package("renamed", 12, new_table=b"id\tx\n1\ta\n2\tb\n"))

    def anew() -> None:
        kept = [*lines[4][5:], *(line(4, n) for n in range(40, 46))]
        testx.deliver("2014-02-04", [*kept, *lines[3][6:10], *lines[5][2:5], *odd[:2], b"{too"])

    return anew


def _package(name: str, learners: int, **more: bytes) -> dict[str, bytes]:
    users = range(1, learners + 1)
    structure = json.loads(members()["TestX-T101-2014-course_structure-prod-analytics.json"])
    structure["i4x://TestX/T101/chapter/c1"]["metadata"]["display_name"] = name
    enrolments = [
        f"{n}\t{n}\tTestX/T101/2014\t2014-01-05 10:00:00\t1\thonor\n".encode() for n in users
    ]
    own = members(
        course_structure=json.dumps(structure).encode(),
        auth_user=b"id\tusername\n" + b"".join(f"{n}\tu{n}\n".encode() for n in users),
        auth_userprofile=b"id\tuser_id\tbio\n" + b"".join(f"{n}\t{n}\tx\n".encode() for n in users),
        student_courseenrollment=b"id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n"
        + b"".join(enrolments)
        + b"broken\n",
        user_id_map=b"hash_id\tid\tusername\n"
        + b"".join(f"h{n}\t{n}\tu{n}\n".encode() for n in users),
        **more,
    )
    return own | {each.replace("T101", "T102"): _second(content) for each, content in own.items()}


def _second(content: bytes) -> bytes:
    return content.replace(b"T101", b"T102")
