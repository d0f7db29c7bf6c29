"""Deliveries full of marked words: in what is loaded, in what is refused, in what is damaged."""

import gzip
import io
import json
import tarfile
from typing import Any

from edx_assets_tests.institution import PACKAGES, Institution, event
from edx_assets_tests.leaks.marks import Marks
from edx_assets_tests.loading.courses.course_package import PREFIX, members

DAYS = ("2014-02-03", "2014-02-09")
PACKAGE, BROKEN_PACKAGE, LOST_PACKAGE = "2014-02-09", "2014-02-16", "2014-02-23"


def deliver(testx: Institution, marks: Marks) -> None:
    """Deliver the days from 3 to 9 February 2014, and two packages, the second of them broken."""
    _deliver_days(testx, marks)
    tables = _tables(marks) | _odd_files(marks)
    testx.deliver_package(PACKAGE, members(**tables) | _others(marks))
    testx.deliver_opt_in(PACKAGE, _opt_in(marks))
    broken = b"PK\3\4" + marks("the bytes of a package that is no zip").encode() * 100
    testx.s3.put_object(Bucket=PACKAGES, Key=f"testx-{BROKEN_PACKAGE}.zip", Body=broken)


def _deliver_days(testx: Institution, marks: Marks) -> None:
    def learner(kind: str) -> dict[str, Any]:
        return event(
            1,
            username=marks(f"the username in {kind}"),
            ip=marks(f"the address in {kind}"),
            event={"answer": marks(f"the answer in {kind}"), "email": _mail(marks, kind)},
        )

    testx.deliver("2014-02-03", [learner("an event"), *_odd_lines(marks)])
    whole = testx.encrypted(gzip.compress(_line(learner("a log that is cut"))))
    testx.deliver_raw("2014-02-04", whole[:-20])
    bad_gzip = gzip.compress(_line(learner("a gzip that is cut")))[:-6]
    testx.deliver_raw("2014-02-05", testx.encrypted(bad_gzip))
    testx.deliver_raw("2014-02-06", _line(learner("a log that is not encrypted")))
    testx.deliver_raw("2014-02-07", testx.encrypted(_line(learner("a log without gzip"))))
    armoured = testx.gpg.encrypt(_line(learner("a log of another kind")), None, symmetric="AES256",
                                 passphrase=marks("another's passphrase"), armor=False)  # fmt: skip
    testx.deliver_raw("2014-02-08", bytes(armoured.data))
    testx.deliver("2014-02-09", [event(1, time="2014-02-09T10:00:00.000000+00:00")])


def _mail(marks: Marks, kind: str) -> str:
    return f"{marks(f'the e-mail in {kind}')}@mail.example"


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode() + b"\n"


def _odd_lines(marks: Marks) -> list[Any]:
    def word(kind: str) -> str:
        return marks(f"a word of {kind}")

    def course(key: str) -> dict[str, Any]:
        return {"course_id": key, "user_id": word("the user's number")}

    return [
        f'{{"username": "{word("a line that is cut")}", "email": "{_mail(marks, "it")}'.encode(),
        f"{word('a line that is no JSON')} wrote this".encode(),
        f'"{word("a text")}"'.encode(),
        f'["{word("an array")}"]'.encode(),
        f'{{"username": "{word("bytes that are no text")}\xff"}}'.encode("latin-1"),
        (f'{{"a": "{word("a line that is too long")}{"-" * 2**20}"}}').encode(),
        (f'{{"e": {"[" * 3000}"{word("a deep line")}"{"]" * 3000}}}').encode(),
        f'{{"username": "{word("a number that is none")}", "time": -1e999}}'.encode(),
        event(2, time=word("a time")),
        event(3, time=[word("a time in an array")]),
        event(4, context=word("a context")),
        event(5, context=course(f"{word('a course key')} {word('it')}/x")),
        event(6, context=course(f"course-v1:{word('a course key')}@mail.example+a+b")),
        event(7, page=f"https://courses.edx.org/courses/{_mail(marks, 'a page')}/x/y"),
        event(8, event=f'{{"id": "{word("an event in a text, cut")}'),
        event(9, event={word("a field"): {f"${word('a field')}.x": 2**70}}),
        event(10, event={"id": f"i4x://{word('a usage key')} "}, event_type=word("a type")),
        event(11, username={"name": word("a username in an object")}),
        event(12, host=word("a host") + "\0\ud800"),
        event(13, event_type=f"/courses/{word('a path')}/{word('it')}/2014/wiki/{word('it')}"),
    ]


