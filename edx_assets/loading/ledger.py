"""The ledger: what is loaded, from what, with which counts. The form of every entry is here.

Who is registered under which database's name is the registry's; what a stage does is the stage's.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict, cast

from edx_assets.edx.collections import QUARANTINE, TRACKING
from edx_assets.edx.file_names import SiteDay
from edx_assets.resources.store import Collection, Store

MASTER = "tracking_logs"
"""The database of the master collection and of the ledger."""
MASTER_TRACKING = Collection(MASTER, TRACKING)
MASTER_QUARANTINE = Collection(MASTER, QUARANTINE)
DUPLICATES = Collection(MASTER, "duplicates")
IMPORTS = Collection(MASTER, "imports")
PACKAGES = Collection(MASTER, "packages")
PACKAGE_COURSES = Collection(MASTER, "package_courses")
COURSES = Collection(MASTER, "courses")
COURSE_LOADS = Collection(MASTER, "course_loads")
TRACKING_FILES = Collection(MASTER, "tracking_files")
"""By course, the files that its tracking holds shares of: apart, for they can be thousands."""
LOADS = "_loads"
"""The collection of each course's database that says what every other was loaded from."""

Source = list[Any]
"""What a collection was made from: equal to that of now, or the collection is to be made again."""


class DayState(StrEnum):
    """How far a day is."""

    LOADING = "loading"
    """A load runs, was cut off, or does not add up: no record of the day can be relied on."""
    LOADED = "loaded"
    NO_FILE = "no_file"


class TrackingState(StrEnum):
    """How far a course's tracking is."""

    LOADED = "loaded"
    UPDATING = "updating"
    """Some files' records are being replaced, or that was cut off."""
    EXTRACTING = "extracting"
    """All records are being extracted, or that was cut off."""


class CourseEvents(TypedDict):
    """How many events of a course a day's file brought."""

    course_key: str
    events: int


class Totals(TypedDict):
    """What a file's records in the master collection are."""

    loaded: int
    implicit: int
    first: datetime | None
    last: datetime | None
    courses: list[CourseEvents]
    hours: list[int]


class Was(TypedDict):
    """What was loaded of a day before the load that runs now."""

    file: str
    token: str | None
    courses: list[CourseEvents]
    first: datetime
    last: datetime


class DayEntry(TypedDict):
    """A day of a site (`imports`). While it is loading there are no counts yet, or those before."""

    _id: str
    site: str
    date: str
    file: str | None
    etag: str
    version: int
    state: DayState
    replaces: list[str]
    was: NotRequired[Was | None]
    recount_for: NotRequired[list[str]]
    token: NotRequired[str]
    bytes: NotRequired[int]
    lines: NotRequired[int]
    loaded: NotRequired[int]
    duplicates: NotRequired[int]
    rejected: NotRequired[int]
    reasons: NotRequired[dict[str, int]]
    implicit: NotRequired[int]
    first: NotRequired[datetime | None]
    last: NotRequired[datetime | None]
    courses: NotRequired[list[CourseEvents]]
    hours: NotRequired[list[int]]
    loaded_at: NotRequired[datetime]
    courses_refused: NotRequired[list[str]]


class PackageMember(TypedDict):
    """A member of a package: its collection, its path in the zip, and its bytes there."""

    table: str
    member: str
    bytes: int


class CourseFiles(TypedDict):
    """Which files of a package are a course's: the package's date and name, site and prefix."""

    date: str
    file: str
    site: str
    prefix: str


class PackageCourse(CourseFiles):
    """A course in a package (`package_courses`)."""

    _id: str
    source: Source
    partition: str
    tables: list[PackageMember]
    opt_in: bool
    failed_exports: list[str]


class CourseOfPackage(TypedDict):
    """A course that a package names."""

    course_key: str
    site: str


class PackageEntry(TypedDict):
    """A package that has been sorted (`packages`)."""

    _id: str
    date: str
    file: str
    source: Source
    state: str
    members: int
    courses: list[CourseOfPackage]
    failed_exports: list[str]
    not_of_a_course: list[str]
    refused: list[str]


