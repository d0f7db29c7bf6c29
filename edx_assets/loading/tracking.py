"""The stage course/tracking: a course's window of the master collection, bound to its structure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from struct import pack
from time import monotonic
from typing import Any

from bson import decode, encode

from edx_assets.edx.course_structure import Block, block_index, find_block, structure_window
from edx_assets.edx.courses import CourseEntry, Window, read_courses_file, window_of
from edx_assets.edx.schema import indexes
from edx_assets.loading.collection import course_entry, is_current
from edx_assets.loading.day_files import Metadata, StageMissing
from edx_assets.loading.ledger import (
    MASTER,
    TRACKING,
    Entry,
    course_load,
    imports,
    note_course_load,
)
from edx_assets.loading.master_tracking import CountMismatch
from edx_assets.resources.store import Store

EXTRACTION = 1
"""Version of what becomes of a record; a course extracted under another is extracted anew."""


@dataclass
class Binding:
    """How many events were extracted, carry a usage key, and found their block."""

    events: int = 0
    with_module: int = 0
    bound: int = 0
    first: datetime | None = None
    last: datetime | None = None


def extract_course(store: Store, partition: str, courses_file: Path | None) -> Metadata:
    """Load a course's tracking anew: every master record of its window, with its block's place.

    Raises:
        StageMissing: the course's structure is not loaded.
        CoursesFileError, OSError: the courses file cannot be used.
        CountMismatch: other than the window's records were loaded.
        StoreError: the database failed.
    """
    course = course_entry(store, partition)
    database = course["database"]
    structure = course_load(store, partition, "course_structure")
    if structure is None:
        raise StageMissing(
            f"{partition} has no course structure yet, and its tracking is nothing without:"
            " materialize course/course_structure for it first"
        )
    started = monotonic()
    blocks = {block["_id"]: block for block in store.find(database, "course_structure", {})}
    entry = courses_entry(courses_file, course["course_key"], course["site"])
    window = window_of(entry, structure_window(blocks))
    query = master_query(course["course_key"], course["site"], entry, window)
    source = [_fingerprint(store, course["site"], query, structure["source"])]
    before = course_load(store, partition, TRACKING)
    if before and is_current(store, database, before, source):
        return _metadata(database, before, "unchanged")
    binding = Binding()
    with store.replacing(database, TRACKING, indexes(TRACKING)) as staging:
        found = store.find_raw(MASTER, TRACKING, query)
        for _batch, inserted in store.insert_all(database, staging, bind(found, blocks, binding)):
            binding.events -= len(inserted.duplicates) + len(inserted.refused)
        held, expected = store.count(database, staging), store.count(MASTER, TRACKING, query)
        if not held == binding.events == expected:
            raise CountMismatch(
                f"{partition}: {expected} records in its window, {binding.events} extracted, {held}"
                " in the collection: a day of it was being loaded, perhaps; run this again"
            )
    load: Entry = {
        "documents": binding.events,
        "with_module": binding.with_module,
        "bound": binding.bound,
        "first": binding.first,
        "last": binding.last,
        "window": {"start": window.start, "end": window.end},
        "source": source,
        "loaded_at": datetime.now(UTC),
    }
    note_course_load(store, partition, database, TRACKING, load)
    seconds = monotonic() - started
    return {
        **_metadata(database, load, "extracted"),
        "seconds": round(seconds, 2),
        "events_per_second": round(binding.events / seconds),
    }


def courses_entry(courses_file: Path | None, key: str, site: str) -> CourseEntry | None:
    """What the courses file says of a course, or None.

    Raises:
        CoursesFileError, OSError: the file cannot be used.
    """
    if courses_file is None:
        return None
    return read_courses_file(courses_file.read_text(encoding="utf-8")).get((key, site))


def master_query(key: str, site: str, entry: CourseEntry | None, window: Window) -> dict[str, Any]:
    """The query for a course's records in the master collection."""
    spellings = [key, *(entry.spellings if entry else ())]
    query: dict[str, Any] = {"course_id": {"$in": list(dict.fromkeys(spellings))}, "site": site}
    between = {"$gte": window.start, "$lt": window.end}
    if told := {operator: moment for operator, moment in between.items() if moment}:
        query["timestamp"] = told
    return query


def _fingerprint(
    store: Store, site: str, query: dict[str, Any], structure_source: list[Any]
) -> str:
    """What the extraction depends on: window and spellings, the structure, the files' events."""
    spellings = set(query["course_id"]["$in"])
    files = [
        (entry["_id"], entry["state"], entry["etag"], row["course_key"], row["events"])
        for entry in imports(store)
        if entry["site"] == site
        for row in entry.get("courses", [])
        if row["course_key"] in spellings
    ]
    told = repr((EXTRACTION, query, structure_source, files))
    return blake2b(told.encode(), digest_size=16).hexdigest()


def bind(records: Iterator[bytes], blocks: dict[str, Block], binding: Binding) -> Iterator[bytes]:
    """Each record (BSON) with `parent_data` and `metadata` of the block its `module_id` names.

    The record's own bytes are kept: the two fields are put behind them.
    """
    index = block_index(blocks)
    known: dict[str, bytes] = {}
    for document in records:
        record = decode(document)
        binding.events += 1
        moment = record["timestamp"]
        if binding.first is None or moment < binding.first:
            binding.first = moment
        if binding.last is None or moment > binding.last:
            binding.last = moment
        module = record.get("module_id")
        if module is None:
            yield document
            continue
        binding.with_module += 1
        place = known.get(module)
        if place is None:
            place = known[module] = _place(find_block(module, index))
        if place:
            binding.bound += 1
        yield _appended(document, place)


def _place(block: Block | None) -> bytes:
    """The two fields as BSON elements, or none."""
    if block is None:
        return b""
    return encode({"parent_data": block["parent_data"], "metadata": block["metadata"]})[4:-1]


def _appended(document: bytes, elements: bytes) -> bytes:
    """A BSON document with elements put behind its own (https://bsonspec.org/spec.html)."""
    return pack("<i", len(document) + len(elements)) + document[4:-1] + elements + b"\0"


def _metadata(database: str, load: Entry, outcome: str) -> Metadata:
    metadata: Metadata = {"database": database, "outcome": outcome}
    for side, moment in load["window"].items():
        metadata[f"window_{side}"] = moment.isoformat() if moment else "open"
    metadata["documents"] = load["documents"]
    metadata["events_with_a_usage_key"] = load["with_module"]
    metadata["events_bound"] = load["bound"]
    if load["with_module"]:
        metadata["bound_share"] = round(load["bound"] / load["with_module"], 4)
    if load["documents"]:
        metadata["first_event"] = load["first"].isoformat()
        metadata["last_event"] = load["last"].isoformat()
    return metadata
