"""The ledger: what is loaded, from what, with which counts. Every entry's form is defined here.

Courses and the names of their databases belong in `registry`; the work of a stage in its module.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import cast

from edx_assets.edx.collections import QUARANTINE, TRACKING
from edx_assets.edx.file_names import SiteDay
from edx_assets.edx.personal import personal_fields
from edx_assets.loading.entries import (
    CourseLoad,
    DayEntry,
    DayState,
    PackageCourse,
    Source,
    TrackingLoad,
    Was,
)
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
"""The files that each course's tracking was extracted from. Kept apart: there can be thousands."""
LOADS = "_loads"
"""A collection in each course's database: what every other collection was loaded from."""


def is_settled(entry: DayEntry) -> bool:
    """Whether a day's records can be relied on."""
    return entry["state"] in (DayState.LOADED, DayState.NO_FILE)


def is_half_retried(entry: DayEntry) -> bool:
    """Whether a retry of a day's quarantined lines is running, or was killed.

    Such a day waits for the count of its own records.
    """
    return entry["file"] in entry.get("recount_for", ())


def new_token() -> str:
    """Unique id of one load. What is made from the load stores it, to recognise a later load."""
    return secrets.token_hex(6)


def as_was(entry: DayEntry | None) -> Was | None:
    """What a day's entry remembers while the day is loaded again: what was loaded, if anything."""
    if entry is None or entry["state"] != DayState.LOADED:
        return entry.get("was") if entry else None
    names = ("file", "token", "courses", "first", "last")
    return cast(Was, {name: entry.get(name) for name in names})


def set_aside(store: Store, day: SiteDay) -> None:
    """Mark a day as `loading`: its records cannot be relied on and must be loaded again."""
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
    """The entries of a site's days, or of all, by site and day; only `fields` where given."""
    query = days_between(site) if site else {}
    return cast(Iterator[DayEntry], store.find(IMPORTS, query, sort=[("_id", 1)], fields=fields))


def days_between(
    site: str, first: date | None = None, last: date | None = None
) -> dict[str, dict[str, str]]:
    """The query for a site's days, both ends included, by `_id`, which is indexed."""
    return {"_id": {"$gte": f"{site}/{first or ''}", "$lte": f"{site}/{last or '~'}"}}


def note_course_load(
    store: Store,
    partition: str,
    collection: Collection,
    load: CourseLoad,
    personal: Mapping[str, str] | None = None,
) -> None:
    """Record what a collection of a course's database now holds, and what it was made from.

    `personal` tells the class of each field that holds personal data, where the catalogue does not
    know it.

    It is recorded in the database itself (`_loads`), which may be copied or handed on, and then in
    the ledger. The ledger comes last, because what it has is not recorded again.
    """
    note_load(store, collection, load, personal)
    key = {"_id": load_id(partition, collection.name)}
    names = {"partition": partition, "collection": collection.name}
    store.put(COURSE_LOADS, {**key, **names, **load})


def doubt_course_load(store: Store, partition: str, collection: str) -> None:
    """Make the ledger's entry for a collection out of date, before the collection is replaced.

    If the process is killed before it notes what the collection then holds, it is loaded again.
    """
    store.update(COURSE_LOADS, {"_id": load_id(partition, collection)}, {"source": []})


def note_load(
    store: Store,
    collection: Collection,
    load: CourseLoad,
    personal: Mapping[str, str] | None = None,
) -> None:
    """Record it in the course's database only, with the fields that hold personal data.

    Nothing is said of them where neither the caller nor the catalogue knows.
    """
    known = personal_fields(collection.name) if personal is None else personal
    told = None if known is None else [{"field": f, "personal": str(p)} for f, p in known.items()]
    entry = {**load, "_id": collection.name}
    store.put(
        Collection(collection.database, LOADS),
        entry if told is None else entry | {"personal": told},
    )


def forget_course_load(store: Store, partition: str, collection: Collection) -> None:
    """Drop a collection of a course's database, and its records in `_loads` and the ledger.

    The ledger comes last: what it does not have is not dropped again.
    """
    store.delete(Collection(collection.database, LOADS), {"_id": collection.name})
    store.drop(collection)
    store.delete(COURSE_LOADS, {"_id": load_id(partition, collection.name)})


def course_load(store: Store, partition: str, collection: str) -> CourseLoad | None:
    """The ledger's entry for a collection of a course's database, or None."""
    return cast(CourseLoad | None, store.get(COURSE_LOADS, load_id(partition, collection)))


def made_from(load: CourseLoad) -> Source:
    """What a collection was made from: what is made from the collection notes it as its source.

    It changes as well where rows of retired learners were removed.
    """
    return [*load["source"], *([told] if (told := load.get("retirement")) else [])]


def course_loads(store: Store, partition: str) -> dict[str, CourseLoad]:
    """The ledger's entries for all that a course's database holds, by collection, in one read."""
    entries = store.find(COURSE_LOADS, {"partition": partition})
    return {
        entry["collection"]: cast(CourseLoad, entry)
        for entry in sorted(entries, key=itemgetter("_id"))
    }


def tracking_load(store: Store, partition: str) -> TrackingLoad | None:
    """The ledger's entry for a course's tracking, or None."""
    return cast(TrackingLoad | None, course_load(store, partition, MASTER_TRACKING.name))


def package_of(store: Store, partition: str, day: str | None = None) -> PackageCourse | None:
    """A course in the newest package that has it, or in the package delivered on `day`.

    Of the others the dates alone are read: there is a list of files for every course and week.
    """
    if day is None:
        found = store.find(PACKAGE_COURSES, {"partition": partition}, fields=["date"])
        day = max((entry["date"] for entry in found), default=None)
    key = package_course_id(day, partition) if day else None
    return cast(PackageCourse | None, store.get(PACKAGE_COURSES, key)) if key else None


def package_course_id(day: str, partition: str) -> str:
    """The `_id` of a course in a package, by the package's delivery date."""
    return f"{day}/{partition}"


def courses_of_package(day: str) -> dict[str, str]:
    """The query for the `_id` of all courses in a package."""
    return {"$gte": f"{day}/", "$lt": f"{day}0"}  # `0` is the character after `/`


def prepare_courses(store: Store) -> None:
    """Create the indexes by course, which every load of a course asks for."""
    store.index(PACKAGE_COURSES, [("partition", 1), ("date", 1)])
    store.index(COURSE_LOADS, [("partition", 1)])


def load_id(partition: str, collection: str) -> str:
    """The `_id` of what a course's collection holds (`course_loads`)."""
    return f"{partition}/{collection}"


def load_names(load: CourseLoad) -> tuple[str, str]:
    """The partition and the collection of an entry, by its `_id`."""
    partition, _slash, collection = load["_id"].rpartition("/")
    return partition, collection