class CourseLoad(TypedDict):
    """What a collection of a course's database holds (`course_loads`, and `_loads` there)."""

    documents: int
    source: Source
    loaded_at: datetime
    partition: NotRequired[str]
    collection: NotRequired[str]
    package: NotRequired[str]
    file: NotRequired[str]
    rows: NotRequired[int]
    duplicates: NotRequired[int]
    rejected: NotRequired[int]


class Span(TypedDict):
    """A window of time, as the ledger keeps it."""

    start: datetime | None
    end: datetime | None


class TrackingLoad(CourseLoad):
    """The same of a course's tracking. Before its first extraction ends there is no such entry."""

    state: TrackingState
    with_module: int
    bound: int
    first: datetime | None
    last: datetime | None
    window: Span
    structure_window: Span
    held_back: list[tuple[str, str | None]]
    """Files that were being loaded, each with the mark that it had in the collection, if any."""
    sealed: bool
    updating: NotRequired[list[str]]
    """Files whose records an update replaces."""


def is_settled(entry: DayEntry) -> bool:
    """Whether a day's records are what the ledger says."""
    return entry["state"] in (DayState.LOADED, DayState.NO_FILE)


def new_token() -> str:
    """A unique id of one load: what was made from the load keeps it, and so sees the next one."""
    return secrets.token_hex(6)


def as_was(entry: DayEntry | None) -> Was | None:
    """What is kept of a day's entry while the day is loaded again: what was loaded, if anything."""
    if entry is None or entry["state"] != DayState.LOADED:
        return entry.get("was") if entry else None
    names = ("file", "token", "courses", "first", "last")
    return cast(Was, {name: entry.get(name) for name in names})


def set_aside(store: Store, day: SiteDay) -> None:
    """Mark a day's records as not to be relied on, and to be loaded again."""
    entry = day_entry(store, day)
    if entry is not None:
        entry["was"], entry["state"] = as_was(entry), DayState.LOADING
        store.put(IMPORTS, entry)


def day_entry(store: Store, day: SiteDay) -> DayEntry | None:
    """A day's entry, or None."""
    return cast(DayEntry | None, store.get(IMPORTS, str(day)))


def day_entries(
    store: Store, site: str | None = None, fields: Sequence[str] | None = None
) -> Iterator[DayEntry]:
    """The entries of a site's days, or of all, in the order of sites and days; cut to `fields`."""
    query = {"site": site} if site else {}
    return cast(Iterator[DayEntry], store.find(IMPORTS, query, sort=[("_id", 1)], fields=fields))


def note_course_load(
    store: Store, partition: str, collection: Collection, load: CourseLoad
) -> None:
    """Note what a collection of a course's database now holds, and from what.

    In the database itself (`_loads`), which may be copied or handed on, and in the ledger: last,
    for what is noted there is not noted again.
    """
    note_load(store, collection, load)
    key = {"_id": _load_id(partition, collection.name)}
    names = {"partition": partition, "collection": collection.name}
    store.put(COURSE_LOADS, {**key, **names, **load})


def note_load(store: Store, collection: Collection, load: CourseLoad) -> None:
    """Note it in the course's database alone."""
    store.put(Collection(collection.database, LOADS), {**load, "_id": collection.name})


def forget_course_load(store: Store, partition: str, collection: Collection) -> None:
    """Drop a collection of a course's database, and what was noted of it."""
    store.drop(collection)
    store.delete(COURSE_LOADS, {"_id": _load_id(partition, collection.name)})
    store.delete(Collection(collection.database, LOADS), {"_id": collection.name})


def course_load(store: Store, partition: str, collection: str) -> CourseLoad | None:
    """What was noted of a collection of a course's database, or None."""
    return cast(CourseLoad | None, store.get(COURSE_LOADS, _load_id(partition, collection)))


def tracking_load(store: Store, partition: str) -> TrackingLoad | None:
    """What was noted of a course's tracking, or None."""
    return cast(TrackingLoad | None, course_load(store, partition, MASTER_TRACKING.name))


def package_of(store: Store, partition: str, day: str | None = None) -> PackageCourse | None:
    """The newest package that holds a course, or that of a day: its date, and its members."""
    query = {"partition": partition} | ({"date": day} if day else {})
    found = cast(Iterator[PackageCourse], store.find(PACKAGE_COURSES, query))
    return max(found, key=lambda entry: entry["date"], default=None)


def _load_id(partition: str, collection: str) -> str:
    return f"{partition}/{collection}"
