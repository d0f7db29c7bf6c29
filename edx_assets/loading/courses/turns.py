"""Whose turn it is to load a collection of a course: one run at a time, from ledger to ledger."""

from collections.abc import Iterator
from contextlib import contextmanager

from edx_assets.loading.ledger import MASTER
from edx_assets.loading.upgrade import upgrade
from edx_assets.resources.lock import locked
from edx_assets.resources.store import Collection, Store


@contextmanager
def turn(store: Store, collection: Collection) -> Iterator[None]:
    """The lock under which a collection is loaded; a second run waits, then finds it loaded.

    So what is staged under the collection's name at its beginning was left by a dead run. It is
    dropped even where there is nothing to load.
    """
    upgrade(store)
    with locked(store, MASTER, f"{collection.database}.{collection.name}"):
        store.clear_staged(collection.database, [collection.name])
        yield
