"""Which courses are due: by their tracking, and by their packages."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from edx_assets.automation.due.courses import packages_due
from edx_assets.automation.due.tracking import tracking_due
from edx_assets.edx.collections import (
    TRACKING,
    CourseCollection,
    Origin,
    catalogue,
    from_package,
)
from edx_assets.edx.courses_file import CoursesFileError
from edx_assets.edx.schema import tables
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import COURSE_LOADS, MASTER, note_course_load
from edx_assets.loading.registry import register_course
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
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
    storage = Storage(place=str(tmp_path / "files"))
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
    storage = Storage(place=str(tmp_path / "files"))
    load(store, storage, [*FIRST, ("edx", 5, [line(5, 1)])])
    asked = Asked(store)
    assert tracking_due(asked, None, RUNNING) == [COURSE]
    assert packages_due(asked) == {}
    assert len(asked.asked) == 11
    assert {database for database, _collection in asked.asked} == {MASTER}


def test_a_courses_file_that_cannot_be_read_is_no_answer(store: Store, tmp_path: Path) -> None:
    with_structure(store)
    with pytest.raises(CoursesFileError, match="cannot be read"):
        tracking_due(store, tmp_path / "none.yaml", RUNNING)
    (tmp_path / "courses.yaml").write_text("courses: none")
    with pytest.raises(CoursesFileError):
        tracking_due(store, tmp_path / "courses.yaml", RUNNING)


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


def test_a_course_is_due_when_a_column_is_read_otherwise_and_its_table_alone_is_loaded(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver_package("2014-02-09", members())
    assert sort(testx, "2014-02-09").success
    assert load_package(testx).success
    assert packages_due(store) == {}
    columns = tables()["auth_user"]
    as_text = columns | {"id": replace(columns["id"], type="text")}
    changed = {**tables(), "auth_user": as_text}
    for module in ("schema", "tables", "collections"):
        monkeypatch.setattr(f"edx_assets.edx.{module}.tables", lambda: changed)
    [(course, _token)] = packages_due(store).items()
    assert course == COURSE
    ran = load_package(testx)
    outcomes = {
        event.asset_key.path[-1]: event.materialization.metadata["outcome"].value
        for event in ran.get_asset_materialization_events()
        if event.asset_key
    }
    assert outcomes["auth_user"] == "loaded"
    assert "loaded" not in {outcomes[name] for name in ("auth_userprofile", "course_structure")}
    users = store.find(Collection(DATABASE, "auth_user"), {})
    assert sorted(user["id"] for user in users) == ["7", "8"]
    assert packages_due(store) == {}


def test_a_collection_that_is_made_here_stays_and_makes_nothing_due(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = CourseCollection("time_on_task", Origin.MADE_HERE, "", "A dataset.")
    listed = {**catalogue(), made.name: made}
    for place in ("edx.collections", "loading.courses.unknown_tables"):
        monkeypatch.setattr(f"edx_assets.{place}.catalogue", lambda: listed)
    testx.deliver_package("2014-02-09", members(a_new_table=b"id\n1\n"))
    assert sort(testx, "2014-02-09").success
    assert load_package(testx).success
    dataset = Collection(DATABASE, made.name)
    store.put(dataset, {"_id": 1})
    load = CourseLoad(documents=1, source=["made"], loaded_at=datetime.now(UTC))
    note_course_load(store, COURSE, dataset, load)
    assert packages_due(store) == {}
    assert testx.run("course/unknown_tables", partition=COURSE).success
    assert store.count(dataset) == 1
    assert packages_due(store) == {}


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
