"""The stage master_tracking: a day's records in the master collection, counted to the last line."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, NamedTuple

from edx_assets.edx.events import IMPLICIT, Rejected, line_reader, record_id
from edx_assets.edx.lines import batches, gzipped_lines
from edx_assets.loading.day_files import Metadata, StageMissing, daily_log, decrypted_key
from edx_assets.loading.duplicates import adopt_orphans, note_duplicates
from edx_assets.loading.ledger import (
    DUPLICATES,
    IMPORTS,
    MASTER,
    TRACKING,
    Entry,
    as_was,
    import_id,
    new_token,
    register_course,
)
from edx_assets.loading.ownership import recount
from edx_assets.loading.quarantine import BadLines, quarantine, release
from edx_assets.resources.ahead import ahead
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import BATCH, BATCH_BYTES, Store

RECORDS = 4
"""Version of what becomes of a line; a file loaded under another is loaded anew."""


class CountMismatch(Exception):  # noqa: N818 - named for what happened
    """What was loaded does not add up; the message tells the numbers."""


@dataclass
class DayCounts:
    """What became of a day's lines, and what the loaded records are."""

    lines: int = 0
    loaded: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    implicit: int = 0
    courses: Counter[str] = field(default_factory=Counter)
    told_courses: set[str] = field(default_factory=set)
    hours: Counter[int] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None


def load_day(store: Store, storage: Storage, site: str, day: date, anew: bool = False) -> Metadata:
    """Load a day's decrypted file into the master collection.

    The ledger says `loading` until every line is accounted for, then `loaded`. A file that is
    loaded already is left alone, unless it is to be loaded `anew`; one that was loaded in part, or
    replaces another, always is.

    Raises:
        StageMissing: daily_log has not run for the day.
        CountMismatch: lines and records do not add up.
        StoreError: the database failed.
    """
    log = daily_log(storage, site, day)
    if log is None:
        raise StageMissing(f"{site}/daily_log has no {day}: materialize it first")
    key = import_id(site, day)
    before = store.get(MASTER, IMPORTS, key)
    if not anew and before and _is_loaded(store, before, log.etag):
        return _metadata(before, "unchanged", 0.0)
    started = monotonic()
    entry: Entry = {
        "_id": key,
        "site": site,
        "date": str(day),
        "file": log.file,
        "etag": log.etag,
        "version": RECORDS,
        "state": "loading",
        "was": as_was(before),
    }
    prepare(store)
    earlier = set(before["replaces"]) | {before["file"]} - {None} if before else set()
    store.put(MASTER, IMPORTS, {**entry, "replaces": sorted(earlier)})
    for file in earlier:
        _forget(store, file)
    counts = DayCounts()
    if log.file is not None:
        with storage.reading(decrypted_key(site, day)) as path, gzipped_lines(path) as lines:
            load_lines(store, lines, log.file, site, counts)
    for file in sorted(earlier):
        adopt_orphans(store, file)
    recount(store, {*earlier, log.file} - {None}, _held)
    _check(store, log.file, log.lines, counts)
    del entry["was"]
    entry |= {
        "state": "loaded" if log.file else "no_file",
        "token": new_token(),
        "bytes": log.unpacked,
        "lines": counts.lines,
        "duplicates": counts.duplicates,
        "rejected": counts.rejected.total(),
        "reasons": dict(counts.rejected),
        **_totals(counts),
        "loaded_at": datetime.now(UTC),
        "replaces": [],
    }
    store.put(MASTER, IMPORTS, entry)
    for course in sorted(counts.told_courses):
        register_course(store, course, site)
    return _metadata(entry, "loaded", monotonic() - started)


def load_lines(
    store: Store, lines: Iterable[bytes], load_file: str, site: str, counts: DayCounts
) -> None:
    """Load a file's lines: one batch is written while the next is read, and memory is flat."""
    read = line_reader(load_file, site, datetime.now(UTC))
    pieces = _pieces(read, lines, counts.lines + 1)
    for piece, duplicates in ahead(partial(_write, store, load_file), pieces):
        counts.lines += piece.lines
        counts.duplicates += len(duplicates)
        counts.rejected.update(reason for _number, reason, _line in piece.quarantined)
        left_out = {number for number, _reason, _line in piece.quarantined} | duplicates
        _count(
            [told for n, told in zip(piece.numbers, piece.told, strict=True) if n not in left_out],
            counts,
        )


class _Told(NamedTuple):
    """What the counts need of a record: keeping whole ones until they are written costs a fifth
    of the time, in the garbage collector."""

    course: str | None
    implicit: bool
    moment: datetime


@dataclass
class _Piece:
    """A batch of lines, read: records, encoded and in short, and what is no record."""

    lines: int
    numbers: list[int] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    told: list[_Told] = field(default_factory=list)
    quarantined: BadLines = field(default_factory=list)


def _pieces(
    read: Callable[[bytes], tuple[bytes, dict[str, Any]]], lines: Iterable[bytes], first: int
) -> Iterator[_Piece]:
    for batch in batches(lines, BATCH, BATCH_BYTES):
        piece = _Piece(len(batch))
        for number, line in enumerate(batch, first):
            try:
                document, record = read(line)
            except Rejected as verdict:
                piece.quarantined.append((number, verdict.reason, line))
            else:
                piece.numbers.append(number)
                piece.raw.append(line)
                piece.documents.append(document)
                piece.told.append(_told(record))
        first += len(batch)
        yield piece


