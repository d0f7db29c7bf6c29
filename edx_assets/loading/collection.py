"""Loading one collection of a course's database from the course's newest package."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from bson import encode
from bson.errors import InvalidDocument

from edx_assets.edx.course_structure import StructureError, read_blocks
from edx_assets.edx.events import MAX_DOCUMENT
from edx_assets.edx.forum import read_forum
from edx_assets.edx.lines import BadLine
from edx_assets.edx.tables import TableError, TableReader
from edx_assets.loading.day_files import Metadata, StageMissing
from edx_assets.loading.ledger import (
    COURSES,
    MASTER,
    Entry,
    course_load,
    newest_package,
    note_course_load,
)
from edx_assets.loading.quarantine import BadLines, quarantine, release
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Index, Store

Rows = Iterable[dict[str, Any] | BadLine]

INDEXES: dict[str, list[Index]] = {
    "course_structure": [[("category", 1)]],
    "forum": [[("author_id", 1)], [("comment_thread_id", 1)]],
    "auth_user": [[("id", 1)], [("username", 1)]],
    "auth_userprofile": [[("user_id", 1)]],
    "user_id_map": [[("user_id", 1)], [("hash_id", 1)]],
    "student_courseenrollment": [[("user_id", 1)]],
    "certificates_generatedcertificate": [[("user_id", 1)]],
    "courseware_studentmodule": [[("student_id", 1), ("module_id", 1)], [("module_id", 1)]],
}
"""Indexes of the package's collections, for the joins by learner and block that studies make."""


class UnusableFile(Exception):  # noqa: N818 - a verdict on a file
    """A delivered file cannot be loaded; the message names it, the cause and the remedy."""


ROWS = 1
"""Version of what becomes of a row; a file loaded under another is loaded anew."""


@dataclass
class RowCounts:
    """What became of a file's rows."""

    rows: int = 0
    loaded: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def load_collection(store: Store, storage: Storage, partition: str, collection: str) -> Metadata:
    """Load a collection of a course anew from the newest package that holds the course.

    A collection that this package lacks becomes empty: it is never kept from an older one.

    Raises:
        StageMissing: no package with the course has been sorted.
        UnusableFile: the file is not what its name says; the collection stays as it was.
        StoreError: the database failed.
    """
    course = course_entry(store, partition)
    package = newest_package(store, partition)
    if package is None:
        raise StageMissing(
            f"no package with {partition} is loaded: materialize packages/course_files for a"
            " delivery date that has it"
        )
    source = [package["date"], package["etag"], ROWS]
    database = course["database"]
    before = course_load(store, partition, collection)
    if before and is_current(store, database, before, source):
        return _metadata(database, before, "unchanged")
    started = monotonic()
    files = {table["table"]: table["key"] for table in package["tables"]}
    label = f"{package['file']}: {package['prefix']} {collection}"
    key = files.get(collection)
    extra: Metadata = {}
    if key is None and collection == "course_structure":
        raise UnusableFile(f"{label} is not in the package: ask edX for it")
    if key is None:
        counts = _replace(store, database, collection, label, [])
    else:
        with storage.reading(key) as path, _naming(label), _rows(path, collection) as (rows, tell):
            counts = _replace(store, database, collection, label, rows)
            extra = tell()
    entry: Entry = {
        "documents": counts.loaded,
        "rows": counts.rows,
        "duplicates": counts.duplicates,
        "rejected": counts.rejected.total(),
        "package": package["date"],
        "source": source,
        "loaded_at": datetime.now(UTC),
    }
    note_course_load(store, partition, collection, entry)
    return {
        **_metadata(database, entry, "loaded" if key else "empty: not in the package"),
        "seconds": round(monotonic() - started, 2),
        **({"rejected_by_reason": dict(counts.rejected)} if counts.rejected else {}),
        **extra,
    }


def is_current(store: Store, database: str, load: Entry, source: list[Any]) -> bool:
    """Whether a collection was made from this very source, and still holds what it then did."""
    if load.get("source") != source:
        return False
    held: int = store.count(database, load["collection"])
    return held == load["documents"]


def _metadata(database: str, entry: Entry, outcome: str) -> Metadata:
    told = ("package", "rows", "documents", "duplicates", "rejected")
    return {"database": database, "outcome": outcome, **{name: entry[name] for name in told}}


def course_entry(store: Store, partition: str) -> Entry:
    """A registered course.

    Raises:
        StageMissing: it is not registered.
    """
    course = store.get(MASTER, COURSES, partition)
    if course is None:
        raise StageMissing(
            f"{partition} is not registered: it appears when a package or a tracking log with it"
            " has been loaded"
        )
    return course


@contextmanager
def _rows(path: Path, collection: str) -> Iterator[tuple[Rows, Callable[[], Metadata]]]:
    """A file's documents as they stream by, and what to tell of them afterwards."""
    with path.open("rb") as lines:
        if collection == "course_structure":
            blocks = read_blocks(lines.read())
            yield blocks.values(), lambda: {"categories": _categories(blocks.values())}
        elif collection == "forum":
            yield read_forum(lines), dict
        else:
            table = TableReader(lines, collection)
            yield table, lambda: {"untyped_cells": dict(table.untyped)} if table.untyped else {}


def _categories(blocks: Iterable[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(block["category"] for block in blocks).most_common())


@contextmanager
def _naming(label: str) -> Iterator[None]:
    try:
        yield
    except (TableError, StructureError) as error:
        raise UnusableFile(
            f"{label}: {error}: look at the file in the storage, and ask edX for a new one"
        ) from None


def _replace(store: Store, database: str, collection: str, label: str, rows: Rows) -> RowCounts:
    counts = RowCounts()
    bad: BadLines = []
    with store.replacing(database, collection, INDEXES.get(collection, [])) as staging:
        for batch, inserted in store.insert_all(database, staging, _encoded(rows, counts, bad)):
            counts.duplicates += len(inserted.duplicates)
            for position, code in inserted.refused.items():
                reason = f"refused_by_database_{code}"
                counts.rejected[reason] += 1
                bad.append((counts.rows - len(batch) + position + 1, reason, batch[position]))
        counts.loaded = counts.rows - counts.duplicates - counts.rejected.total()
        held = store.count(database, staging)
        if held != counts.loaded:
            raise UnusableFile(
                f"{label}: {counts.loaded} documents should have been loaded and {held} were:"
                " run this partition again, and report it if it stays so"
            )
    release(store, database, collection)
    quarantine(store, database, collection, label, bad)
    return counts


def _encoded(rows: Rows, counts: RowCounts, bad: BadLines) -> Iterator[bytes]:
    for row in rows:
        counts.rows += 1
        if isinstance(row, BadLine):
            counts.rejected[row.reason] += 1
            bad.append((row.number, row.reason, row.raw))
            continue
        try:
            document = encode(row)
        except (InvalidDocument, OverflowError, RecursionError):
            document = b""
        if not document or len(document) > MAX_DOCUMENT:
            counts.rejected["not_storable"] += 1
            bad.append((counts.rows, "not_storable", b""))
            continue
        yield document
