"""A store that ends the process at one of its writes."""

from collections.abc import Mapping, Sequence
from typing import Any

from edx_assets.resources.lock import LOCKS
from edx_assets.resources.store import Collection, Inserted, Store


class Killed(BaseException):
    """The process ends here."""


class Mortal(Store):
    """A store that ends the process at its nth write, those of locks not counted.

    What becomes of the lock of the dead is a matter of its own tests.
    """

    def __init__(self, store: Store, writes: int) -> None:
        super().__init__(store._client)
        self.writes = writes

    def _count(self, collection: Collection) -> None:
        if collection.name == LOCKS:
            return
        self.writes -= 1
        if self.writes < 0:
            raise Killed

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        self._count(collection)
        return super().insert(collection, documents)

    def put(self, collection: Collection, document: Mapping[str, Any]) -> None:
        self._count(collection)
        super().put(collection, document)

    def update(self, collection: Collection, query: Any, fields: Any) -> int:
        self._count(collection)
        return super().update(collection, query, fields)

    def delete(self, collection: Collection, query: Any) -> int:
        self._count(collection)
        return super().delete(collection, query)

    def replace(self, collection: Collection, documents: Sequence[bytes]) -> None:
        self._count(collection)
        super().replace(collection, documents)

    def drop(self, collection: Collection) -> None:
        self._count(collection)
        super().drop(collection)
