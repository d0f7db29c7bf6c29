"""Which courses are due, by the ledger: for a newer package, or for their tracking.

No run is requested here.
"""

from collections.abc import Iterator
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import cast

from edx_assets.edx.collections import COURSE_STRUCTURE, OPT_IN, TRACKING, from_package
from edx_assets.edx.courses import Window, course_partition, window_of
from edx_assets.loading.courses.collection import package_source
from edx_assets.loading.courses.window_files import (
    EVERY_DAY,
    DayFile,
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
    runs_by_number,
    settled,
    spellings,
)
from edx_assets.loading.entries import (
    CourseLoad,
    DayEntry,
    PackageCourse,
    PackageEntry,
    Source,
    TrackingLoad,
    TrackingState,
)
from edx_assets.loading.ledger import (
    COURSE_LOADS,
    PACKAGE_COURSES,
    PACKAGES,
    package_course_id,
)
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.store import Store


def tracking_due(
    store: Store,
    courses_file: Path | None,
    today: date,
    log_days: tuple[date, date] = EVERY_DAY,
) -> list[str]:
    """Partitions of courses whose tracking must be extracted, or can be sealed today.

    Only the ledger is read, in three queries for any number of courses. A day makes courses due
    only once it is loaded. Courses without a structure are left out: tracking cannot be extracted
    without it.

    Raises:
        CoursesFileError: the courses file cannot be used.
        StoreError: the database failed.
    """
    entries = courses_entries(courses_file)
    structures, extracted = _loads(store)
    files: dict[tuple[str, str], list[DayFile]] = {}
    days: dict[str, list[DayEntry]] = {}
    for day in days_of(store):
        if found := course_files(day):
            file, courses = found
            for key in courses:
                files.setdefault((day["site"], key), []).append(file)
        slim = {name: value for name, value in day.items() if name not in ("courses", "was")}
        days.setdefault(day["site"], []).append(cast(DayEntry, slim))
    dates = {site: settled_dates(of_site) for site, of_site in days.items()}
    loading = {site: unsettled(of_site) for site, of_site in days.items()}
    due = []
    registered = registered_courses(store)
    runs = {site: runs_by_number(registered, site) for site in {c["site"] for c in registered}}
    for course in registered:
        key, site, partition = course["course_key"], course["site"], course["_id"]
        structure, load = structures.get(partition), extracted.get(partition)
        if structure is None:
            continue
        if load is None or load["state"] != TrackingState.LOADED:
            due.append(partition)
            continue
        entry = entries.get((key, site))
        keys = spellings(key, entry, runs[site])
        window = window_of(entry, Window(**load["structure_window"]))
        now = marks([file for each in keys for file in files.get((site, each), [])], window)
        now = _as_extracted(now, load, loading.get(site, set()))
        source = [settled(keys, site, window, structure["source"]), digest(now)]
        if load["source"] != source or (
            not load["sealed"]
            and has_ended(window, today)
            and not missing_days(dates.get(site, set()), window, today, log_days)
        ):
            due.append(partition)
    return due


def packages_due(store: Store) -> dict[str, str]:
    """Partitions of courses whose collections were not loaded from their newest package.

    Each has a token for the package's state: its date, and a hash of its ETags and of the version
    that loads it. Only the ledger is read, in three queries. A course stays due while one of its
    files cannot be loaded.

    Raises:
        StoreError: the database failed.
    """
    loaded: dict[str, dict[str, Source]] = {}
    fields = ["partition", "collection", "source", "package"]
    for load in store.find(COURSE_LOADS, {}, fields=fields):
        if "package" in load:  # what is made here has none
            loaded.setdefault(load["partition"], {})[load["collection"]] = load["source"]
    due = {}
    for package in _newest_packages(store):
        held = loaded.get(package["partition"], {})
        of_package = {name: package_source(package, name) for name in _collections_of(package)}
        sources = of_package | {name: package_source(package, name) for name in held}
        if sources != held:
            token = blake2b(repr(sorted(of_package.items())).encode(), digest_size=6).hexdigest()
            due[package["partition"]] = f"{package['date']}-{token}"
    return dict(sorted(due.items()))


def _newest_packages(store: Store) -> Iterator[PackageCourse]:
    """Each course in its newest package.

    The members of older packages are not read: there is a list for every course and week.
    """
    newest: dict[str, str] = {}
    found = store.find(PACKAGES, {}, fields=["date", "courses"])
    for package in cast(Iterator[PackageEntry], found):
        for course in package["courses"]:
            partition = course_partition(course["course_key"], course["site"])
            newest[partition] = max(newest.get(partition, ""), package["date"])
    these = {
        "_id": {
            "$in": [package_course_id(day, partition) for partition, day in sorted(newest.items())]
        }
    }
    fields = ["partition", "date", "source", "tables", "opt_in"]
    return cast(Iterator[PackageCourse], store.find(PACKAGE_COURSES, these, fields=fields))


def _loads(store: Store) -> tuple[dict[str, CourseLoad], dict[str, TrackingLoad]]:
    """By partition, the ledger's entries for the courses' structures and for their tracking."""
    fields = [
        "partition",
        "collection",
        "source",
        "state",
        "sealed",
        "structure_window",
        "held_back",
    ]
    these = {"collection": {"$in": [COURSE_STRUCTURE, TRACKING]}}
    structures: dict[str, CourseLoad] = {}
    extracted: dict[str, TrackingLoad] = {}
    for load in store.find(COURSE_LOADS, these, fields=fields):
        if load["collection"] == TRACKING:
            extracted[load["partition"]] = cast(TrackingLoad, load)
        else:
            structures[load["partition"]] = cast(CourseLoad, load)
    return structures, extracted


def _as_extracted(found: Marks, load: TrackingLoad, loading: set[str]) -> Marks:
    """The marks, with the extraction's own for files it held back and that are still loading."""
    found = dict(found)
    for file, mark in load["held_back"]:
        if file in loading:
            found.pop(file, None)
            if mark is not None:
                found[file] = mark
    return found


def _collections_of(package: PackageCourse) -> set[str]:
    names = {member["table"] for member in package["tables"]} | (
        {OPT_IN} if package["opt_in"] else set()
    )
    return {name for name in names if from_package(name)}