def _tables(marks: Marks) -> dict[str, bytes]:
    def row(*cells: str) -> str:
        return "\t".join(cells) + "\n"

    def learner(number: str, kind: str) -> list[str]:
        return [number, marks(f"the username in {kind}"), _mail(marks, kind)]

    users = row("id", "username", "email", "last_login", "is_staff")
    users += row(*learner("7", "a row"), "2014-02-01 10:00:00", "0")
    users += row(*learner("8", "a row with too few cells"))
    users += row(*learner("9", "a row with too many cells"), "2014-02-01", "0", marks("its last"))
    users += row(marks("a number"), marks("a username"), _mail(marks, "it"), marks("a date"), "x")
    users += row(*learner("7", "a row that comes twice"), "2014-02-01 10:00:00", "0")
    profiles = row("id", "user_id", "name", "meta", "bio", "year_of_birth")
    profiles += row("1", "7", marks("a name"), "{}", marks("a bio"), "1980")
    meta = f'{{"old_names": [["{marks("an old name")}"'
    profiles += row("2", "8", marks("a name"), meta, marks("a bio"), marks("a year"))
    profiles += row("3", "9", marks("a name"), f'{{"{marks("a key")}": NaN}}', "\udcff", "-")
    enrolments = row(
        "1", marks("a first row without a header"), "TestX/T101/2014", "x", "1", "honor"
    )
    certificates = row("id", "user_id", "name", "grade", "a_new_column")
    certificates += row("1", "7", marks("a name"), marks("a grade"), marks("a cell"))
    states = row("id", "module_type", "module_id", "student_id", "state", "created")
    states += row("1", "problem", marks("a usage key"), "7", f'{{"{marks("an answer")}', "never")
    return {
        "auth_user": users.encode(),
        "auth_userprofile": profiles.encode("utf-8", "surrogateescape"),
        "student_courseenrollment": enrolments.encode(),
        "certificates_generatedcertificate": certificates.encode(),
        "user_id_map": row(marks("a hash"), "7", marks("a username")).encode() * 2,
        "courseware_studentmodule": states.encode(),
        "wiki_new": row("8", marks("a table's first row"), _mail(marks, "it")).encode() * 2,
        "wiki_newer": (row("id", "text") + row("1", marks("a text"))).encode(),
        "wiki_empty": ("\n" + row("1", marks("a text"))).encode(),
    }


def _odd_files(marks: Marks) -> dict[str, bytes]:
    post = {"author_username": marks("an author"), "body": marks("a post")}
    cut = json.dumps({"_id": {"$oid": "x"}, "body": marks("a post that is cut")})[:-2]
    forum = [
        json.dumps({"_id": {"$oid": "50f1dd4ae05f6d2600000001"}, **post}),
        cut,
        marks("a line that is no post"),
        json.dumps({"_id": {"$oid": marks("a post's id")}, "created_at": {"$date": marks("when")}}),
        json.dumps({"_id": {marks("a post's field"): 1}, "votes": {"$numberLong": marks("votes")}}),
    ]
    return {"forum": "\n".join(forum).encode()}


def _others(marks: Marks) -> dict[str, bytes]:
    """Members of the course beside its tables; and a second course, whose structure is cut."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as export:
        for name, content in {
            "2014/course.xml": b"<course",
            f"2014/{marks('a folder of an export')}/x.xml": marks("an export's text").encode(),
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            export.addfile(info, io.BytesIO(content))
    structure = f'{{"i4x://TestX/T102/course/2014": {{"category": "{marks("a structure, cut")}'
    second = "TestX-T102-2014"
    error = f"Traceback (most recent call last):\n  {marks('the traceback of a failed export')}"
    return {
        f"{PREFIX}-course-prod-analytics.xml.tar.gz": archive.getvalue(),
        f"{PREFIX}-wiki_article-prod-analytics.sql.failed": error.encode(),
        f"{second}-course_structure-prod-analytics.json": structure.encode(),
        f"{second}-student_courseenrollment-prod-analytics.sql": (
            b"id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n"
            b"1\t7\tTestX/T102/2014\t2014-01-05 10:00:00\t1\thonor\n"
        ),
        f"{second}-auth_user-prod-analytics.sql": b"",
    }


def _opt_in(marks: Marks) -> bytes:
    header = "email,full_name,course_id,is_opted_in_for_email,preference_set_datetime\n"
    return (
        header
        + f'{_mail(marks, "the opt-in list")},"{marks("a full name")}",TestX/T101/2014,True,2014\n'
        + f'{_mail(marks, "a list that is cut")},"{marks("a full name")},TestX/T101/2014,Tr\n'
        + f"{marks('a line of the list')}\n"
    ).encode()
