"""What is due: courses whose collections are not what the ledger says they should be."""

from collections.abc import Iterator
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edx_assets.edx.courses import Window, course_partition, window_of
from edx_assets.loading.courses.collection import package_source
from edx_assets.loading.courses.learners import LEARNERS
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
from edx_assets.loading.courses.window_query import courses_entries, settled, spellings
from edx_assets.loading.ledger import (
    COURSE_LOADS,
    COURSES,
    MASTER,
    PACKAGE_COURSES,
    PACKAGES,
    QUARANTINE,
    TRACKING,
    Entry,
)
from edx_assets.loading.packages.members import OPT_IN
from edx_assets.resources.store import Store

_STRUCTURE = "course_structure"
_MADE_HERE = frozenset({TRACKING, LEARNERS, QUARANTINE})
"""Collections of a course's database that are loaded from no file of a package."""


def tracking_due(
    store: Store,
    courses_file: Path | None,
    today: date,
    log_days: tuple[date, date] = EVERY_DAY,
) -> list[str]:
    """Partitions of courses whose tracking is to be extracted, or can be sealed today.

    By the ledger alone, in three queries however many courses there are. A day that is being loaded
    makes nothing due before it is loaded. Courses without a structure are left out: their
    tracking is nothing without.

    Raises:
        CoursesFileError, OSError: the courses file cannot be used.
        StoreError: the database failed.
    """
    entries = courses_entries(courses_file)
    loads = _loads(store)
    files: dict[tuple[str, str], list[DayFile]] = {}
    days: dict[str, list[Entry]] = {}
    for day in days_of(store):
        if told := course_files(day):
            for key in told[1]:
                files.setdefault((day["site"], key), []).append(told[0])
        slim = {name: day[name] for name in day if name not in ("courses", "was")}
        days.setdefault(day["site"], []).append(slim)
    dates = {site: settled_dates(of_site) for site, of_site in days.items()}
    loading = {site: unsettled(of_site) for site, of_site in days.items()}
    due = []
    for course in store.find(MASTER, COURSES, {}, sort=[("_id", 1)]):
        key, site, partition = course["course_key"], course["site"], course["_id"]
        structure, load = (loads.get((partition, name)) for name in (_STRUCTURE, TRACKING))
        if structure is None:
            continue
        if load is None or load.get("state") != "loaded":
            due.append(partition)
            continue
        entry = entries.get((key, site))
        keys = spellings(key, entry)
        window = window_of(entry, Window(**load["structure_window"]))
        found = marks([file for each in keys for file in files.get((site, each), [])], window)
        found = _as_extracted(found, load, loading.get(site, set()))
        source = [settled(keys, site, window, structure["source"]), digest(found)]
        if load["source"] != source or (
            not load["sealed"]
            and has_ended(window, today)
            and not missing_days(dates.get(site, set()), window, today, log_days)
        ):
            due.append(partition)
    return due


def packages_due(store: Store) -> dict[str, str]:
    """Partitions of courses whose newest package is not what their collections were loaded from.

    Each with a token that names the package's state: its date, and a hash of its ETags and of the
    version that loads it. By the ledger alone, in three queries. A file that cannot be loaded
    leaves its course due.

    Raises:
        StoreError: the database failed.
    """
    loaded: dict[str, dict[str, Any]] = {}
    for load in store.find(MASTER, COURSE_LOADS, {}, fields=["partition", "collection", "source"]):
        if load["collection"] not in _MADE_HERE:
            loaded.setdefault(load["partition"], {})[load["collection"]] = load["source"]
    due = {}
    for package in _newest_packages(store):
        source = package_source(package)
        held = loaded.get(package["partition"], {})
        if not _collections_of(package) <= held.keys() or any(s != source for s in held.values()):
            token = blake2b(repr(source).encode(), digest_size=6).hexdigest()
            due[package["partition"]] = f"{package['date']}-{token}"
    return dict(sorted(due.items()))


def _newest_packages(store: Store) -> Iterator[Entry]:
    """What was sorted of each course's newest package.

    The members of every package are not to be read for it: that is a list a course and week. Nor
    are they asked for by `_id`: nx-27017 0.8.1 finds no text that begins with a date and goes on.
    """
    newest: dict[str, str] = {}
    for package in store.find(MASTER, PACKAGES, {}, fields=["date", "courses"]):
        for course in package["courses"]:
            partition = course_partition(course["course_key"], course["site"])
            newest[partition] = max(newest.get(partition, ""), package["date"])
    dates = {"$in": sorted(set(newest.values()))}
    fields = ["partition", "date", "source", "tables", "opt_in"]
    for package in store.find(MASTER, PACKAGE_COURSES, {"date": dates}, fields=fields):
        if newest.get(package["partition"]) == package["date"]:
            yield package


def _loads(store: Store) -> dict[tuple[str, str], Entry]:
    found = store.find(
        MASTER,
        COURSE_LOADS,
        {"collection": {"$in": [_STRUCTURE, TRACKING]}},
        fields=[
            "partition",
            "collection",
            "source",
            "state",
            "sealed",
            "structure_window",
            "held_back",
        ],
    )
    return {(load["partition"], load["collection"]): load for load in found}


def _as_extracted(found: Marks, load: Entry, loading: set[str]) -> Marks:
    """Marks as the extraction had them of files that it held back and that are loading still."""
    found = dict(found)
    for file, mark in load["held_back"]:
        if file in loading:
            found.pop(file, None)
            if mark is not None:
                found[file] = mark
    return found


def _collections_of(package: Entry) -> set[str]:
    names = {member["table"] for member in package["tables"]}
    return (names | ({OPT_IN} if package["opt_in"] else set())) - _MADE_HERE
