"""The stage master_tracking: a day's records in the master collection, counted to the last line."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from time import monotonic
from typing import Any

from edx_assets.edx.events import Rejected, line_reader, record_id
from edx_assets.edx.lines import DAMAGED_GZIP, batches, gzipped_lines
from edx_assets.errors import PassingError
from edx_assets.loading.days.counts import DayCounts, Told, held_of, told_of
from edx_assets.loading.days.daily_log import DamagedLogError
from edx_assets.loading.days.duplicates import adopt_orphans, note_duplicates
from edx_assets.loading.days.files import Metadata, StageMissingError, daily_log, decrypted_key
from edx_assets.loading.days.ownership import recount
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
from edx_assets.loading.quarantine import BadLines, quarantine, release
from edx_assets.resources.ahead import ahead
from edx_assets.resources.lock import locked
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import BATCH, BATCH_BYTES, Store

RECORDS = 4
"""Version of what becomes of a line; a file loaded under another is loaded anew."""


class CountMismatchError(PassingError):
    """What was loaded does not add up; the message tells the numbers."""


def load_day(store: Store, storage: Storage, site: str, day: date, anew: bool = False) -> Metadata:
    """Load a day's decrypted file into the master collection.

    The ledger says `loading` until every line is accounted for, then `loaded`. A file that is
    loaded already is left alone, unless it is to be loaded `anew`; one that was loaded in part, or
    replaces another, always is. One that is neither on S3 nor in the storage any more stays.

    Files can share lines, so what concerns more than one file's records is done under a lock.

    Raises:
        StageMissingError: daily_log has not run for the day, or has nothing where a file was loaded in
            part.
        DamagedLogError: the decrypted file is damaged; it is removed.
        CountMismatchError: lines and records do not add up.
        StoreError: the database failed.
    """
    log = daily_log(storage, site, day)
    if log is None:
        raise StageMissingError(f"{site}/daily_log has no {day}: materialize it first")
    started = monotonic()
    with records_lock(store):
        before = store.get(MASTER, IMPORTS, import_id(site, day))
        if not anew and before and _is_loaded(store, before, log.etag):
            return _metadata(before, "unchanged", 0.0)
        earlier = _files_of(before)
        if log.file is None and earlier:
            return _metadata(_kept(store, before), "kept: gone from S3", 0.0)
        entry: Entry = {
            "_id": import_id(site, day),
            "site": site,
            "date": str(day),
            "file": log.file,
            "etag": log.etag,
            "version": RECORDS,
            "state": "loading",
            "was": as_was(before),
        }
        prepare(store)
        store.put(MASTER, IMPORTS, {**entry, "replaces": earlier})
        for file in earlier:
            _forget(store, file)
    counts = DayCounts()
    if log.file is not None:
        _load_file(store, storage, site, day, log.file, counts)
    refused = _register(store, counts.told_courses, site)
    with records_lock(store):
        for file in earlier:
            adopt_orphans(store, file)
        recount(store, [*earlier, log.file] if log.file else earlier, held_of)
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
            **counts.totals(),
            "loaded_at": datetime.now(UTC),
            "replaces": [],
            "courses_refused": refused,
        }
        store.put(MASTER, IMPORTS, entry)
    return _metadata(entry, "loaded", monotonic() - started)


def records_lock(store: Store) -> AbstractContextManager[None]:
    """The lock under which records go from one file to another, and files are counted."""
    return locked(store, MASTER, "records")


def _files_of(entry: Entry | None) -> list[str]:
    """Files whose records may be there of a day, by its entry."""
    return sorted({*entry["replaces"], entry["file"]} - {None}) if entry else []


def _kept(store: Store, entry: Entry | None) -> Entry:
    """The entry of a day whose file is gone from S3 and from the storage, and is loaded whole."""
    if entry and _is_whole(store, entry):
        return entry
    raise StageMissingError(
        f"{' and '.join(_files_of(entry))} was loaded in part, and is neither on S3 nor in the"
        " storage any more: put it back on S3, or ask edX to, and materialize the day from raw_log"
        " on; what is there of it stays until then"
    )


def _load_file(
    store: Store, storage: Storage, site: str, day: date, file: str, counts: DayCounts
) -> None:
    key = decrypted_key(site, day)
    try:
        with storage.reading(key) as path, gzipped_lines(path) as lines:
            load_lines(store, lines, file, site, counts)
    except DAMAGED_GZIP:
        storage.delete(key)
        raise DamagedLogError(
            f"{file}: its decrypted file in the storage was damaged, and is removed: run this"
            " partition again from daily_log on, which decrypts it again"
        ) from None


def _register(store: Store, courses: Iterable[str], site: str) -> list[str]:
    """Register the courses of a day's events; what was said of those that cannot be.

    A browser can send any course key: a day does not fail for one.
    """
    refused = []
    for course in sorted(courses):
        try:
            register_course(store, course, site)
        except ValueError as error:
            refused.append(str(error))
    return refused


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
        counts.add(
            [told for n, told in zip(piece.numbers, piece.told, strict=True) if n not in left_out]
        )


@dataclass
class _Piece:
    """A batch of lines, read: records, encoded and in short, and what is no record."""

    lines: int
    numbers: list[int] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
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
                piece.told.append(told_of(record))
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
    own: set[int] = set()
    if again:
        with records_lock(store):
            own = note_duplicates(store, load_file, again)
    quarantine(store, MASTER, TRACKING, load_file, piece.quarantined)
    return {number for number, _record, _document in again} - own


def prepare(store: Store) -> None:
    """The master collection's indexes, each for a query that the stages make."""
    store.index(MASTER, TRACKING, [("course_id", 1), ("timestamp", 1)])  # a course's window
    store.index(MASTER, TRACKING, [("load_file", 1)])  # what a file brought, to replace it
    for field_name in ("owner", "record", "load_file"):
        store.index(MASTER, DUPLICATES, [(field_name, 1)])
    store.index(MASTER, IMPORTS, [("file", 1)])


def _is_loaded(store: Store, entry: Entry, etag: str) -> bool:
    """Whether the ledger says that this very file is loaded, and the collection bears it out."""
    return entry["etag"] == etag and entry["version"] == RECORDS and _is_whole(store, entry)


def _is_whole(store: Store, entry: Entry) -> bool:
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
        raise CountMismatchError(
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
    if entry.get("courses_refused"):
        metadata["courses_refused"] = "; ".join(entry["courses_refused"])
    if seconds:
        metadata["seconds"] = round(seconds, 2)
        metadata["events_per_second"] = round(loaded / seconds)
    return metadata
