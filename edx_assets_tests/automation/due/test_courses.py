"""What is due: by tracking, as its own test tells further, and by packages."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edx_assets.automation.due.courses import packages_due, tracking_due
from edx_assets.edx.collections import TRACKING, catalogue, from_package
from edx_assets.edx.courses import CoursesFileError, Window, day_start
from edx_assets.loading.courses.window_files import has_ended, missing_days
from edx_assets.loading.ledger import COURSE_LOADS, MASTER
from edx_assets.loading.registry import register_course
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    collection,
    load_all,
    members,
    sort,
)
from edx_assets_tests.loading.courses.tracked_course import (
    FIRST,
    RUNNING,
    extract,
    line,
    with_structure,
)
from edx_assets_tests.loading.days.deliveries import load

TODAY = date(2014, 3, 1)


class Asked(Store):
    """A store that counts what it is asked."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._client)
        self.asked: list[Collection] = []

    def find(
        self,
        collection: Collection,
        query: dict[str, Any],
        sort: Any = None,
        fields: Sequence[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        self.asked.append(collection)
        return super().find(collection, query, sort, fields)

    def get(self, collection: Collection, key: Any) -> dict[str, Any] | None:
        self.asked.append(collection)
        return super().get(collection, key)

    def count(self, collection: Collection, query: Any = None) -> int:
        self.asked.append(collection)
        return super().count(collection, query)


def test_a_course_without_a_structure_is_not_due(store: Store, tmp_path: Path) -> None:
    storage = Storage(folder=str(tmp_path / "files"))
    load(store, storage, FIRST)
    assert tracking_due(store, None, RUNNING) == []
    with_structure(store)
    assert tracking_due(store, None, RUNNING) == [COURSE]
    extract(store)
    assert tracking_due(store, None, RUNNING) == []


def test_what_is_due_is_asked_of_the_ledger_in_few_queries(store: Store, tmp_path: Path) -> None:
    for number in range(20):
        register_course(store, f"course-v1:TestX+T{number + 200}+2014", "edx")
    with_structure(store)
    storage = Storage(folder=str(tmp_path / "files"))
    load(store, storage, [*FIRST, ("edx", 5, [line(5, 1)])])
    asked = Asked(store)
    assert tracking_due(asked, None, RUNNING) == [COURSE]
    assert packages_due(asked) == {}
    assert len(asked.asked) == 6
    assert {database for database, _collection in asked.asked} == {MASTER}


def test_a_courses_file_that_cannot_be_read_is_no_answer(store: Store, tmp_path: Path) -> None:
    with_structure(store)
    with pytest.raises(CoursesFileError, match="cannot be read"):
        tracking_due(store, tmp_path / "none.yaml", RUNNING)
    (tmp_path / "courses.yaml").write_text("courses: none")
    with pytest.raises(CoursesFileError):
        tracking_due(store, tmp_path / "courses.yaml", RUNNING)


@pytest.mark.parametrize(
    ("start", "end", "today", "ended", "missing"),
    [
        ("2014-02-03", "2014-02-05", "2014-02-05", True, 0),
        ("2014-02-03", "2014-02-05T12:00:00", "2014-02-05", False, 0),
        ("2014-02-03", "2014-02-05T12:00:00", "2014-02-06", True, 0),
        ("2014-02-02", "2014-02-08", "2014-02-07", False, 2),
        ("2014-02-02", "2014-02-08", "2014-02-08", True, 3),
        (None, "2014-02-05", "2014-03-01", True, 0),
        ("2014-02-05", None, "2014-02-08", False, 2),
        ("2014-03-05", "2014-04-05", "2014-02-08", False, 0),
    ],
)
def test_a_window_has_ended_and_lacks_days(
    start: str | None, end: str | None, today: str, ended: bool, missing: int
) -> None:
    window, day = Window(day_start(start), day_start(end)), date.fromisoformat(today)
    assert has_ended(window, day) is ended
    assert missing_days({"2014-02-03", "2014-02-04", "2014-02-05"}, window, day) == missing


@pytest.mark.parametrize(
    ("first", "last", "missing"),
    [
        ("2014-02-01", "2014-02-09", 5),
        ("2014-02-03", "2014-02-09", 3),
        ("2014-02-03", "2014-02-05", 0),
        ("2014-02-05", "2014-02-06", 1),
        ("2014-03-01", "2014-03-02", 0),
    ],
)
def test_a_window_lacks_no_day_of_which_there_are_no_logs(
    first: str, last: str, missing: int
) -> None:
    window = Window(day_start("2014-01-01"), day_start("2014-02-09"))
    dates = {"2014-02-03", "2014-02-04", "2014-02-05"}
    log_days = date.fromisoformat(first), date.fromisoformat(last)
    assert missing_days(dates, window, date(2014, 3, 1), log_days) == missing


def test_a_window_open_at_its_start_lacks_nothing_where_nothing_is_loaded() -> None:
    assert missing_days(set(), Window(), TODAY) == 0


def load_package(testx: Institution) -> Any:
    """Every collection of the course that a package brings."""
    names = [*filter(from_package, catalogue()), "unknown_tables"]
    return testx.run(*(f"course/{name}" for name in names), partition=COURSE)


def test_a_course_is_due_until_its_newest_package_is_loaded(
    testx: Institution, store: Store
) -> None:
    testx.deliver_package("2014-02-09", members(a_new_table=b"id\n1\n"))
    assert sort(testx, "2014-02-09").success
    [first] = packages_due(store).items()
    assert first[0] == COURSE
    assert first[1].startswith("2014-02-09-")
    load_all(testx)
    assert packages_due(store) == dict([first])  # the table that the schema does not know
    assert load_package(testx).success
    assert packages_due(store) == {}
    testx.deliver_package("2014-02-16", members())
    assert sort(testx, "2014-02-16").success
    [(_course, token)] = packages_due(store).items()
    assert token.startswith("2014-02-16-")
    assert load_package(testx).success
    assert packages_due(store) == {}
    testx.deliver_package("2014-02-16", members(auth_user=b"id\tusername\n9\tzoe\n"))
    assert sort(testx, "2014-02-16").success
    [(_course, other)] = packages_due(store).items()
    assert other != token
    testx.deliver_package("2014-02-16", members(course_structure=b'{"half": '))
    assert sort(testx, "2014-02-16").success
    text = failure_text(load_package(testx))
    assert "course_structure: it is not JSON" in text
    [(_course, bad)] = packages_due(store).items()
    assert bad not in (token, other)


def test_anew_loads_again_what_has_not_changed(testx: Institution, store: Store) -> None:
    testx.deliver_package("2014-02-09", members())
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    assert sort(testx, "2014-02-09").success
    assert load_all(testx).success
    names = ("auth_user", "learners", TRACKING)
    keys = [f"course/{name}" for name in names]
    assert testx.run(*keys, partition=COURSE).success
    loads = {name: store.get(COURSE_LOADS, f"{COURSE}/{name}") for name in names}
    found = {name: collection(store, name) for name in names}
    anew = {f"course__{name}": {"config": {"rebuild": True}} for name in names}
    for config, again in ((None, False), (anew, True)):
        assert testx.run(*keys, partition=COURSE, config=config).success
        for name in names:
            load = store.get(COURSE_LOADS, f"{COURSE}/{name}")
            assert (load != loads[name]) is again
            assert collection(store, name) == found[name]
