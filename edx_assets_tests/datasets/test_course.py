"""A course's datasets as a researcher finds them: in the database, in the storage, up to date."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from dagster import AssetKey, ExecuteInProcessResult

from edx_assets.automation.due.courses import packages_due
from edx_assets.datasets.course import make_datasets
from edx_assets.datasets.definition import datasets, read
from edx_assets.definitions import build_defs
from edx_assets.loading.ledger import course_load
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import load_settings
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    collection,
    load_all,
    members,
    sort,
)
from edx_assets_tests.mmdb import write_mmdb

DAY = datetime(2014, 2, 3, tzinfo=UTC)
VIDEO = '{"id": "i4x-TestX-T101-video-v1", "currentTime": %s, "code": "x"}'


def played(second: int, kind: str, place: float, **fields: Any) -> dict[str, Any]:
    return event(second, event_type=kind, event=VIDEO % place, **fields)


def make(testx: Institution, *names: str) -> dict[str, str]:
    """Materialize datasets, all by default; what became of each."""
    result = testx.run(*(f"course/{name}" for name in names or datasets()), partition=COURSE)
    assert result.success, failure_text(result)
    return outcomes_of(result)


def of_events(name: str) -> bool:
    """Whether a dataset is made from the course's events, if only through others."""
    needs = datasets()[name].needs
    return "events" in needs or any(of_events(need) for need in needs if need in datasets())


def outcomes_of(result: ExecuteInProcessResult) -> dict[str, str]:
    return {
        each.asset_key.path[-1]: str(each.metadata["outcome"].value)
        for each in result.asset_materializations_for_node("course_datasets")
        if each.asset_key
    }


