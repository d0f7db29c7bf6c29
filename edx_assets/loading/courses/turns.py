"""Whose turn it is to load a collection of a course: one run at a time, from ledger to ledger."""

from contextlib import AbstractContextManager

from edx_assets.loading.ledger import MASTER
from edx_assets.resources.lock import locked
from edx_assets.resources.store import Collection, Store


def turn(store: Store, collection: Collection) -> AbstractContextManager[None]:
    """The lock under which a collection is loaded; a second run waits, then finds it loaded.

    So what is staged under the collection's name, and not by the holder, was left by a dead run.
    """
    return locked(store, MASTER, f"{collection.database}.{collection.name}")
