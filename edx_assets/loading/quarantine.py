"""The quarantine: lines that could not be loaded, with their file, number, reason and bytes.

Each database has its own. Which lines are rejected is decided where their format is read.
"""

from collections import Counter
from typing import Any

from bson import Binary, encode

from edx_assets.edx.collections import QUARANTINE
from edx_assets.edx.lines import LongLine
from edx_assets.edx.reasons import Reason
from edx_assets.edx.secrets import bytes_without_secrets
from edx_assets.resources.store import BATCH, Collection, Store

BadLines = list[tuple[int, str, bytes]]
"""Line number (from 1), reason, raw bytes."""

RAW_KEPT = 8 * 1024 * 1024  # bytes: a line can be larger than a document may be


def quarantine(store: Store, collection: Collection, load_file: str, lines: BadLines) -> None:
    """Put lines that were meant for a collection into the quarantine of its database."""
    seen: Counter[int] = Counter()
    documents = []
    for number, reason, line in lines:
        seen[number] += 1
        again = f":{seen[number]}" if seen[number] > 1 else ""
        document = {
            "_id": f"{collection.name}:{load_file}:{number}{again}",
            "collection": collection.name,
            "load_file": load_file,
            "line": number,
            "reason": reason,
            "raw": Binary(bytes_without_secrets(line[:RAW_KEPT])),
            **_whole(line),
        }
        documents.append(encode(document))
    for start in range(0, len(documents), BATCH):
        store.insert(_quarantine_of(collection), documents[start : start + BATCH])


def release(store: Store, collection: Collection, load_file: str | None = None) -> None:
    """Delete a collection's lines from the quarantine: all, or those of one file."""
    store.delete(_quarantine_of(collection), _lines_of(collection, load_file))


def held(store: Store, collection: Collection, load_file: str) -> int:
    """Number of a file's lines in the quarantine that were meant for a collection."""
    return store.count(_quarantine_of(collection), _lines_of(collection, load_file))


def refused_by_database(code: int) -> str:
    """The reason for a document that the database refused with an error code."""
    return f"{Reason.REFUSED_BY_DATABASE}_{code}"


def _whole(line: bytes) -> dict[str, Any]:
    """What is known of a line as a whole."""
    if isinstance(line, LongLine):
        return {"bytes": line.length, "hash": line.digest}
    return {"bytes": len(line)}


def _quarantine_of(collection: Collection) -> Collection:
    return collection._replace(name=QUARANTINE)


def _lines_of(collection: Collection, load_file: str | None) -> dict[str, Any]:
    """The query for a collection's lines, by `_id`, which is indexed."""
    start = collection.name if load_file is None else f"{collection.name}:{load_file}"
    return {"_id": {"$gte": f"{start}:", "$lt": f"{start};"}}  # `;` is the character after `:`
