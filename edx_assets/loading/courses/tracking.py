"""The stage course/tracking: extract a course's window of the master collection and bind it.

The query is in `window_query`, the files it concerns in `window_files`, the binding in `binding`.
"""

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
    runs_by_number,
    settled,
    spellings,
    without_run,
)
from edx_assets.loading.ledger import (
    MASTER_TRACKING,
    TrackingLoad,
    TrackingState,
    course_load,
    note_course_load,
    tracking_load,
)
from edx_assets.loading.registry import registered_course, registered_courses
from edx_assets.loading.stage import CountMismatchError, Metadata, StageMissingError
from edx_assets.resources.store import Collection, Store


@dataclass(frozen=True)
class Extraction:
    """What a course's collection is made from, as the ledger had it before any record was read.

    `files` are those to extract; `held_back` are being loaded: their records already in the
    collection stay, and none are read from the master. `known` has the marks of both, the latter
    as they were before that load.
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
    without_a_run: int


def extract_course(
    store: Store,
    partition: str,
    courses_file: Path | None,
    today: date,
    rebuild: bool = False,
    log_days: tuple[date, date] = EVERY_DAY,
) -> Metadata:
    """Bring a course's tracking up to date: every master record of its window, bound to its block.

    If only files have changed, only their shares are replaced. Everything is extracted again if the
    window, the structure or this code's version has changed, if the collection does not have what
    the ledger says, and once when the course has ended and all its days are loaded: it is then
    sealed. The next run finishes what a killed run has left.

    Args:
        store: the document store.
        partition: the course's partition key.
        courses_file: the institution's windows and spellings, or None.
        today: the day (UTC) that decides whether a course has ended.
        rebuild: extract everything, even if nothing has changed.
        log_days: the first and the last day of the site's logs.

    Raises:
        StageMissingError: the course's structure is not loaded.
        CoursesFileError: the courses file cannot be used.
        CountMismatchError: the records loaded are not those of the window.
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
            f"{partition} has no course structure yet; tracking cannot be extracted without it:"
            " materialize course/course_structure first"
        )
    days = list(days_of(store, site))
    structures = Collection(database, COURSE_STRUCTURE)
    blocks = {block["_id"]: block for block in store.find(structures, {})}
    entry = courses_entries(courses_file).get((key, site))
    own = structure_window(blocks)
    window = window_of(entry, own)
    keys = spellings(key, entry, runs_by_number(registered_courses(store), site))
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
        without_a_run=_without_a_run(store, key, keys, site, window),
    )


def _without_a_run(store: Store, key: str, keys: list[str], site: str, window: Window) -> int:
    """Number of the window's events of an unknown run of the course: they are in no course."""
    number = without_run(key)
    if number in keys or key.startswith("ccx-"):
        return 0
    return store.count(MASTER_TRACKING, master_query([number], site, window))


def _can_be_updated(store: Store, wanted: Extraction, before: TrackingLoad, noted: Files) -> bool:
    """Whether replacing the shares of changed files is enough: sound, and not to be sealed now."""
    if wanted.can_be_sealed and not before["sealed"]:
        return False
    if (
        before["state"] == TrackingState.UPDATING
    ):  # the update is repeated, and all is counted at the end
        return bool(before["source"][0] == wanted.settled)
    if before["state"] != TrackingState.LOADED:
        return False
    if before["source"] != [wanted.settled, digest(marks_of(noted))]:
        return False
    return store.count(wanted.collection) == before["documents"]


def _changed(wanted: Extraction, before: TrackingLoad, noted: Files) -> list[str]:
    """The files whose records must be replaced, including those of a killed update."""
    was = marks_of(noted)
    files = was.keys() | wanted.files.keys()
    changed = {file for file in files if was.get(file) != wanted.files.get(file)}
    return sorted(changed - wanted.held_back | set(before.get("updating", ())))


def _update(
    store: Store, wanted: Extraction, before: TrackingLoad, noted: Files, changed: list[str]
) -> Files | None:
    """Replace the shares of files; return None if the counts then do not add up."""
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
    """Replace the whole collection.

    Raises:
        CountMismatchError: the records loaded are not those of the window.
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
                " in the collection: perhaps one of its days was being loaded; materialize this"
                " partition again"
            )
    return {file: Extracted(mark, shares.get(file, Share())) for file, mark in wanted.files.items()}


def _bound(
    store: Store, wanted: Extraction, collection: Collection, records: Iterator[bytes]
) -> dict[str, Share]:
    """Bind and insert records; return the share of each file."""
    shares: dict[str, Share] = {}
    documents = bind(records, wanted.blocks, shares, wanted.held_back)
    for _batch, _inserted in store.insert_all(collection, documents):
        pass  # records that were not inserted show up when the collection is counted
    return shares


def _expected(store: Store, wanted: Extraction) -> int:
    """Number of records that the collection should have of files that are not being loaded."""
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
    if wanted.without_a_run:
        metadata["events_without_a_run"] = wanted.without_a_run
    if load["with_module"]:
        metadata["bound_share"] = round(load["bound"] / load["with_module"], 4)
    if load["first"] and load["last"]:
        metadata["first_event"] = load["first"].isoformat()
        metadata["last_event"] = load["last"].isoformat()
    return metadata
