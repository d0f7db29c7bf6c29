"""A course's tracking kept up to date by its files: the same as if it were extracted anew."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.automation.due.tracking import tracking_due
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.courses.tracking import extract_course
from edx_assets.loading.ledger import (
    IMPORTS,
    LOADS,
)
from edx_assets.loading.stage import CountMismatchError
from edx_assets.resources import lock
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.conftest import empty
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, collection
from edx_assets_tests.loading.courses.tracked_course import (
    FIRST,
    OVER,
    RUNNING,
    extract,
    extracted,
    line,
    with_structure,
)
from edx_assets_tests.loading.days.deliveries import Delivery, load
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal


@pytest.mark.parametrize(
    ("change", "outcome", "seconds"),
    {
        "a day more": (("edx", 5, [line(5, 1), line(5, 1), line(11, 1)]), 1, "31 32 41 42 43 51"),
        "a corrected day": (("edx", 3, [line(3, 1), line(3, 5)]), 1, "31 35 41 42 43"),
        "as many events, but others": (("edx", 3, [line(3, 1), line(3, 4)]), 1, "31 34 41 42 43"),
        "a day that is empty now": (("edx", 3, []), 1, "41 42 43"),
        "a late day, with lines of another": (
            ("edx", 2, [line(3, 1), line(4, 2), line(4, 4)]),
            3,
            "31 32 41 42 43 44",
        ),
        "an earlier file to another site": (("edge", 3, [line(3, 2)]), 1, "31 41 42 43"),
    }.values(),
)
def test_only_the_shares_of_changed_files_are_replaced(
    store: Store, storage: Storage, change: Delivery, outcome: int, seconds: str
) -> None:
    with_structure(store)
    load(store, storage, FIRST)
    assert extract(store)["outcome"] == "extracted"
    assert extract(store)["outcome"] == "unchanged"
    assert tracking_due(store, None, RUNNING) == []
    load(store, storage, [change])
    assert tracking_due(store, None, RUNNING) == [COURSE]
    assert extract(store)["outcome"] == f"updated: {outcome} files"
    assert extract(store)["outcome"] == "unchanged"
    assert tracking_due(store, None, RUNNING) == []
    found = extracted(store)
    moments = [record["timestamp"] for record in found[0]]
    assert sorted(f"{moment.day}{moment.second}" for moment in moments) == seconds.split()
    bound = [record for record in found[0] if "parent_data" in record]
    assert len(bound) == sum(int(second[-1]) % 2 for second in seconds.split())
    assert extract(store, rebuild=True)["outcome"] == "extracted"
    assert extracted(store) == found


days = st.tuples(
    st.sampled_from(["edx", "edge"]),
    st.integers(2, 6),
    st.none() | st.lists(st.tuples(st.integers(2, 4), st.integers(1, 3)).map(lambda of: line(*of))),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(days, min_size=1, max_size=3), min_size=1, max_size=4))
def test_any_updates_end_as_an_extraction_from_nothing(
    store: Store, storage: Storage, mongo_uri: str, updates: list[list[Delivery]]
) -> None:
    empty(mongo_uri)
    with_structure(store)
    for deliveries in updates:
        load(store, storage, deliveries)
        extract(store)
    found = extracted(store)
    extract(store, rebuild=True)
    assert extracted(store) == found


def test_what_has_not_changed_is_left_alone(store: Store, storage: Storage) -> None:
    with_structure(store)
    load(store, storage, FIRST)
    extract(store)
    kept = next(iter(store.find(Collection(DATABASE, TRACKING), {"load_file": _file(4)})))
    store.put(Collection(DATABASE, TRACKING), {**kept, "touched": True})
    load(store, storage, [("edx", 5, [line(5, 1)])])
    told = extract(store)
    assert (told["outcome"], told["events_extracted"]) == ("updated: 1 files", 1)
    assert told["documents"] == 6
    assert store.count(Collection(DATABASE, TRACKING), {"touched": True}) == 1
    loads = {each["_id"] for each in store.find(Collection(DATABASE, LOADS), {})}
    assert loads == {TRACKING, "course_structure"}
    assert extract(store, rebuild=True)["outcome"] == "extracted"
    assert store.count(Collection(DATABASE, TRACKING), {"touched": True}) == 0


def _file(day: int) -> str:
    return f"testx-edx-events-2014-02-{day:02d}.log.gz.gpg"


def test_a_file_without_events_in_the_window_changes_nothing(
    store: Store, storage: Storage
) -> None:
    with_structure(store)
    load(store, storage, FIRST)
    extract(store)
    load(store, storage, [("edx", 12, [line(11, 1)]), ("edx", 6, [line(6, 1, "TestX/T102/2014")])])
    assert tracking_due(store, None, RUNNING) == []
    assert extract(store)["outcome"] == "unchanged"


def test_another_window_or_structure_is_extracted_anew(
    store: Store, storage: Storage, tmp_path: Path
) -> None:
    with_structure(store)
    load(store, storage, FIRST)
    extract(store)
    with_structure(store, name="Another")
    assert tracking_due(store, None, RUNNING) == [COURSE]
    assert extract(store)["outcome"] == "extracted"
    chapters = {record["parent_data"]["chapter_display_name"] for record in _bound(store)}
    assert chapters == {"Another"}
    courses = tmp_path / "courses.yaml"
    courses.write_text(f"courses:\n  - course_key: {COURSE}\n    enrolment_start: 2014-02-04\n")
    assert tracking_due(store, courses, RUNNING) == [COURSE]
    assert extract_course(store, COURSE, courses, RUNNING)["outcome"] == "extracted"
    assert len(collection(store, TRACKING)) == 3
    assert tracking_due(store, courses, RUNNING) == []


def _bound(store: Store) -> list[dict[str, Any]]:
    return [record for record in collection(store, TRACKING) if "parent_data" in record]


def test_a_collection_that_someone_altered_is_extracted_anew(
    store: Store, storage: Storage
) -> None:
    with_structure(store)
    load(store, storage, FIRST)
    extract(store)
    found = extracted(store)
    store.delete(Collection(DATABASE, TRACKING), {"_id": found[0][0]["_id"]})
    assert extract(store)["outcome"] == "extracted"
    assert extracted(store) == found
    load(store, storage, [("edx", 5, [line(5, 1)])])
    altered = {**found[0][0], "load_file": _file(5)}  # as many documents, but not of these files
    store.put(Collection(DATABASE, TRACKING), altered)
    assert extract(store)["outcome"] == "extracted"
    assert len(collection(store, TRACKING)) == 6


@pytest.mark.parametrize("structure_changes", [False, True])
def test_a_run_killed_at_any_write_is_finished_by_the_next(
    store: Store, storage: Storage, mongo_uri: str, structure_changes: bool
) -> None:
    changes: list[Delivery] = [
        ("edx", 2, [line(3, 1), line(3, 9)]),
        ("edx", 3, [line(3, 2), line(3, 4)]),
        ("edx", 4, None),
    ]
    for writes in range(100):
        empty(mongo_uri)
        with_structure(store)
        load(store, storage, FIRST)
        extract(store)
        load(store, storage, changes)
        if structure_changes:
            with_structure(store, name="Another")
        try:
            extract_course(Mortal(store, writes), COURSE, None, RUNNING)
        except Killed:
            assert tracking_due(store, None, RUNNING) == [COURSE]
        else:
            break
        if writes % 2:
            load(store, storage, [("edx", 3, [line(3, 5)])])
        assert extract(store)["outcome"] != "unchanged"
        found = extracted(store)
        extract(store, rebuild=True)
        assert extracted(store) == found
    assert writes > 3


def test_a_day_that_is_being_loaded_is_left_as_it_is_until_it_is_loaded(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)  # the killed load leaves its lock behind
    with_structure(store)
    load(store, storage, FIRST)
    extract(store)
    before = collection(store, TRACKING)
    corrected: Delivery = ("edx", 4, [line(4, 1), line(4, 7), line(4, 8), line(4, 6)])
    with pytest.raises(Killed):
        load(Mortal(store, 4), storage, [corrected])
    entry = store.get(IMPORTS, "edx/2014-02-04")
    assert entry is not None
    assert entry["state"] == "loading"
    assert tracking_due(store, None, RUNNING) == []
    assert extract(store)["outcome"] == "unchanged"
    load(store, storage, [("edx", 5, [line(5, 1)])])
    told = extract(store)
    assert (told["outcome"], told["files_being_loaded"]) == ("updated: 1 files", 1)
    assert tracking_due(store, None, RUNNING) == []
    records = collection(store, TRACKING)
    assert [record for record in records if record["load_file"] != _file(5)] == before
    assert extract(store, rebuild=True)["documents"] == 3  # of the days that are whole
    assert tracking_due(store, None, RUNNING) == []
    load(store, storage, [corrected])
    assert tracking_due(store, None, RUNNING) == [COURSE]
    assert extract(store)["outcome"] == "updated: 1 files"
    assert len(collection(store, TRACKING)) == 7


def test_records_of_no_day_are_not_extracted(store: Store, storage: Storage) -> None:
    with_structure(store)
    load(store, storage, FIRST)
    store.delete(IMPORTS, {"_id": "edx/2014-02-04"})
    with pytest.raises(CountMismatchError, match="5 records in its window"):
        extract(store)


def test_a_course_that_has_ended_is_sealed_once_every_day_is_there(
    store: Store, storage: Storage
) -> None:
    with_structure(store)
    load(store, storage, [("edx", day, [line(day, 1)]) for day in range(3, 10)])
    told = extract(store)
    assert (told["outcome"], told["sealed"]) == ("extracted", "no")
    assert told["window_days_missing"] == 0
    assert tracking_due(store, None, OVER) == []
    assert extract(store, OVER)["window_days_missing"] == 1
    load(store, storage, [("edx", 10, None)])
    assert tracking_due(store, None, OVER - timedelta(days=1)) == []
    assert extract(store, OVER - timedelta(days=1))["outcome"] == "unchanged"
    assert tracking_due(store, None, OVER) == [COURSE]
    told = extract(store, OVER)
    assert (told["outcome"], told["sealed"]) == ("extracted", "yes")
    assert "window_days_missing" not in told
    assert tracking_due(store, None, OVER) == []
    assert extract(store, OVER)["outcome"] == "unchanged"
    load(store, storage, [("edx", 10, [line(10, 1)])])
    assert tracking_due(store, None, OVER) == [COURSE]
    told = extract(store, OVER)
    assert (told["outcome"], told["sealed"]) == ("updated: 1 files", "yes")
    assert tracking_due(store, None, OVER) == []


def test_a_course_older_than_the_logs_is_sealed_with_the_days_that_there_are(
    store: Store, storage: Storage
) -> None:
    with_structure(store)
    load(store, storage, [("edx", day, [line(day, 1)]) for day in range(5, 10)])
    assert extract(store, OVER)["window_days_missing"] == 3
    log_days = date(2014, 2, 5), date(2014, 2, 9)
    assert tracking_due(store, None, OVER) == []
    assert tracking_due(store, None, OVER, log_days) == [COURSE]
    assert extract_course(store, COURSE, None, OVER, log_days=log_days)["sealed"] == "yes"
    assert tracking_due(store, None, OVER, log_days) == []
