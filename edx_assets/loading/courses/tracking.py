"""The stage course/tracking: a course's window of the master collection, bound to its structure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from edx_assets.edx.collections import COURSE_STRUCTURE, TRACKING, indexes
from edx_assets.edx.course_structure import Block, structure_window
from edx_assets.edx.courses import Window, window_of
from edx_assets.loading.courses.binding import Share, bind, total
from edx_assets.loading.courses.shares import (
    Extracted,
    Files,
    events_of,
    extracted_files,
    marks_of,
    note_files,
)
from edx_assets.loading.courses.window_files import (
    EVERY_DAY,
    Marks,
    course_files,
    days_of,
    digest,
    has_ended,
    marks,
    missing_days,
    settled_dates,
    unsettled,
)
from edx_assets.loading.courses.window_query import (
    courses_entries,
    master_query,
    settled,
    spellings,
)
from edx_assets.loading.ledger import (
    MASTER_TRACKING,
    TrackingLoad,
    TrackingState,
    course_load,
    note_course_load,
    tracking_load,
)
from edx_assets.loading.registry import registered_course
from edx_assets.loading.stage import CountMismatchError, Metadata, StageMissingError
from edx_assets.resources.store import Collection, Store


@dataclass(frozen=True)
class Extraction:
    """What a course's collection is to be made from, as the ledger had it before a record was read.

    `files` are those to take records from, `held_back` those that are being loaded: what the
    collection holds of them stays, and nothing of them is read. `known` are the marks that the
    latter had before, with those of the former.
    """

    partition: str
    collection: Collection
    query: dict[str, Any]
    window: Window
    structure_window: Window
    blocks: dict[str, Block]
    settled: str
    files: Marks
    held_back: set[str]
    known: Marks
    missing_days: int
    can_be_sealed: bool


def extract_course(
    store: Store,
    partition: str,
    courses_file: Path | None,
    today: date,
    rebuild: bool = False,
    log_days: tuple[date, date] = EVERY_DAY,
) -> Metadata:
    """Make a course's tracking hold every master record of its window, with its block's place.

    Where only files have changed since, their shares alone are replaced. Everything is extracted
    anew where the window, the structure or this code's version changed, where the collection does
    not hold what the ledger says, and once when the course has ended and all its days are loaded:
    it is then sealed. A run that was killed is finished by the next.

    Args:
        store: the document store.
        partition: the course's partition key.
        courses_file: the institution's windows and spellings, or None.
        today: the day (UTC) by which a course has ended or not.
        rebuild: extract everything, even if nothing changed.
        log_days: the first and the last day of the site's logs.

    Raises:
        StageMissingError: the course's structure is not loaded.
        CoursesFileError: the courses file cannot be used.
        CountMismatchError: other than the window's records were loaded.
        StoreError: the database failed.
    """
    started = monotonic()
    wanted = _wanted(store, partition, courses_file, today, log_days)
    before = tracking_load(store, partition)
    noted = extracted_files(store, partition)
    files = None
    if before and not rebuild and _can_be_updated(store, wanted, before, noted):
        changed = _changed(wanted, before, noted)
        if not changed:
            return _metadata(wanted, before, "unchanged")
        files = _update(store, wanted, before, noted, changed)
        outcome = f"updated: {len(changed)} files"
    if files is None:
        files = _extract(store, wanted, before)
        changed, outcome = list(files), "extracted"
    load = _note(store, wanted, files)
    seconds = monotonic() - started
    events = events_of(files[file] for file in changed if file in files)
    return {
        **_metadata(wanted, load, outcome),
        "events_extracted": events,
        "seconds": round(seconds, 2),
        "events_per_second": round(events / seconds),
    }


def _wanted(
    store: Store,
    partition: str,
    courses_file: Path | None,
    today: date,
    log_days: tuple[date, date],
) -> Extraction:
    course = registered_course(store, partition)
    database, key, site = course["database"], course["course_key"], course["site"]
    structure = course_load(store, partition, COURSE_STRUCTURE)
    if structure is None:
        raise StageMissingError(
            f"{partition} has no course structure yet, and tracking cannot be extracted without it:"
            " materialize course/course_structure first"
        )
    days = list(days_of(store, site))
    structures = Collection(database, COURSE_STRUCTURE)
    blocks = {block["_id"]: block for block in store.find(structures, {})}
    entry = courses_entries(courses_file).get((key, site))
    own = structure_window(blocks)
    window = window_of(entry, own)
    keys = spellings(key, entry)
    of_days = [found for day in days if (found := course_files(day))]
    files = [file for file, courses in of_days if {*courses} & {*keys}]
    known, held_back = marks(files, window), unsettled(days)
    missing = missing_days(settled_dates(days), window, today, log_days)
    return Extraction(
        partition=partition,
        collection=Collection(database, TRACKING),
        query=master_query(keys, site, window),
        window=window,
        structure_window=own,
        blocks=blocks,
        settled=settled(keys, site, window, structure["source"]),
        files={file: mark for file, mark in known.items() if file not in held_back},
        held_back=held_back,
        known=known,
        missing_days=missing,
        can_be_sealed=not missing and has_ended(window, today),
    )


def _can_be_updated(store: Store, wanted: Extraction, before: TrackingLoad, noted: Files) -> bool:
    """Whether the collection is a sound one that only files can have changed, and not to seal."""
    if wanted.can_be_sealed and not before["sealed"]:
        return False
    if before["state"] == TrackingState.UPDATING:  # done again, and all is counted at the end
        return bool(before["source"][0] == wanted.settled)
    if before["state"] != TrackingState.LOADED:
        return False
    if before["source"] != [wanted.settled, digest(marks_of(noted))]:
        return False
    return store.count(wanted.collection) == before["documents"]


def _changed(wanted: Extraction, before: TrackingLoad, noted: Files) -> list[str]:
    """The files whose records are to be replaced, with those of an update that was killed."""
    was = marks_of(noted)
    files = was.keys() | wanted.files.keys()
    changed = {file for file in files if was.get(file) != wanted.files.get(file)}
    return sorted(changed - wanted.held_back | set(before.get("updating", ())))


def _update(
    store: Store, wanted: Extraction, before: TrackingLoad, noted: Files, changed: list[str]
) -> Files | None:
    """Replace the shares of files; None where that did not come out right, or cannot."""
    intention = before.copy()
    intention["state"], intention["sealed"] = TrackingState.UPDATING, False
    intention["updating"] = changed
    note_course_load(store, wanted.partition, wanted.collection, intention)
    store.delete(wanted.collection, {"load_file": {"$in": changed}})
    taken = [file for file in changed if file in wanted.files]
    records = store.find_raw(MASTER_TRACKING, wanted.query | {"load_file": {"$in": taken}})
    shares = _bound(store, wanted, wanted.collection, records)
    files = {file: held for file, held in noted.items() if file not in changed}
    files |= {file: Extracted(wanted.files[file], shares.get(file, Share())) for file in taken}
    held = store.count(wanted.collection)
    of_settled = events_of(each for file, each in files.items() if file not in wanted.held_back)
    right = held == events_of(files.values()) and of_settled == _expected(store, wanted)
    return files if right else None


def _extract(store: Store, wanted: Extraction, before: TrackingLoad | None) -> Files:
    """Load the collection anew.

    Raises:
        CountMismatchError: other than the window's records were loaded.
    """
    if before:
        intention = before.copy()
        intention["state"], intention["sealed"] = TrackingState.EXTRACTING, False
        note_course_load(store, wanted.partition, wanted.collection, intention)
    with store.replacing(wanted.collection, indexes(TRACKING)) as staging:
        found = store.find_raw(MASTER_TRACKING, wanted.query)
        shares = _bound(store, wanted, staging, found)
        held, expected = store.count(staging), _expected(store, wanted)
        events = total(shares.values()).events
        if not held == events == expected or not shares.keys() <= wanted.files.keys():
            raise CountMismatchError(
                f"{wanted.partition}: {expected} records in its window, {events} extracted, {held}"
                " in the collection: a day of it was being loaded, perhaps; run this again"
            )
    return {file: Extracted(mark, shares.get(file, Share())) for file, mark in wanted.files.items()}


def _bound(
    store: Store, wanted: Extraction, collection: Collection, records: Iterator[bytes]
) -> dict[str, Share]:
    """Bind records and insert them; what they were, by their files."""
    shares: dict[str, Share] = {}
    documents = bind(records, wanted.blocks, shares, wanted.held_back)
    for _batch, _inserted in store.insert_all(collection, documents):
        pass  # what stayed out is missing when the collection is counted
    return shares


def _expected(store: Store, wanted: Extraction) -> int:
    """How many records the course's collection should hold of files that are not being loaded."""
    expected = store.count(MASTER_TRACKING, wanted.query)
    if wanted.held_back:
        loading = wanted.query | {"load_file": {"$in": sorted(wanted.held_back)}}
        expected -= store.count(MASTER_TRACKING, loading)
    return expected