def _write(store: Store, load_file: str, piece: _Piece) -> set[int]:
    """Insert a piece's records, note and quarantine the others; the numbers of its duplicates."""
    inserted = store.insert(MASTER, TRACKING, piece.documents)
    for i, code in inserted.refused.items():
        piece.quarantined.append((piece.numbers[i], f"refused_by_database_{code}", piece.raw[i]))
    again = [
        (piece.numbers[i], record_id(piece.documents[i]), piece.documents[i])
        for i in inserted.duplicates
    ]
    own = note_duplicates(store, load_file, again) if again else set()
    quarantine(store, MASTER, TRACKING, load_file, piece.quarantined)
    return {number for number, _record, _document in again} - own


def prepare(store: Store) -> None:
    """The master collection's indexes, each for a query that the stages make."""
    store.index(MASTER, TRACKING, [("course_id", 1), ("timestamp", 1)])  # a course's window
    store.index(MASTER, TRACKING, [("load_file", 1)])  # what a file brought, to replace it
    for field_name in ("owner", "record", "load_file"):
        store.index(MASTER, DUPLICATES, [(field_name, 1)])
    store.index(MASTER, IMPORTS, [("file", 1)])


def _told(record: dict[str, Any]) -> _Told:
    event_type = record.get("event_type")
    implicit = type(event_type) is str and event_type[:1] == IMPLICIT
    return _Told(record.get("course_id"), implicit, record["timestamp"])


def _count(loaded: list[_Told], counts: DayCounts) -> None:
    if not loaded:
        return
    counts.loaded += len(loaded)
    counts.courses.update([told.course for told in loaded if told.course])
    counts.implicit += sum(told.implicit for told in loaded)
    counts.told_courses.update(
        told.course for told in loaded if told.course and not told.implicit and ":" in told.course
    )
    moments = [told.moment for told in loaded]
    counts.hours.update([moment.hour for moment in moments])
    first, last = min(moments).replace(tzinfo=UTC), max(moments).replace(tzinfo=UTC)
    counts.first = min(counts.first or first, first)
    counts.last = max(counts.last or last, last)


def _totals(counts: DayCounts) -> Entry:
    """What the ledger says of a file's records, as far as they themselves tell it."""
    return {
        "loaded": counts.loaded,
        "implicit": counts.implicit,
        "first": counts.first,
        "last": counts.last,
        "courses": [{"course_key": k, "events": n} for k, n in sorted(counts.courses.items())],
        "hours": [counts.hours[hour] for hour in range(24)],
    }


def _held(store: Store, file: str) -> Entry:
    """The same of the records that the master collection holds of a file."""
    counts = DayCounts()
    fields = ["course_id", "event_type", "timestamp"]
    records = store.find(MASTER, TRACKING, {"load_file": file}, fields=fields)
    while batch := [_told(record) for record in islice(records, BATCH)]:
        _count(batch, counts)
    return _totals(counts)


def _is_loaded(store: Store, entry: Entry, etag: str) -> bool:
    """Whether the ledger says that this very file is loaded, and the collection bears it out."""
    if entry["etag"] != etag or entry["version"] != RECORDS:
        return False
    if entry["state"] == "no_file":
        return True
    held = {"load_file": entry["file"]}
    return entry["state"] == "loaded" and store.count(MASTER, TRACKING, held) == entry["loaded"]


def _forget(store: Store, file: str) -> None:
    store.delete(MASTER, TRACKING, {"load_file": file})
    release(store, MASTER, TRACKING, file)
    store.delete(MASTER, DUPLICATES, {"load_file": file})


def _check(store: Store, file: str | None, lines: int, counts: DayCounts) -> None:
    held = store.count(MASTER, TRACKING, {"load_file": file}) if file else 0
    total = counts.loaded + counts.duplicates + counts.rejected.total()
    if not (lines == counts.lines == total and held == counts.loaded):
        raise CountMismatch(
            f"{file}: {lines} lines decrypted, {counts.lines} read; {counts.loaded} loaded,"
            f" {counts.duplicates} duplicates, {counts.rejected.total()} rejected; {held} records"
            " in the master collection: run this partition again, and report it if it stays so"
        )


def _metadata(entry: Entry, outcome: str, seconds: float) -> Metadata:
    loaded = entry.get("loaded", 0)
    metadata: Metadata = {
        "file": entry["file"] or "none",
        "outcome": outcome if entry["file"] else "empty: no file for this day",
        "bytes": entry.get("bytes", 0),
        "lines": entry.get("lines", 0),
        "loaded": loaded,
        "duplicates": entry.get("duplicates", 0),
        "rejected": entry.get("rejected", 0),
        "courses": len(entry.get("courses", [])),
    }
    if loaded:
        metadata["implicit_share"] = round(entry["implicit"] / loaded, 4)
        metadata["first_event"] = entry["first"].isoformat()
        metadata["last_event"] = entry["last"].isoformat()
        if "hours" in entry:
            metadata["events_by_hour"] = entry["hours"]
    if entry.get("reasons"):
        metadata["rejected_by_reason"] = entry["reasons"]
    if seconds:
        metadata["seconds"] = round(seconds, 2)
        metadata["events_per_second"] = round(loaded / seconds)
    return metadata
