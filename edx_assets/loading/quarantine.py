"""The quarantine: lines that could not be loaded, with their file, number, reason and bytes."""

from bson import Binary, encode

from edx_assets.loading.ledger import QUARANTINE
from edx_assets.resources.store import BATCH, Store

BadLines = list[tuple[int, str, bytes]]
"""Line number (from 1), reason, raw bytes."""

_RAW_KEPT = 8 * 1024 * 1024  # bytes: a line can pass what a document may hold


def quarantine(
    store: Store, database: str, collection: str, load_file: str, lines: BadLines
) -> None:
    """Keep lines that were meant for a collection of a database."""
    documents = [
        encode(
            {
                "_id": f"{collection}:{load_file}:{number}",
                "collection": collection,
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
        store.insert(database, QUARANTINE, documents[start : start + BATCH])


def release(store: Store, database: str, collection: str, load_file: str | None = None) -> None:
    """Forget what a collection's load, or that of one file of it, had put there."""
    query = {"collection": collection}
    store.delete(
        database, QUARANTINE, query | ({"load_file": load_file} if load_file is not None else {})
    )
