"""Quarantined lines that today's readers can load: in the end as if their files had just come."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.automation.due.tracking import tracking_due
from edx_assets.edx.reasons import Reason
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.days.retry import Retried, retry_day
from edx_assets.loading.ledger import IMPORTS, MASTER_QUARANTINE, MASTER_TRACKING
from edx_assets.loading.registry import registered_courses
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Inserted, Store
from edx_assets_tests.conftest import empty
from edx_assets_tests.institution import event
from edx_assets_tests.loading.courses.course_package import COURSE
from edx_assets_tests.loading.courses.course_package import collection as of_course
from edx_assets_tests.loading.courses.tracked_course import RUNNING, extract, with_structure
from edx_assets_tests.loading.days.deliveries import (
    Delivery,
    adds_up,
    line,
    load,
    state,
)
from edx_assets_tests.loading.days.mortal_store import Mortal
from edx_assets_tests.loading.days.older_reader import (
    DAY,
    days_of,
    entry_of,
    everything,
    load_as_older,
)

contents = st.none() | st.lists(
    st.integers(0, 9).map(line) | st.sampled_from([b"{", b"#"]), max_size=8
)
deliveries = st.lists(
    st.tuples(st.sampled_from(["edx", "edge"]), st.integers(3, 5), contents),
    max_size=5,
    unique_by=lambda each: each[:2],
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deliveries, st.sets(st.integers(0, 9)), st.randoms())
def test_what_an_older_version_rejected_ends_as_if_loaded_today(
    store: Store,
    storage: Storage,
    mongo_uri: str,
    deliveries: list[Delivery],
    older: Any,
    any_: Any,
) -> None:
    rejects = [line(number) for number in older]
    empty(mongo_uri)
    load(store, storage, deliveries)
    right = state(store)
    empty(mongo_uri)
    load_as_older(store, storage, deliveries, rejects)
    days = days_of(deliveries)
    any_.shuffle(days)
    for day in days:
        before = entry_of(store, day)
        told = retry_day(store, day)
        after = entry_of(store, day)
        assert told.lines == told.readable + told.rejected.total() == before.get("rejected", 0)
        assert told.readable == told.loaded + told.duplicates
        assert after["lines"] == after["loaded"] + after["duplicates"] + after["rejected"]
        assert after["rejected"] == before["rejected"] - told.readable
        adds_up(store)
    assert state(store) == right
    again = everything(store)
    assert [retry_day(store, day).readable for day in days] == [0] * len(days)
    assert everything(store) == again


def test_a_dry_run_tells_and_writes_nothing(store: Store, storage: Storage) -> None:
    load_as_older(store, storage, [("edx", 3, [line(1), b"{", line(1), b"#"])], [line(1)])
    before = everything(store)
    told = retry_day(Mortal(store, 0), DAY, dry_run=True)
    assert told == Retried(
        lines=4,
        readable=2,
        rejected={Reason.NOT_JSON: 1, Reason.COMMENT: 1},  # type: ignore[arg-type]
    )
    assert everything(store) == before


def test_only_lines_with_the_reasons_that_are_wanted(store: Store, storage: Storage) -> None:
    load_as_older(store, storage, [("edx", 3, [line(1), line(2)])], [line(1)])
    before = everything(store)
    assert retry_day(store, DAY, [Reason.NO_TIME]).lines == 0
    assert everything(store) == before
    assert retry_day(store, DAY, [Reason.NOT_JSON]).loaded == 1


def test_a_line_that_is_rejected_for_another_reason_today_gets_it(
    store: Store, storage: Storage
) -> None:
    load_as_older(store, storage, [("edx", 3, [b"[]", line(2)])], [b"[]"])
    assert entry_of(store)["reasons"] == {"not_json": 1}
    assert retry_day(store, DAY).rejected == {Reason.NOT_AN_EVENT: 1}
    assert entry_of(store)["reasons"] == {"not_an_event": 1}
    [held] = store.find(MASTER_QUARANTINE, {})
    assert held["reason"] == "not_an_event"


@pytest.mark.parametrize(
    ("cut", "most"),
    [(b'{"event": {"client_secret": "sesame"}, "time": 1}', 1), (b"{" * 3 * 2**20, 1)],
    ids=["credentials", "long"],
)
def test_a_line_whose_bytes_are_not_all_kept_is_told_and_stays(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch, cut: bytes, most: int
) -> None:
    monkeypatch.setenv("EDX_MAX_LINE_MB", str(most))
    load(store, storage, [("edx", 3, [cut, line(2)])])
    before = everything(store)
    told = retry_day(store, DAY)
    assert (told.lines, told.cut, told.readable) == (1, 1, 0)
    assert everything(store) == before


def test_credentials_of_the_same_length_as_what_takes_their_place(
    store: Store, storage: Storage
) -> None:
    """The length does not tell that they are gone."""
    load(store, storage, [("edx", 3, [b'{"client_secret": abcdef'])])
    [held] = store.find(MASTER_QUARANTINE, {})
    assert held["bytes"] == len(held["raw"])
    assert retry_day(store, DAY).cut == 1


class Refusing(Store):
    """A store that refuses a record of the master collection."""

    def insert(self, collection: Collection, documents: Any) -> Inserted:
        if collection == MASTER_TRACKING:
            kept = [each for each in documents if b"10:00:01." not in each]
            inserted = super().insert(collection, kept)
            where = [i for i, each in enumerate(documents) if each in kept]
            refused = {i: 2 for i, each in enumerate(documents) if each not in kept}
            return Inserted([where[i] for i in inserted.duplicates], refused)
        return super().insert(collection, documents)


def test_a_line_that_the_database_refuses_stays_with_its_code(
    store: Store, storage: Storage
) -> None:
    refusing = Refusing(store._client)
    lines = [line(1), line(2), line(1), line(2)]
    load_as_older(store, storage, [("edx", 3, lines)], [line(1), line(2)])
    told = retry_day(refusing, DAY)
    assert (told.readable, told.loaded, told.duplicates) == (4, 1, 1)
    assert told.rejected == {"refused_by_database_2": 2}
    entry = entry_of(store)
    assert entry["reasons"] == {"refused_by_database_2": 2}
    assert (entry["repeated"], entry["repeated_lines"]) == (1, [4])
    adds_up(store)
    load(store, storage, [("edx", 4, lines)])
    assert retry_day(store, DAY).loaded == 1
    assert entry_of(store)["repeated_lines"] == [3, 4]
    adds_up(store)


def test_a_day_that_is_not_loaded_is_refused_with_the_remedy(
    store: Store, storage: Storage
) -> None:
    with pytest.raises(StageMissingError, match="edx 2014-02-03 is not loaded"):
        retry_day(store, DAY)
    load_as_older(store, storage, [("edx", 3, [line(1), line(2)])], [line(1)])
    store.delete(MASTER_TRACKING, {})
    with pytest.raises(StageMissingError, match="in part only: materialize the day"):
        retry_day(store, DAY)


def test_a_course_that_only_such_a_line_names_is_registered(store: Store, storage: Storage) -> None:
    named = b'{"event_type": "a", "time": "2014-02-03T10:00:00", "context": {"course_id": "%s"}}'
    good, bad = named % b"TestX/T9/2014", named % (b"TestX/" + b"x" * 300 + b"/2014")
    load_as_older(store, storage, [("edx", 3, [good, bad])], [good, bad])
    retry_day(store, DAY)
    assert [course["_id"] for course in registered_courses(store)] == ["course-v1:TestX+T9+2014"]
    right = state(store)
    load_day(store, storage, DAY, True)
    assert state(store) == right


def test_a_course_is_due_and_its_tracking_gets_the_record(store: Store, storage: Storage) -> None:
    with_structure(store)
    late = line(3)
    load_as_older(store, storage, [("edx", 3, [line(6), late]), ("edx", 4, [line(9)])], [late])
    extract(store)
    assert tracking_due(store, None, RUNNING) == []
    assert len(of_course(store, "tracking")) == 2
    retry_day(store, DAY)
    assert tracking_due(store, None, RUNNING) == [COURSE]
    extract(store)
    assert {each["timestamp"].second for each in of_course(store, "tracking")} == {3, 6, 9}
    assert tracking_due(store, None, RUNNING) == []


def test_the_first_version_of_the_ledger_that_counts_no_repeated_lines(
    store: Store, storage: Storage
) -> None:
    load_as_older(store, storage, [("edx", 3, [line(2), line(2), line(1)])], [line(1)])
    entry = entry_of(store)
    del entry["repeated"], entry["repeated_lines"]
    store.put(IMPORTS, entry)
    retry_day(store, DAY)
    assert (entry_of(store)["repeated"], entry_of(store)["duplicates"]) == (1, 1)


def test_more_lines_than_a_batch(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edx_assets.loading.quarantine.BATCH", 10)
    lines = [json.dumps(event(n % 9, n=n % 40)).encode() if n % 3 else b"{" for n in range(100)]
    load(store, storage, [("edx", 3, lines)])
    right = state(store)
    load(store, storage, [("edx", 3, [])])
    load_as_older(store, storage, [("edx", 3, lines)], {*lines[1::2]})
    assert entry_of(store)["rejected"] > 60
    retry_day(store, DAY)
    assert state(store) == right
