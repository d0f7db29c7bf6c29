"""Inserting into and reading from the collection `c` of the database `d`, shortly."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bson import encode

from edx_assets.resources.store import Collection, Inserted, Store

HERE = Collection("d", "c")
"""Where the tests put things."""

NOON = datetime(2014, 3, 9, 12, 0, 0, 123_000, tzinfo=UTC)


def ids(store: Store, query: dict[str, Any] | None = None) -> list[Any]:
    """The `_id`s of a query, in order."""
    return [found["_id"] for found in store.find(HERE, query or {}, sort=[("_id", 1)])]


def insert(store: Store, documents: Sequence[dict[str, Any]]) -> Inserted:
    """Insert documents, encoded."""
    return store.insert(HERE, [encode(document) for document in documents])
