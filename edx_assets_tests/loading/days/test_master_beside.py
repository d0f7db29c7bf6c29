"""Loads beside each other that share lines: the same as if one came after the other."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import sleep
from typing import Any

import pytest

from edx_assets.edx.file_names import events_file
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.ledger import IMPORTS, MASTER_TRACKING
from edx_assets.loading.stage import CountMismatchError
from edx_assets.resources.mongo import connect
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Inserted, Store
from edx_assets_tests.conftest import empty
from edx_assets_tests.institution import event
from edx_assets_tests.loading.days.deliveries import Delivery, adds_up, deliver, line, load, state


class Interrupted(Store):
    """A store that lets something else happen after the first insert that finds duplicates."""

    def __init__(self, store: Store, meanwhile: Callable[[], None]) -> None:
        super().__init__(store._client)
        self.meanwhile: Callable[[], None] | None = meanwhile

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        inserted = super().insert(collection, documents)
        meanwhile, self.meanwhile = self.meanwhile, None
        if collection == MASTER_TRACKING and inserted.duplicates and meanwhile:
            meanwhile()
        else:
            self.meanwhile = meanwhile
        return inserted


def test_a_line_stays_whose_file_is_replaced_while_another_with_it_is_loaded(
    store: Store, storage: Storage
) -> None:
    load(store, storage, [("edx", 3, [line(1), line(2)])])

    def corrected() -> None:
        load(store, storage, [("edx", 3, [line(2)])])

    beside = deliver(storage, ("edx", 4, [line(1), line(5)]))
    load_day(Interrupted(store, corrected), storage, beside)
    adds_up(store)
    records = store.find(MASTER_TRACKING, {})
    files = {each["timestamp"].second: events_file(each["load_file"]) for each in records}
    assert {second: file.day.day for second, file in files.items() if file} == {1: 4, 2: 3, 5: 4}


class Hasty(Store):
    """A store in which another load brings a line as soon as its record is deleted, once."""

    def __init__(self, store: Store, document: bytes) -> None:
        super().__init__(store._client)
        self.documents = [document]

    def delete(self, collection: Collection, query: Any) -> int:
        deleted = super().delete(collection, query)
        if deleted and collection == MASTER_TRACKING and self.documents:
            super().insert(collection, [self.documents.pop()])
        return deleted


def test_a_line_that_is_given_is_not_taken_by_a_load_that_brings_it_meanwhile(
    store: Store, storage: Storage
) -> None:
    load(store, storage, [("edx", 5, [line(1), line(2)])])
    beside = [document for document in store.find_raw(MASTER_TRACKING, {}) if b":01" in document]
    first = deliver(storage, ("edx", 3, [line(1)]))
    hasty = Hasty(store, beside[0])
    load_day(hasty, storage, first)
    assert not hasty.documents
    adds_up(store)
    [record] = [each for each in store.find(MASTER_TRACKING, {}) if each["timestamp"].second == 1]
    assert "2014-02-03" in record["load_file"]


class Slow(Store):
    """A store that takes some time for everything, so that others come in between."""

    def __init__(self, store: Store, random: Random) -> None:
        super().__init__(store._client)
        self.random = random

    def find(self, *told: Any, **named: Any) -> Any:
        found = list(super().find(*told, **named))
        sleep(self.random.uniform(0, 0.02))
        return iter(found)

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        inserted = super().insert(collection, documents)
        sleep(self.random.uniform(0, 0.02))
        return inserted

    def delete(self, collection: Collection, query: Any) -> int:
        sleep(self.random.uniform(0, 0.02))
        return super().delete(collection, query)


@pytest.mark.parametrize("seed", range(4))
def test_loads_beside_each_other_end_as_if_one_came_after_the_other(
    store: Store, storage: Storage, mongo_uri: str, seed: int
) -> None:
    """Four days that share most lines, each loaded and corrected by a process of its own."""
    random = Random(seed)
    samples = [[random.sample(range(40), 25) for _delivery in range(4)] for _day in range(4)]
    told: list[list[Delivery]] = [
        [("edx", day, [json.dumps(event(n, page="")).encode() for n in each]) for each in of_day]
        for day, of_day in enumerate(samples, 3)
    ]

    def load_all(deliveries: list[Delivery]) -> None:
        connected = connect(mongo_uri)  # for as long as the slow one uses its connection
        own = Slow(connected, Random(deliveries[0][1]))
        for delivery in deliveries:
            day = deliver(storage, delivery)
            for _attempt in range(20):
                try:
                    load_day(own, storage, day)
                    break
                except CountMismatchError:  # another took a line that this one had counted
                    continue
            else:
                pytest.fail("never came out right")

    with ThreadPoolExecutor(4) as beside:
        list(beside.map(load_all, told))
    adds_up(store)
    found = state(store)
    empty(mongo_uri)
    load(store, storage, [deliveries[-1] for deliveries in told])
    assert found == state(store)


def test_as_many_lines_taken_as_given_meanwhile_are_noticed(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts of the day would add up, but not its courses, first and last event."""
    load(store, storage, [("edx", 3, [line(2)])])
    during = [("edx", 3, [line(1)])]

    def register(*_args: object) -> list[str]:
        if during:
            load(store, storage, [during.pop()])
        return []

    monkeypatch.setattr("edx_assets.loading.days.master_tracking.register_courses", register)
    with pytest.raises(CountMismatchError, match="gave or took"):
        load(store, storage, [("edx", 4, [line(1), line(2)])])
    load(store, storage, [("edx", 4, [line(1), line(2)])])
    adds_up(store)
    [entry] = store.find(IMPORTS, {"_id": "edx/2014-02-04"})
    assert (entry["state"], entry["loaded"], entry["duplicates"]) == ("loaded", 1, 1)
