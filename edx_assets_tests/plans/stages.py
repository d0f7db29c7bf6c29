"""Every stage, check, sensor and command, on top of the ledger of other days and courses."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from click.testing import CliRunner

from benchmarks.decade_ledger import Years, fill
from edx_assets.cli.main import main
from edx_assets.loading.ledger import COURSES
from edx_assets.loading.registry import registered_course
from edx_assets.resources.mongo import connect
from edx_assets.resources.storage import Storage
from edx_assets.settings import load_settings
from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.checks.evaluations import run_with_checks
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    VIDEO,
    load_all,
    members,
    sort,
    structure,
)
from edx_assets_tests.loading.days.older_reader import load_as_older

YEARS = Years(days=500, courses=20, packages=50, first=date(2012, 9, 1))
"""A thousand days of two sites, all before the course here."""
BEFORE, LAST = "2014-02-02", "2014-02-08"
"""A day before the course's window, and the last of those that are loaded at first."""
EVENTS = 200
"""Of the course, on each of these days."""
_USERS = b"id\tusername\n7\tana\n8\tbob\n9\n"
"""Of the three rows one is too short."""
_WIKI = b"id\towner_id\n1\t8\n"
_DAYS = [f"2014-02-{day:02d}" for day in range(2, 9)]
_STAGES = [f"edx/{stage}" for stage in ("raw_log", "daily_log", "master_tracking")]


def _lines(day: str, numbers: range, course: str = "TestX/T101/2014") -> list[dict[str, Any]]:
    """Events of the course, a second apart, of seven learners; every fifth is of its video."""
    return [
        event(
            0,
            time=f"{day}T10:{n // 60:02d}:{n % 60:02d}.000000+00:00",
            context={"course_id": course, "user_id": n % 7},
            **({"event_type": "play_video", "event": {"id": VIDEO}} if n % 5 == 0 else {}),
        )
        for n in numbers
    ]


def history(testx: Institution, uri: str) -> None:
    """What is there before: the ledger of years, and a week of the course's days."""
    fill(uri, YEARS)
    before: list[dict[str, Any]] = []
    for day in _DAYS:
        others = _lines(day, range(EVENTS, 2 * EVENTS), "TestX/T102/2014")
        testx.deliver(day, [*_lines(day, range(EVENTS)), *others, *before, b"no JSON"])
        before = _lines(day, range(EVENTS // 2))
    assert testx.run(*_STAGES, days=(_DAYS[0], LAST)).success
    store = connect(uri)
    other = registered_course(store, "course-v1:TestX+T102+2014")
    store.put(COURSES, {**other, "database": "of_an_older_rule"})


def _run(testx: Institution, *assets: str, partition: str | None = None) -> None:
    result = run_with_checks(testx, *assets, partition=partition)
    assert result.success, failure_text(result)


def _members(**changes: bytes | None) -> dict[str, bytes]:
    """A package of the course, which ends later: what has ended is extracted once more."""
    window = structure(start="2014-02-03T00:00:00Z", end="2014-03-10T00:00:00Z")
    return members(course_structure=json.dumps(window).encode(), wiki_article=_WIKI, **changes)


def packages(testx: Institution) -> None:
    """Two packages, the second with fewer members; the first is sorted again."""
    testx.deliver_package("2014-02-09", _members())
    assert sort(testx, "2014-02-09").success
    testx.deliver_package("2014-02-16", _members(forum=None, auth_user=_USERS))
    assert sort(testx, "2014-02-16").success
    testx.deliver_package("2014-02-09", _members(user_id_map=None))
    assert sort(testx, "2014-02-09").success


def course(testx: Institution) -> None:
    """All of a course with its checks, then what its package has once more."""
    _run(testx, *_of_the_course(testx), partition=COURSE)
    assert load_all(testx).success


def days(testx: Institution) -> None:
    """A new day with lines of another, then its next delivery, which lacks some."""
    new, of_last = _lines("2014-02-09", range(20)), _lines(LAST, range(30))
    _load(testx, "2014-02-09", [*new, *new[:2], *of_last, b"{"])
    of_other = _lines("2014-02-09", range(3), "TestX/T102/2014")
    _load(testx, "2014-02-09", [*new[:10], *of_last[:20], *of_other])


def earlier_days(testx: Institution) -> None:
    """A day without lines that a later one has too, and an earlier day that has others of its.

    The latter also begins another run of the course: events that tell no run are then of neither.
    """
    _load(testx, LAST, _lines(LAST, range(10, EVENTS)))
    of_another = _lines("2014-02-01", range(5), "TestX/T101/2015")
    _load(testx, "2014-02-01", [*of_another, *_lines(LAST, range(40, 50))])
    update(testx)


def _load(testx: Institution, day: str, lines: list[Any]) -> None:
    testx.deliver(day, lines)
    _run(testx, *_STAGES, partition=day)


def update(testx: Institution) -> None:
    """The course's tracking with the days that have changed, and once more without any."""
    for _again in range(2):
        assert testx.run("course/tracking", partition=COURSE).success


def retry(testx: Institution) -> None:
    """A day some of whose lines an earlier version rejected: they are tried again."""
    lines = [json.dumps(each).encode() for each in _lines("2014-02-10", range(EVENTS))]
    storage = Storage(place=load_settings().storage)
    uri = load_settings().mongo_uri
    assert uri
    store = connect(uri.get_secret_value())
    load_as_older(store, storage, [("edx", 10, [*lines, lines[0], b"[]"])], [*lines[:5], b"[]"])
    told = CliRunner().invoke(main, ["quarantine", "retry", "--from", "2014-02-10"])
    assert told.exit_code == 0, told.output


def looks(testx: Institution) -> None:
    """What the sensors and the nightly reconcile ask, and what is looked at in all."""
    automation = Automation(testx)
    for name in (
        "edx_tracking_logs_sensor",
        "packages_sensor",
        "courses_sensor",
        "warehouse_sensor",
    ):
        for _again in range(2):
            automation.tick(name)
    _run(testx, "upkeep/overview", "upkeep/quarantine_reasons", "upkeep/kept_files")
    _run(testx, "all_courses/warehouse")


def commands(testx: Institution) -> None:
    """What the command line reads."""
    for command in (
        ("status", "--json"),
        ("doctor",),
        ("quarantine", "list"),
        ("quarantine", "show", "--course", DATABASE),
        ("export", DATABASE, "--to", str(testx.folder / "out")),
        ("report", DATABASE),
    ):
        told = CliRunner().invoke(main, command)
        assert told.exit_code == 0, told.output


def retirement(testx: Institution) -> None:
    """A learner of a list is looked for, retired, and looked for again."""
    _load(testx, "2014-02-11", [b'{"username": "eve", '])
    listed = testx.folder / "user_retirement_edx_testx_2014-03-01.csv"
    listed.write_text(
        "user_id,original_username,original_email,original_name\r\n"
        "8,bob,bob@example.org,Bob Blue\r\n3,eve,eve@example.org,Eve Red\r\n"
    )
    for more in ((), ("--yes",), ()):
        told = CliRunner().invoke(main, ["retire", str(listed), *more])
        assert told.exit_code == 0, told.output


def _of_the_course(testx: Institution) -> list[str]:
    definitions = Automation(testx).definitions()
    keys = [key.to_user_string() for each in definitions.assets or [] for key in each.keys]  # type: ignore[union-attr]
    return [key for key in keys if key.startswith("course/")]


STAGES: list[Callable[[Institution], None]] = [
    packages,
    course,
    days,
    update,
    earlier_days,
    retry,
    update,
    looks,
    commands,
    retirement,
]
