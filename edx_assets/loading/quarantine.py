"""The quarantine: lines that could not be loaded, with their file, number, reason and bytes.

Each database has its own. Which lines are rejected is decided where their format is read; searching
all quarantines belongs in `quarantines`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NotRequired, TypedDict, cast

from bson import Binary, encode
from xxhash import xxh3_128

from edx_assets.edx.collections import QUARANTINE
from edx_assets.edx.lines import LongLine
from edx_assets.edx.reasons import Reason
from edx_assets.edx.secrets import bytes_without_secrets
from edx_assets.resources.store import BATCH, BATCH_BYTES, Collection, Store

BadLines = list[tuple[int, str, bytes]]
"""Line number (from 1), reason, raw bytes."""

RAW_KEPT = 8 * 1024 * 1024  # bytes: a line can be larger than a document may be


class HeldLine(TypedDict):
    """A line in a quarantine. `bytes` is the length of the whole line.

    `hash` is its XXH3-128, where `raw` is not all of it: cut, or without credentials.
    """

    _id: str
    collection: str
    load_file: str
    line: int
    reason: str
    raw: bytes
    bytes: int
    hash: NotRequired[str]


def quarantine(store: Store, collection: Collection, load_file: str, lines: BadLines) -> None:
    """Put lines that were meant for a collection into the quarantine of its database."""
    seen: Counter[int] = Counter()
    documents = []
    for number, reason, line in lines:
        seen[number] += 1
        again = f":{seen[number]}" if seen[number] > 1 else ""
        raw = bytes_without_secrets(line[:RAW_KEPT])
        document = {
            "_id": f"{_id(collection, load_file, number)}{again}",
            "collection": collection.name,
            "load_file": load_file,
            "line": number,
            "reason": reason,
            "raw": Binary(raw),
            **_whole(line, raw),
        }
        documents.append(encode(document))
    for start in range(0, len(documents), BATCH):
        store.insert(quarantine_of(collection), documents[start : start + BATCH])


def release(store: Store, collection: Collection, load_file: str | None = None) -> None:
    """Delete a collection's lines from the quarantine: all, or those of one file."""
    store.delete(quarantine_of(collection), _lines_of(collection, load_file))


def release_lines(
    store: Store, collection: Collection, load_file: str, numbers: Sequence[int]
) -> None:
    """Delete some of a file's lines from the quarantine."""
    these = {"_id": {"$in": _ids(collection, load_file, numbers)}}
    store.delete(quarantine_of(collection), these)


def held(store: Store, collection: Collection, load_file: str) -> int:
    """Number of a file's lines in the quarantine that were meant for a collection."""
    return store.count(quarantine_of(collection), _lines_of(collection, load_file))


def held_by_reason(store: Store, collection: Collection, load_file: str) -> dict[str, int]:
    """The same by reason."""
    these = _lines_of(collection, load_file)
    return dict(store.tally(quarantine_of(collection), "reason", these))


def held_batches(
    store: Store, collection: Collection, load_file: str, reasons: Sequence[str] | None = None
) -> Iterator[list[HeldLine]]:
    """A file's lines in the quarantine, in their order, in batches that fit into memory.

    Args:
        store: the document store.
        collection: the collection that the lines were meant for.
        load_file: the file.
        reasons: only lines with one of these.
    """
    these = _lines_of(collection, load_file)
    if reasons is not None:
        these["reason"] = {"$in": [*reasons]}
    found = store.find(quarantine_of(collection), these, fields=["line", "bytes"])
    batch: list[str] = []
    size = 0
    for _line, key, length in sorted((each["line"], each["_id"], each["bytes"]) for each in found):
        batch.append(key)
        size += min(length, RAW_KEPT)
        if len(batch) == BATCH or size >= BATCH_BYTES:
            yield _held(store, collection, batch)
            batch, size = [], 0
    if batch:
        yield _held(store, collection, batch)


def held_lines(
    store: Store, collection: Collection, load_file: str, numbers: Sequence[int]
) -> list[HeldLine]:
    """Those of a file's lines with these numbers that are in the quarantine, in order."""
    return _held(store, collection, _ids(collection, load_file, numbers))


def give_reason(
    store: Store, collection: Collection, load_file: str, reason: str, numbers: Sequence[int]
) -> None:
    """Change the reason of some of a file's lines."""
    these = {"_id": {"$in": _ids(collection, load_file, numbers)}}
    store.update(quarantine_of(collection), these, {"reason": reason})


def has_all_bytes(entry: HeldLine) -> bool:
    """Whether a line's entry has all of its bytes as they were delivered."""
    return "hash" not in entry and len(entry["raw"]) == entry["bytes"]


def quarantine_of(collection: Collection) -> Collection:
    """The quarantine of a collection's database."""
    return collection._replace(name=QUARANTINE)


def refused_by_database(code: int) -> str:
    """The reason for a document that the database refused with an error code."""
    return f"{Reason.REFUSED_BY_DATABASE}_{code}"


def _whole(line: bytes, raw: bytes) -> dict[str, Any]:
    """What is known of a line as a whole."""
    if isinstance(line, LongLine):
        return {"bytes": line.length, "hash": line.digest}
    return {"bytes": len(line)} | ({} if raw == line else {"hash": xxh3_128(line).hexdigest()})


def _id(collection: Collection, load_file: str, number: int) -> str:
    return f"{collection.name}:{load_file}:{number}"


def _ids(collection: Collection, load_file: str, numbers: Sequence[int]) -> list[str]:
    return [_id(collection, load_file, number) for number in numbers]


def _held(store: Store, collection: Collection, keys: list[str]) -> list[HeldLine]:
    found = store.find(quarantine_of(collection), {"_id": {"$in": keys}})
    return sorted(cast(Iterator[HeldLine], found), key=lambda each: (each["line"], each["_id"]))


def _lines_of(collection: Collection, load_file: str | None) -> dict[str, Any]:
    """The query for a collection's lines, by `_id`, which is indexed."""
    start = collection.name if load_file is None else f"{collection.name}:{load_file}"
    return {"_id": {"$gte": f"{start}:", "$lt": f"{start};"}}  # `;` is the character after `:`
