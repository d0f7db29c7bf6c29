"""A lock in the database: one process at a time, on whichever machine, and none for ever."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep

from bson import encode

from edx_assets.resources.store import Collection, Store, StoreError

LOCKS = "_locks"
"""The collection: a document a lock, by its name, and one of each holder's sign of life."""

PATIENCE_SECONDS = 30.0
"""A holder that gives no sign for so long is dead: its lock is taken from it."""

_BEAT_SECONDS = 5.0
_PAUSE_SECONDS = 0.05


@contextmanager
def locked(store: Store, database: str, name: str) -> Iterator[None]:
    """Hold the lock `name` of a database; wait for it first, however long that takes.

    Each who waits judges by a clock of its own whether the holder lives, so that machines' clocks
    need not agree.

    Raises:
        StoreError: the database failed; or, at the end, the lock had been taken from this process,
            which had stood still for too long: what was done under it may not be sound.
    """
    token = secrets.token_hex(8)
    _take(store, database, name, token)
    done = Event()
    beating = Thread(target=_beat, args=(store, database, token, done), daemon=True)
    beating.start()
    try:
        yield
    finally:
        done.set()
        beating.join()
        kept = _release(store, database, name, token)
    if not kept:
        raise StoreError(f"the lock of {name} was lost meanwhile: run this again")


def _take(store: Store, database: str, name: str, token: str) -> None:
    document = encode({"_id": name, "token": token})
    seen, since = None, monotonic()
    while store.insert(Collection(database, LOCKS), [document]).duplicates:
        if holder := store.get(Collection(database, LOCKS), name):
            sign = holder["token"], store.get(Collection(database, LOCKS), holder["token"])
            if sign != seen:
                seen, since = sign, monotonic()
            elif monotonic() - since > PATIENCE_SECONDS:
                _release(store, database, name, holder["token"])
        sleep(_PAUSE_SECONDS)


def _release(store: Store, database: str, name: str, token: str) -> bool:
    """Give up the lock as this holder's; whether it was."""
    kept = store.delete(Collection(database, LOCKS), {"_id": name, "token": token})
    store.delete(Collection(database, LOCKS), {"_id": token})
    return bool(kept)


def _beat(store: Store, database: str, token: str, done: Event) -> None:
    beats = 0
    while not done.wait(_BEAT_SECONDS):
        beats += 1
        try:
            store.put(Collection(database, LOCKS), {"_id": token, "beats": beats})
        except StoreError:  # what the lock is held for meets it too
            continue
