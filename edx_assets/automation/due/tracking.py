"""Which courses' tracking is due, by the ledger. No run is requested here."""

from datetime import date
from pathlib import Path
from typing import cast

from edx_assets.automation.due.course_days import CourseDays
from edx_assets.automation.due.loads import Loads, loads_of
from edx_assets.edx.collections import COURSE_STRUCTURE, TRACKING
from edx_assets.edx.courses import Window, window_of
from edx_assets.loading.courses.window_files import (
    EVERY_DAY,
    Marks,
    digest,
    has_ended,
    missing_days,
)
from edx_assets.loading.courses.window_query import (
    courses_entries,
    runs_by_number,
    settled,
    spellings,
)
from edx_assets.loading.entries import TrackingLoad, TrackingState
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.store import Store


def tracking_due(
    store: Store,
    courses_file: Path | None,
    today: date,
    log_days: tuple[date, date] = EVERY_DAY,
    loads: Loads | None = None,
    days: CourseDays | None = None,
) -> list[str]:
    """Partitions of courses whose tracking must be extracted, or can be sealed today.

    Only the ledger is read, in a few queries for any number of courses. A day makes courses due
    only once it is loaded. Courses without a structure are left out: tracking cannot be extracted
    without it.

    Args:
        store: the document store.
        courses_file: the institution's windows and spellings, or None.
        today: the day (UTC) that decides whether a course has ended.
        log_days: the first and the last day of the sites' logs.
        loads: what the courses hold, where it has just been read.
        days: the days by course, as an earlier look left them; they are brought up to date.

    Raises:
        CoursesFileError: the courses file cannot be used.
        StoreError: the database failed.
    """
    entries = courses_entries(courses_file)
    loads = loads_of(store) if loads is None else loads
    days = CourseDays() if days is None else days
    days.look(store)
    due = []
    registered = registered_courses(store)
    runs = {site: runs_by_number(registered, site) for site in {c["site"] for c in registered}}
    for course in registered:
        key, site, partition = course["course_key"], course["site"], course["_id"]
        held = loads.get(partition, {})
        structure, load = held.get(COURSE_STRUCTURE), cast(TrackingLoad | None, held.get(TRACKING))
        if structure is None:
            continue
        if load is None or load["state"] != TrackingState.LOADED:
            due.append(partition)
            continue
        entry = entries.get((key, site))
        keys = spellings(key, entry, runs[site])
        window = window_of(entry, Window(**load["structure_window"]))
        source = [
            settled(keys, site, window, structure["source"]),
            _digest(days, site, keys, window, load),
        ]
        if load["source"] != source or (
            not load["sealed"]
            and has_ended(window, today)
            and not missing_days(days.settled.get(site, set()), window, today, log_days)
        ):
            due.append(partition)
    return due


def _digest(
    days: CourseDays, site: str, keys: list[str], window: Window, load: TrackingLoad
) -> str:
    """The fingerprint of the files that the course would be extracted from."""
    if not load["held_back"]:
        return days.digest(site, keys, window)
    loading = days.loading.get(site, set())
    return digest(_as_extracted(days.marks(site, keys, window), load, loading))


def _as_extracted(found: Marks, load: TrackingLoad, loading: set[str]) -> Marks:
    """The marks, with the extraction's own for files it held back and that are still loading."""
    found = dict(found)
    for file, mark in load["held_back"]:
        if file in loading:
            found.pop(file, None)
            if mark is not None:
                found[file] = mark
    return found
