"""What happens while a course's collection is loaded: days land, others read, others load it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier, Event, Thread
from time import sleep
from typing import Any

import pytest
from bson import decode

from edx_assets.automation.due.tracking import tracking_due
from edx_assets.edx.collections import LEARNERS, TRACKING
from edx_assets.loading.courses.learners import JOINED, join_learners
from edx_assets.loading.courses.tracking import extract_course
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import MASTER_TRACKING, note_course_load
from edx_assets.resources.mongo import connect
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Document, Index, Store
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
from edx_assets_tests.resources.deviations import RENAMES_IN_TWO_STEPS

HERE = Collection(DATABASE, TRACKING)


class Busy(Store):
    """A store in which something else happens after the nth record of the master that is read."""

    def __init__(self, store: Store, after: int, event: Callable[[], object]) -> None:
        super().__init__(store._client)
        self.after, self.event = after, event

    def find_raw(
        self, collection: Collection, query: Document, sort: Index | None = None
    ) -> Iterator[bytes]:
        read = list(super().find_raw(collection, query, sort))  # as far as the cursor got before
        yield from read[: self.after]
        self.event()
        yield from super().find_raw(
            collection, {"$and": [query, {"_id": {"$nin": ids(read[: self.after])}}]}
        )


def ids(records: list[bytes]) -> list[Any]:
    return [decode(record)["_id"] for record in records]


LANDING: dict[str, list[Delivery]] = {
    "a new day": [("edx", 5, [line(5, 1), line(5, 2)])],
    "an earlier day that takes a line": [("edx", 2, [line(3, 1), line(4, 4)])],
    "a chosen day corrected": [("edx", 4, [line(4, 1), line(4, 7), line(4, 8)])],
    "a chosen day emptied": [("edx", 3, [])],
    "all of them": [
        ("edx", 2, [line(3, 1), line(4, 4)]),
        ("edx", 3, [line(3, 9)]),
        ("edx", 4, []),
        ("edx", 5, [line(5, 1)]),
    ],
}


@pytest.mark.parametrize("after", [0, 2, 5])
@pytest.mark.parametrize("kind", [*LANDING])
@pytest.mark.parametrize("again", [False, True], ids=["extracted", "updated"])
def test_days_that_land_meanwhile_are_the_next_updates(
    store: Store, storage: Storage, kind: str, after: int, again: bool
) -> None:
    with_structure(store)
    if again:
        load(store, storage, [FIRST[0], ("edx", 4, [line(4, 5)])])
        extract(store)
    load(store, storage, FIRST)
    busy = Busy(store, after, lambda: load(store, storage, LANDING[kind]))
    told = extract_course(busy, COURSE, None, RUNNING)
    held = collection(store, TRACKING)
    assert told["documents"] == len(held)
    assert told["sealed"] == "no"
    chosen = {(3, 1), (3, 2), (4, 1), (4, 2), (4, 3)}
    assert {(each["timestamp"].day, each["timestamp"].second) for each in held} <= chosen
    assert kind != "a new day" or len(held) == len(chosen)
    due = tracking_due(store, None, RUNNING)
    assert due or kind == "a chosen day emptied"  # its records have been left out already
    assert (extract(store)["outcome"] == "unchanged") == (not due)
    found = extracted(store)
    extract(store, rebuild=True)
    anew = extracted(store)
    for each in (found, anew):
        del each[1]["held_back"]
    assert anew == found
    assert tracking_due(store, None, RUNNING) == []


def test_a_course_is_not_sealed_over_a_day_that_changed_meanwhile(
    store: Store, storage: Storage
) -> None:
    with_structure(store)
    load(store, storage, [("edx", day, [line(day, 1)]) for day in range(3, 11)])
    busy = Busy(store, 1, lambda: load(store, storage, [("edx", 4, [line(4, 2)])]))
    assert extract_course(busy, COURSE, None, OVER)["sealed"] == "no"
    assert extract(store, OVER)["sealed"] == "yes"
    assert len(collection(store, TRACKING)) == 8


class Reader:
    """Counts a collection over and over, as an analysis would that knows of no load."""

    def __init__(self, uri: str, here: Collection) -> None:
        self._store, self._here = connect(uri), here
        self.seen: set[int] = set()
        self._done, self._ready = Event(), Event()
        self._thread = Thread(target=self._read)

    def _read(self) -> None:
        while not self._done.is_set():
            self.seen.add(self._store.count(self._here))
            self._ready.set()
            sleep(0.005)  # the server has to do the other work as well

    def __enter__(self) -> "Reader":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join(30)


def of_day(day: int, numbers: range) -> list[bytes]:
    return [line(day, n % 60).replace(b".250000", b".%06d" % (250_000 + n)) for n in numbers]


@pytest.mark.parametrize(
    ("numbers", "fewest", "most"),
    [(range(1600), 1250, 1650), (range(300, 700), 450, 1250), (range(3000, 4200), 1250, 2450)],
    ids=["more", "fewer", "others"],
)
def test_a_reader_of_an_update_never_finds_fewer_than_old_or_new(
    store: Store,
    storage: Storage,
    mongo_uri: str,
    numbers: range,
    fewest: int,
    most: int,
) -> None:
    with_structure(store)
    load(store, storage, [("edx", 3, of_day(3, range(50))), ("edx", 4, of_day(4, range(1200)))])
    extract(store)
    load(store, storage, [("edx", 4, of_day(4, numbers))])
    with Reader(mongo_uri, HERE) as reader:
        assert extract(store)["outcome"] == "updated: 1 files"
    assert fewest <= min(reader.seen) <= max(reader.seen) <= most
    assert store.count(HERE) == 50 + len(numbers)
    found = extracted(store)
    extract(store, rebuild=True)
    assert extracted(store) == found


def test_a_record_that_passes_to_another_file_is_never_away(
    store: Store, storage: Storage, mongo_uri: str
) -> None:
    with_structure(store)
    lines = of_day(4, range(1100))
    load(store, storage, [("edx", 4, lines)])
    extract(store)
    load(store, storage, [("edx", 3, lines[::2])])
    with Reader(mongo_uri, HERE) as reader:
        assert extract(store)["outcome"] == "updated: 2 files"
    assert reader.seen == {1100}


def test_two_loads_of_one_collection_take_turns(
    store: Store, storage: Storage, mongo_uri: str, server: str
) -> None:
    with_structure(store)
    load(store, storage, [("edx", 3, of_day(3, range(300)))])
    extract(store)
    both = Barrier(3)

    def again(_worker: int) -> str:
        own = connect(mongo_uri)
        both.wait()
        return str(extract(own, rebuild=True)["outcome"])

    with Reader(mongo_uri, HERE) as reader, ThreadPoolExecutor(3) as workers:
        assert list(workers.map(again, range(3))) == ["extracted"] * 3
    assert reader.seen - ({0} if server in RENAMES_IN_TWO_STEPS else set()) == {300}


def test_the_second_of_two_loads_finds_the_firsts(store: Store, mongo_uri: str) -> None:
    with_structure(store)
    for name in JOINED:
        held = Collection(DATABASE, name)
        store.put(held, {"_id": 1, "id": 1, "user_id": 1})
        load = CourseLoad(documents=1, source=[1], loaded_at=datetime.now(UTC))
        note_course_load(store, COURSE, held, load)
    both = Barrier(2)

    def join(_worker: int) -> str:
        own = connect(mongo_uri)
        both.wait()
        return str(join_learners(own, COURSE)["outcome"])

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(join, range(2))) == ["joined", "unchanged"]
    assert store.count(Collection(DATABASE, LEARNERS)) == 1
    assert store.count(MASTER_TRACKING) == 0