@pytest.fixture
def course(testx: Institution) -> Institution:
    """A course with a day of events: Ana's, one of them with her name alone."""
    testx.deliver(
        "2014-02-03",
        [
            event(0, ip="192.0.2.7"),
            played(10, "play_video", 1.5, context={"course_id": "TestX/T101/2014"}),
            played(20, "pause_video", 11.5),
            event(30, event_type="edx.course.enrollment.activated", event_source="server",
                  event={"user_id": 7, "course_id": "TestX/T101/2014", "mode": "honor"}),
        ],
    )  # fmt: skip
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-03")
    sort(testx, "2014-02-09")
    load_all(testx)
    result = testx.run("course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    return testx


def test_they_are_collections_and_files_and_stay_until_something_changes(
    course: Institution, store: Store
) -> None:
    assert make(course) == dict.fromkeys(datasets(), "made")
    assert make(course) == dict.fromkeys(datasets(), "unchanged")
    (day,) = collection(store, "person_day")
    assert (day["user_id"], day["day"], day["nevents"], day["sum_dt"]) == (7, DAY, 4, 30.0)
    (video,) = collection(store, "person_video")
    assert (video["user_id"], video["seconds_watched"]) == (7, 10.0)
    (enrolled,) = collection(store, "enrolment_by_day")
    assert enrolled == {
        "_id": 1,
        "day": DAY,
        "mode": "honor",
        "joined": 1,
        "left": 0,
        "enrolled": 1,
    }
    for name in (*datasets(), "events"):
        file = course.folder / "files" / "datasets" / DATABASE / f"{name}.parquet"
        assert file.stat().st_mode & 0o777 == 0o600
        rows = pq.read_table(file).num_rows
        assert rows == (4 if name == "events" else len(collection(store, name))), name
    assert not list((course.folder / "files").glob(".writing-*"))

    course.deliver("2014-02-04", [event(0, time="2014-02-04T10:00:00+00:00")])
    course.run_day("2014-02-04")
    course.run("course/tracking", partition=COURSE)
    outcomes = make(course)
    assert {name for name, outcome in outcomes.items() if outcome == "made"} == {
        "person_day",
        "person_devices",
        "sessions",
        "time_on_task",
    }
    unchanged = {name for name, outcome in outcomes.items() if outcome == "unchanged"}
    assert unchanged == {name for name in datasets() if not of_events(name)}
    assert make(course) == dict.fromkeys(datasets(), "unchanged")
    assert [each["nevents"] for each in collection(store, "person_day")] == [4, 1]


def test_the_same_bytes_are_written_again(course: Institution) -> None:
    make(course)
    folder = course.folder / "files" / "datasets" / DATABASE
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    config = {"course_datasets": {"config": {"rebuild": True}}}
    result = course.run(*(f"course/{name}" for name in datasets()), partition=COURSE, config=config)
    assert result.success, failure_text(result)
    assert outcomes_of(result) == dict.fromkeys(datasets(), "made")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first


def test_what_is_missing_is_made_again(course: Institution, store: Store) -> None:
    make(course)
    (course.folder / "files" / "datasets" / DATABASE / "sessions.parquet").unlink()
    store.drop(Collection(DATABASE, "person_day"))
    made = {name for name, outcome in make(course).items() if outcome == "made"}
    assert made == {"sessions", "person_day"}


def test_one_alone_brings_what_it_needs_and_puts_nothing_else_into_the_database(
    course: Institution, store: Store
) -> None:
    assert make(course, "video_segments") == {"video_segments": "made"}
    assert [each["segment"] for each in collection(store, "video_segments")] == [0, 1, 2]
    assert collection(store, "video_viewings") == []
    assert course_load(store, COURSE, "video_viewings") is None


def test_a_dataset_that_fails_harms_only_those_that_need_it(
    course: Institution, store: Store
) -> None:
    known = dict(datasets())
    text = (
        Path(__file__).parents[2] / "edx_assets" / "datasets" / "sql" / "video_viewings.sql"
    ).read_text()
    known["video_viewings"] = read(
        "video_viewings", text.replace("from_second >= 0", "CAST(module_id AS BIGINT) >= 0")
    )
    storage = Storage(place=str(course.folder / "files"))
    outcomes = dict(make_datasets(store, storage, COURSE, list(known.values()), known))
    told = {name: str(each) for name, each in outcomes.items() if isinstance(each, Exception)}
    assert told.keys() == {"video_viewings", "video_segments", "person_video"}
    assert "video_viewings.sql: the query fails (DuckDB's" in told["video_viewings"]
    assert "needs video_viewings, which failed" in told["person_video"]
    assert "TestX" not in str(told)
    assert len(collection(store, "person_day")) == 1


def test_places_are_looked_up_again_once_their_database_has_changed(
    course: Institution, store: Store, tmp_path: Path
) -> None:
    known = datasets()
    wanted = [known["person_places"], known["person_day"]]
    storage = Storage(place=str(course.folder / "files"))

    def made(geoip: GeoIp) -> dict[str, Any]:
        return dict(make_datasets(store, storage, COURSE, wanted, known, geoip=geoip))

    def country() -> Any:
        [row] = collection(store, "person_places")
        return row["cc_by_ip"]

    assert made(GeoIp())["person_places"]["missing"] == "EDX_GEOIP_DB"
    assert country() is None
    for code in ("CA", "PE"):
        file = write_mmdb(tmp_path / "City.mmdb", {"192.0.2.0/24": {"country": {"iso_code": code}}})
        told = made(GeoIp(file=str(file)))
        assert told["person_places"]["outcome"] == "made"
        assert told["person_day"]["outcome"] == "unchanged"
        assert country() == code
        assert made(GeoIp(file=str(file)))["person_places"]["outcome"] == "unchanged"
    file.unlink()
    told = made(GeoIp(file=str(file)))
    assert "EDX_GEOIP_DB" in str(told["person_places"])
    assert told["person_day"]["outcome"] == "unchanged"


def test_without_tracking_it_says_what_to_materialize(testx: Institution, store: Store) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    result = testx.run("course/sessions", partition=COURSE)
    assert "materialize course/tracking first" in failure_text(result)


def test_the_asset_shows_the_columns_and_depends_on_its_sources() -> None:
    graph = build_defs(load_settings()).get_repository_def().asset_graph
    for name, dataset in datasets().items():
        node = graph.get(AssetKey(["course", name]))
        columns = node.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == [each.name for each in dataset.columns]
        needs = {"tracking" if need == "events" else need for need in dataset.needs}
        needs.discard("places")
        assert {key.path[-1] for key in node.parent_keys} == needs


def test_they_are_no_tables_of_the_package(course: Institution, store: Store) -> None:
    course.run("course/unknown_tables", "course/learners", partition=COURSE)
    before = packages_due(store)
    make(course)
    assert packages_due(store) == before
    result = course.run("course/unknown_tables", partition=COURSE)
    assert result.success, failure_text(result)
    assert len(collection(store, "person_day")) == 1
    assert make(course) == dict.fromkeys(datasets(), "unchanged")


def test_a_table_of_the_package_keeps_its_name(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-03", [event(0)])
    testx.deliver_package("2014-02-09", members(sessions=b"id\n1\n"))
    testx.run_day("2014-02-03")
    sort(testx, "2014-02-09")
    load_all(testx)
    testx.run("course/tracking", "course/unknown_tables", partition=COURSE)
    result = testx.run("course/sessions", "course/person_day", partition=COURSE)
    assert "sessions: the package has a table of this name" in failure_text(result)
    assert collection(store, "sessions") == [{"_id": 2, "id": 1}]
    assert len(collection(store, "person_day")) == 1


def test_what_a_killed_run_has_staged_is_dropped(course: Institution, store: Store) -> None:
    make(course, "roles")
    left = Collection(DATABASE, "_loading_person_day_0123abcd")
    other = Collection(DATABASE, "_loading_auth_user_0123abcd")
    for each in (left, other):
        store.put(each, {"_id": 1})
    assert make(course, "roles") == {"roles": "unchanged"}
    assert store.count(left) == 0
    assert store.count(other) == 1, "a table of the package has its own turn"
