"""A lock in the database: held by one process at a time, on any machine, and never for ever."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import uniform
from threading import Event, Thread
from time import monotonic, sleep

from bson import encode

from edx_assets.resources.store import Collection, Store, StoreError

LOCKS = "_locks"
"""The collection: one document per lock, by its name, and one for each holder's heartbeat."""

PATIENCE_SECONDS = 30.0
"""A holder without a heartbeat for this time is considered dead: it loses its lock."""

_BEAT_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.002
_PAUSE_SECONDS = 0.05
_GROWTH = 1.5
_TRIES = 5


@contextmanager
def locked(store: Store, database: str, name: str) -> Iterator[None]:
    """Hold the lock `name` of a database; first wait for it, however long that takes.

    Each waiting process uses its own clock to decide whether the holder is alive, so the machines'
    clocks need not agree. Nobody queues, so one that dies while it waits leaves nothing behind. All
    that wait ask again soon after each change of the holder, so that who has waited long has the
    same chance as who has just come; they ask less often while one holder keeps it.

    Raises:
        StoreError: the database failed; or, at the end, this process had lost the lock because it
            had been suspended for too long: what was done under the lock may be inconsistent.
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
        kept = _let_go(store, database, name, token)
    if not kept:
        raise StoreError(
            f"the lock of {name} was lost while it was held: materialize this partition again"
        )


def outlast(store: Store, database: str, name: str) -> None:
    """Wait until nobody holds a lock, for which a dead holder's is taken from it.

    Where the database answers no write, a run cannot release its locks. One that is wanted seldom
    would stay for long.

    Raises:
        StoreError: the database failed.
    """
    if store.get(Collection(database, LOCKS), name):
        with locked(store, database, name):
            pass


def _take(store: Store, database: str, name: str, token: str) -> None:
    document = encode({"_id": name, "token": token})
    seen, since, pause = None, monotonic(), _FIRST_PAUSE_SECONDS
    while _is_held(store, database, name, token, document):
        if holder := store.get(Collection(database, LOCKS), name):
            sign = holder["token"], store.get(Collection(database, LOCKS), holder["token"])
            if sign != seen:
                seen, since, pause = sign, monotonic(), _FIRST_PAUSE_SECONDS
            elif monotonic() - since > PATIENCE_SECONDS:
                _release(store, database, name, holder["token"])
        sleep(uniform(pause / 2, pause))  # noqa: S311  so that not all ask at once
        pause = min(pause * _GROWTH, _PAUSE_SECONDS)


def _is_held(store: Store, database: str, name: str, token: str, document: bytes) -> bool:
    """Take a lock, unless another process holds it; return whether one does."""
    try:
        return bool(store.insert(Collection(database, LOCKS), [document]).duplicates)
    except StoreError:  # it may have been taken all the same, and the answer been lost
        with suppress(StoreError):
            _let_go(store, database, name, token)
        raise


def _let_go(store: Store, database: str, name: str, token: str) -> bool:
    """Release one's own lock, over a new connection if the old one is lost.

    Nobody may want the lock again, so nobody else would find it there.
    """
    for _again in range(_TRIES - 1):
        with suppress(StoreError):
            return _release(store, database, name, token)
        sleep(_PAUSE_SECONDS)
    return _release(store, database, name, token)


def _release(store: Store, database: str, name: str, token: str) -> bool:
    """Release the lock of a holder; return whether it still held it.

    The heartbeat goes first: if this is killed in between, who waits for the lock removes that,
    but nobody would ever look for a heartbeat without one.
    """
    store.delete(Collection(database, LOCKS), {"_id": token})
    return bool(store.delete(Collection(database, LOCKS), {"_id": name, "token": token}))


def _beat(store: Store, database: str, token: str, done: Event) -> None:
    beats = 0
    while not done.wait(_BEAT_SECONDS):
        beats += 1
        try:
            store.put(Collection(database, LOCKS), {"_id": token, "beats": beats})
        except StoreError:  # the work under the lock fails as well
            continue