def _note(store: Store, wanted: Extraction, files: Files) -> TrackingLoad:
    held = total(each.share for each in files.values())
    noted = marks_of(files)
    held_back = [
        (file, noted.get(file))
        for file in sorted(wanted.held_back)
        if noted.get(file) != wanted.known.get(file)
    ]
    load = TrackingLoad(
        state=TrackingState.LOADED,
        documents=held.events,
        with_module=held.with_module,
        bound=held.bound,
        first=held.first,
        last=held.last,
        window={"start": wanted.window.start, "end": wanted.window.end},
        structure_window={
            "start": wanted.structure_window.start,
            "end": wanted.structure_window.end,
        },
        source=[wanted.settled, digest(noted)],
        held_back=held_back,
        sealed=wanted.can_be_sealed,
        loaded_at=datetime.now(UTC),
    )
    note_files(store, wanted.partition, files)
    note_course_load(store, wanted.partition, wanted.collection, load)
    return load


def _metadata(wanted: Extraction, load: TrackingLoad, outcome: str) -> Metadata:
    metadata: Metadata = {"database": wanted.collection.database, "outcome": outcome}
    for side, moment in (("start", load["window"]["start"]), ("end", load["window"]["end"])):
        metadata[f"window_{side}"] = moment.isoformat() if moment else "open"
    metadata["sealed"] = "yes" if load["sealed"] else "no"
    if not load["sealed"]:
        metadata["window_days_missing"] = wanted.missing_days
    if wanted.held_back:
        metadata["files_being_loaded"] = len(wanted.held_back)
    metadata["documents"] = load["documents"]
    metadata["events_with_a_usage_key"] = load["with_module"]
    metadata["events_bound"] = load["bound"]
    if load["with_module"]:
        metadata["bound_share"] = round(load["bound"] / load["with_module"], 4)
    if load["first"] and load["last"]:
        metadata["first_event"] = load["first"].isoformat()
        metadata["last_event"] = load["last"].isoformat()
    return metadata
