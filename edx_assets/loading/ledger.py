"""The ledger: what has been loaded, from what, with which counts. Databases' names are here too."""

import secrets
from collections.abc import Iterator
from datetime import date
from typing import Any

from edx_assets.edx.courses import course_partition, database_name
from edx_assets.errors import FinalError
from edx_assets.resources.lock import locked
from edx_assets.resources.store import Store

MASTER = "tracking_logs"
"""The database of the master collection and of the ledger."""
TRACKING = "tracking"
IMPORTS = "imports"
QUARANTINE = "quarantine"
DUPLICATES = "duplicates"
PACKAGES = "packages"
PACKAGE_COURSES = "package_courses"
COURSES = "courses"
COURSE_LOADS = "course_loads"
TRACKING_FILES = "tracking_files"
"""By course, the files that its tracking holds shares of: apart, for they can be thousands."""
LOADS = "_loads"
"""The collection of each course's database that says what every other was loaded from."""

Entry = dict[str, Any]


class CourseClashError(FinalError):
    """Two courses would share a database; the message names both and the remedy."""


def import_id(site: str, day: date) -> str:
    """`_id` of a day's entry in the ledger of imports."""
    return f"{site}/{day}"


def new_token() -> str:
    """What tells a load of a file from every other: what was made from the file follows it."""
    return secrets.token_hex(6)


def as_was(entry: Entry | None) -> Entry | None:
    """What is kept of a day's entry while the day is loaded anew: what was loaded, if anything."""
    if entry is None or entry["state"] != "loaded":
        return entry.get("was") if entry else None
    return {name: entry.get(name) for name in ("file", "token", "courses", "first", "last")}


def register_course(store: Store, key: str, site: str) -> str:
    """Register a course if it is new, and give its partition key.

    Raises:
        CourseClashError: its database's name is another course's.
        ValueError: no canonical course key, or one too long for a database's name.
    """
    partition = course_partition(key, site)
    if store.get(MASTER, COURSES, partition):
        return partition
    database = database_name(key, site)
    # names that differ by case alone are refused by MongoDB, so they are a clash as well
    folded = database.lower()
    with locked(store, MASTER, COURSES):
        for other in store.find(MASTER, COURSES, {"database_folded": folded}):
            if other["_id"] == partition:  # another run was faster
                return partition
            raise CourseClashError(
                f"{partition} and {other['_id']} would both be the database {database}: rename one"
                " of them, or leave it out"
            )
        store.put(
            MASTER,
            COURSES,
            {
                "_id": partition,
                "course_key": key,
                "site": site,
                "database": database,
                "database_folded": folded,
            },
        )
    return partition


def note_course_load(
    store: Store, partition: str, database: str, collection: str, entry: Entry
) -> None:
    """Note what a collection of a course's database now holds, and from what.

    In the database itself (`_loads`), which may be copied or handed on, and in the ledger: last,
    for what is noted there is not noted again.
    """
    note_load(store, database, collection, entry)
    store.put(
        MASTER,
        COURSE_LOADS,
        {
            "_id": f"{partition}/{collection}",
            "partition": partition,
            "collection": collection,
            **entry,
        },
    )


def note_load(store: Store, database: str, collection: str, entry: Entry) -> None:
    """Note it in the course's database alone."""
    store.put(database, LOADS, {**entry, "_id": collection})


def forget_course_load(store: Store, partition: str, database: str, collection: str) -> None:
    """Drop a collection of a course's database, and what was noted of it."""
    store.drop(database, collection)
    store.delete(MASTER, COURSE_LOADS, {"_id": f"{partition}/{collection}"})
    store.delete(database, LOADS, {"_id": collection})


def course_load(store: Store, partition: str, collection: str) -> Entry | None:
    """What was noted of a collection of a course's database, or None."""
    return store.get(MASTER, COURSE_LOADS, f"{partition}/{collection}")


def package_of(store: Store, partition: str, day: str | None = None) -> Entry | None:
    """The newest package that holds a course, or that of a day: its date, and its members."""
    query = {"partition": partition} | ({"date": day} if day else {})
    found = list(store.find(MASTER, PACKAGE_COURSES, query))
    return max(found, key=lambda entry: entry["date"]) if found else None


def imports(store: Store) -> Iterator[Entry]:
    """Every day's entry, in the order of sites and days."""
    return store.find(MASTER, IMPORTS, {}, sort=[("_id", 1)])
