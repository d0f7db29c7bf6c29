"""The quarantine: lines that could not be loaded, with their file, number, reason and bytes.

Each database has its own. What makes a line unfit is decided where its format is read.
"""

from typing import Any

from bson import Binary, encode

from edx_assets.edx.collections import QUARANTINE
from edx_assets.edx.reasons import Reason
from edx_assets.resources.store import BATCH, Collection, Store

BadLines = list[tuple[int, str, bytes]]
"""Line number (from 1), reason, raw bytes."""

_RAW_KEPT = 8 * 1024 * 1024  # bytes: a line can pass what a document may hold


def quarantine(store: Store, collection: Collection, load_file: str, lines: BadLines) -> None:
    """Keep lines that were meant for a collection, in its own database."""
    documents = [
        encode(
            {
                "_id": f"{collection.name}:{load_file}:{number}",
                "collection": collection.name,
                "load_file": load_file,
                "line": number,
                "reason": reason,
                "raw": Binary(line[:_RAW_KEPT]),
                "bytes": len(line),
            }
        )
        for number, reason, line in lines
    ]
    for start in range(0, len(documents), BATCH):
        store.insert(_beside(collection), documents[start : start + BATCH])


def release(store: Store, collection: Collection, load_file: str | None = None) -> None:
    """Forget what a collection's load, or that of one file of it, had put there."""
    store.delete(_beside(collection), _of(collection, load_file))


def held(store: Store, collection: Collection, load_file: str) -> int:
    """How many lines of a file are there, of those meant for a collection."""
    return store.count(_beside(collection), _of(collection, load_file))


def refused_by_database(code: int) -> str:
    """The reason of a document that the database refused with an error code."""
    return f"{Reason.REFUSED_BY_DATABASE}_{code}"


def _beside(collection: Collection) -> Collection:
    return collection._replace(name=QUARANTINE)


def _of(collection: Collection, load_file: str | None) -> dict[str, Any]:
    """The query for a collection's lines by their `_id`, which has an index."""
    start = collection.name if load_file is None else f"{collection.name}:{load_file}"
    return {"_id": {"$gte": f"{start}:", "$lt": f"{start};"}}  # `;` is the character after `:`
