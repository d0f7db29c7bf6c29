"""Retries that are killed at any of their writes, or overtaken, and what the next makes of them."""

from typing import Any

import pytest

from edx_assets.edx.reasons import Reason
from edx_assets.loading.days.files import DailyLog, note_daily_log
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.days.retry import retry_day
from edx_assets.loading.ledger import MASTER
from edx_assets.loading.stage import CountMismatchError, StageMissingError
from edx_assets.resources import lock
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.conftest import empty
from edx_assets_tests.loading.days.deliveries import (
    FILES,
    Delivery,
    adds_up,
    deliver,
    line,
    load,
    state,
)
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal
from edx_assets_tests.loading.days.older_reader import DAY, days_of, entry_of, load_as_older
from edx_assets_tests.resources.deviations import SECANTUSD_RS


def kept(store: Store) -> dict[Collection, list[bytes]]:
    """A copy of the master's database: loading days again would take most of the time."""
    names = store.collections(MASTER)
    return {each: list(store.find_raw(each, {})) for each in (Collection(MASTER, n) for n in names)}


def put_back(store: Store, copy: dict[Collection, list[bytes]]) -> None:
    for name in store.collections(MASTER):
        store.delete(Collection(MASTER, name), {})
    for each, documents in copy.items():
        store.insert(each, documents)


def test_a_retry_killed_at_any_write_is_ended_by_the_next(
    store: Store,
    storage: Storage,
    mongo_uri: str,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes records from files of later days, repeats lines, and makes batches of two.

    Each server sees every other write.
    """
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr("edx_assets.loading.quarantine.BATCH", 2)
    lines = [line(1), line(2), line(1), line(6), b"{", line(6), line(2), line(6), line(9), line(3)]
    first: list[Delivery] = [("edx", 3, lines), *FILES[1:]]
    rejects = [line(number) for number in (1, 3, 6)]
    load(store, storage, first)
    right = state(store)
    empty(mongo_uri)
    load_as_older(store, storage, FILES[1:], [])
    load_as_older(store, storage, first[:1], rejects)
    assert entry_of(store)["rejected"] == 7
    before = kept(store)
    for writes in range(server == SECANTUSD_RS, 1000, 2):
        put_back(store, before)
        try:
            retry_day(Mortal(store, writes), DAY)
        except Killed:
            only = [Reason.NOT_JSON.value] if writes % 4 < 2 else None
            retry_day(store, DAY, only)
            assert state(store) == right, writes
        else:
            break
    assert state(store) == right
    assert 20 < writes < 60


def test_a_load_of_the_file_puts_a_killed_retry_right(
    store: Store, storage: Storage, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    load(store, storage, FILES)
    right = state(store)
    empty(mongo_uri)
    load_as_older(store, storage, FILES, [line(1), line(3)])
    before = kept(store)
    for writes in range(0, 1000, 3):
        put_back(store, before)
        try:
            retry_day(Mortal(store, writes), DAY)
        except Killed:
            load_day(store, storage, DAY)
            for day in days_of(FILES):
                retry_day(store, day)
            assert state(store) == right, writes
        else:
            break


def test_the_file_is_not_needed_even_after_a_kill(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    load_as_older(store, storage, [("edx", 3, [line(1), line(2)])], [line(1)])
    note_daily_log(storage, DAY, DailyLog(None))  # gone, from S3 as well
    with pytest.raises(Killed):
        retry_day(Mortal(store, 3), DAY)
    assert entry_of(store)["state"] == "loading"
    with pytest.raises(StageMissingError, match="edx-assets quarantine retry --file testx-edx-"):
        load_day(store, storage, DAY)
    retry_day(store, DAY)
    assert entry_of(store)["loaded"] == 2
    adds_up(store)


def test_a_load_or_a_retry_in_the_middle_is_noticed(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in (lambda: load_day(store, storage, DAY, True), lambda: retry_day(store, DAY)):
        load_as_older(store, storage, [("edx", 3, [line(1), line(2)])], [line(1)])
        load_day(store, storage, deliver(storage, ("edx", 3, [line(1), line(2), b""])))
        load_as_older(store, storage, [("edx", 3, [line(1), line(2)])], [line(1)])
        during = [other]

        def register(*_args: object, during: list[Any] = during) -> list[str]:
            if during:
                during.pop()()
            return []

        with monkeypatch.context() as patched:
            patched.setattr("edx_assets.loading.days.retry.register_courses", register)
            with pytest.raises(CountMismatchError, match="at the same time"):
                retry_day(store, DAY)
        assert (entry_of(store)["loaded"], entry_of(store)["state"]) == (2, "loaded")
        adds_up(store)
