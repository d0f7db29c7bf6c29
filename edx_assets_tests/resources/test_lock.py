"""The lock in the database: in turn, never for ever, and never lost without a word."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest

from edx_assets.resources import lock
from edx_assets.resources.lock import LOCKS, locked, outlast
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Collection, Store, StoreError
from edx_assets_tests.loading.days.mortal_store import Killed
from edx_assets_tests.resources.documents import HERE


def test_one_at_a_time(store: Store, mongo_uri: str) -> None:
    store.put(HERE, {"_id": 1, "n": 0})

    def add(_worker: int) -> None:
        own = connect(mongo_uri)
        for _time in range(10):
            with locked(own, "d", "n"):
                read = (own.get(HERE, 1) or {})["n"]
                sleep(0.002)
                own.put(HERE, {"_id": 1, "n": read + 1})

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(add, range(4)))
    assert store.get(HERE, 1) == {"_id": 1, "n": 40}
    assert store.count(Collection("d", LOCKS)) == 0


def test_one_name_does_not_hold_up_another(store: Store) -> None:
    with locked(store, "d", "a"), locked(store, "d", "b"), locked(store, "e", "a"):
        assert store.count(Collection("d", LOCKS)) == 2


def test_it_is_given_up_where_something_fails(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), locked(store, "d", "n"):
        raise ZeroDivisionError
    assert store.count(Collection("d", LOCKS)) == 0


def test_it_is_taken_from_the_dead(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.4)
    store.put(Collection("d", LOCKS), {"_id": "n", "token": "dead"})
    store.put(Collection("d", LOCKS), {"_id": "dead", "beats": 7})
    started = monotonic()
    with locked(store, "d", "n"):
        assert monotonic() - started > 0.4
    assert store.count(Collection("d", LOCKS)) == 0


def test_a_lock_that_nobody_wants_is_taken_from_the_dead(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.2)
    store.put(Collection("d", LOCKS), {"_id": "n", "token": "dead"})
    outlast(store, "d", "other")
    assert store.count(Collection("d", LOCKS)) == 1
    outlast(store, "d", "n")
    assert store.count(Collection("d", LOCKS)) == 0


class Dying(Store):
    """A store whose process ends at the second of its deletions."""

    deletions = 0

    def delete(self, collection: Collection, query: dict[str, Any]) -> int:
        self.deletions += 1
        if self.deletions == 2:
            raise Killed
        return super().delete(collection, query)


def test_who_is_killed_while_giving_it_up_leaves_no_heartbeat(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.4)
    monkeypatch.setattr(lock, "_BEAT_SECONDS", 0.01)
    beats = Collection("d", LOCKS), {"beats": {"$gt": 0}}
    dying = locked(Dying(store._client), "d", "n")
    dying.__enter__()
    while not store.count(*beats):
        sleep(0.01)
    with pytest.raises(Killed):
        dying.__exit__(None, None, None)
    monkeypatch.setattr(lock, "_BEAT_SECONDS", 5.0)
    with locked(store, "d", "n"):
        assert store.count(*beats) == 0
    assert store.count(Collection("d", LOCKS)) == 0


class Waiting(Store):
    """A store whose process ends while it waits for a lock."""

    def get(self, collection: Collection, key: Any) -> dict[str, Any] | None:
        raise Killed


def test_who_is_killed_while_waiting_leaves_nothing(store: Store) -> None:
    with locked(store, "d", "n"):
        with pytest.raises(Killed), locked(Waiting(store._client), "d", "n"):
            pass
        assert store.count(Collection("d", LOCKS)) == 1
    assert store.count(Collection("d", LOCKS)) == 0


def test_it_is_asked_for_less_often_while_one_holder_keeps_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    holder = locked(store, "d", "n")
    holder.__enter__()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 20:
            holder.__exit__(None, None, None)

    monkeypatch.setattr(lock, "sleep", pause)
    with locked(store, "d", "n"):
        pass
    assert pauses[0] <= 0.002
    assert all(0.025 <= seconds <= 0.05 for seconds in pauses[10:])


def test_it_is_not_taken_from_the_living(
    store: Store, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(lock, "_BEAT_SECONDS", 0.1)
    entered = Event()

    def wait() -> None:
        with locked(connect(mongo_uri), "d", "n"):
            entered.set()

    with ThreadPoolExecutor(1) as other:
        with locked(store, "d", "n"):
            waiting = other.submit(wait)
            assert not entered.wait(3)
        waiting.result()
    assert entered.is_set()


def test_who_has_lost_it_is_told(store: Store) -> None:
    with pytest.raises(StoreError, match="was lost"), locked(store, "d", "n"):
        store.delete(Collection("d", LOCKS), {"_id": "n"})
