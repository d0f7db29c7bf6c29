"""The stage course/tracking: extract a course's window of the master collection and bind it.

What it is made from is told in `extraction`; its records are moved in `records`.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

from edx_assets.edx.collections import TRACKING
from edx_assets.loading.courses.binding import total
from edx_assets.loading.courses.extraction import Extraction, extraction
from edx_assets.loading.courses.records import replace_all, replace_files
from edx_assets.loading.courses.shares import (
    Files,
    events_of,
    extracted_files,
    marks_of,
    note_files,
)
from edx_assets.loading.courses.turns import turn
from edx_assets.loading.courses.window_files import EVERY_DAY, digest
from edx_assets.loading.entries import TrackingLoad, TrackingState
from edx_assets.loading.ledger import note_course_load, tracking_load
from edx_assets.loading.registry import registered_course
from edx_assets.loading.stage import Metadata
from edx_assets.resources.store import Collection, Store


def extract_course(
    store: Store,
    partition: str,
    courses_file: Path | None,
    today: date,
    rebuild: bool = False,
    log_days: tuple[date, date] = EVERY_DAY,
) -> Metadata:
    """Bring a course's tracking up to date: every master record of its window, bound to its block.

    If only files have changed, only their shares are replaced. Days that are loaded meanwhile are
    left to the next run. Everything is extracted again if the window, the structure or this code's
    version has changed, if the collection does not have what the ledger says, and once when the
    course has ended and all its days are loaded: it is then sealed. The next run finishes what a
    killed run has left.

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
    course = registered_course(store, partition)
    with turn(store, Collection(course["database"], TRACKING)):
        wanted = extraction(store, partition, courses_file, today, log_days)
        before = tracking_load(store, partition)
        noted = extracted_files(store, partition)
        done = None
        changed = _changed(wanted, before, noted) if before else []
        can_be_updated = before and not rebuild and _can_be_updated(wanted, before, noted)
        if before and can_be_updated and not changed:
            if store.holds(wanted.collection, before["documents"]):
                return _metadata(wanted, before, "unchanged")
        elif before and can_be_updated:  # what it has in all is counted at the end
            _note_intention(store, wanted, before, TrackingState.UPDATING, changed)
            done = replace_files(store, wanted, noted, changed)
            outcome = f"updated: {len(changed)} files"
        if done is None:
            if before:
                _note_intention(store, wanted, before, TrackingState.EXTRACTING)
            done = replace_all(store, wanted)
            changed, outcome = list(done[1]), "extracted"
        wanted, files = done
        load = _note(store, wanted, files)
    seconds = monotonic() - started
    events = events_of(files[file] for file in changed if file in files)
    return {
        **_metadata(wanted, load, outcome),
        "events_extracted": events,
        "seconds": round(seconds, 2),
        "events_per_second": round(events / seconds),
    }


def _can_be_updated(wanted: Extraction, before: TrackingLoad, noted: Files) -> bool:
    """Whether replacing the shares of changed files is enough: sound, and not to be sealed now."""
    if wanted.can_be_sealed and not before["sealed"]:
        return False
    if before["state"] == TrackingState.UPDATING:  # it is repeated, and all counted at the end
        return bool(before["source"][0] == wanted.settled)
    if before["state"] != TrackingState.LOADED:
        return False
    return before["source"] == [wanted.settled, digest(marks_of(noted))]


def _changed(wanted: Extraction, before: TrackingLoad, noted: Files) -> list[str]:
    """The files whose records must be replaced, including those of a killed update."""
    was = marks_of(noted)
    files = was.keys() | wanted.files.keys()
    changed = {file for file in files if was.get(file) != wanted.files.get(file)}
    return sorted(changed - wanted.held_back | set(before.get("updating", ())))


def _note_intention(
    store: Store,
    wanted: Extraction,
    before: TrackingLoad,
    state: TrackingState,
    changed: list[str] | None = None,
) -> None:
    intention = before.copy()
    intention["state"], intention["sealed"] = state, False
    if changed:
        intention["updating"] = changed
    note_course_load(store, wanted.partition, wanted.collection, intention)


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
