"""The registry: every known course and the name of its database. Counts belong in the ledger."""

import re
from collections.abc import Iterable
from typing import TypedDict, cast

from edx_assets.edx.courses import course_partition, database_name, dated_name, distinct_name
from edx_assets.errors import FinalError
from edx_assets.loading.ledger import COURSE_LOADS, COURSES, MASTER
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.lock import locked, outlast
from edx_assets.resources.store import Store

_DATED = re.compile(r"(.+)_[0-9]{8}")


class CourseRefusedError(FinalError):
    """A course cannot have a database of its own; the message names the cause and the remedy."""


class RegisteredCourse(TypedDict):
    """A course (`courses`); `_id` is its partition key."""

    _id: str
    course_key: str
    site: str
    database: str
    database_folded: str


def register_course(store: Store, key: str, site: str) -> str:
    """Register a course if it is new, and return its partition key.

    A registered course keeps the name of its database, whatever the rule says now; but while
    nothing of it is loaded, the name of today's rule takes the place of an older one's: there have
    been names that not every server accepts.

    Raises:
        CourseRefusedError: its database name is taken by another course, or its key is none.
        StoreError: the database failed.
    """
    partition = course_partition(key, site)
    try:
        database = database_name(key, site, store.prefix)
    except ValueError as error:
        raise CourseRefusedError(str(error)) from None
    if _keeps_name(store, partition, database):
        return partition
    with locked(store, MASTER, COURSES.name):
        if (stem := _DATED.fullmatch(database)) and _named(store, stem[1]):
            # the other course's database for a package of that date has this name
            database = distinct_name(database, partition)
        # MongoDB refuses names that differ only by case: they clash as well
        if other := next((each for each in _named(store, database) if each != partition), None):
            raise CourseRefusedError(
                f"{partition} and {other} would both be the database {database}: rename one"
                " of them or leave it out"
            )
        course = RegisteredCourse(
            _id=partition,
            course_key=key,
            site=site,
            database=database,
            database_folded=database.lower(),
        )
        store.put(COURSES, course)
    return partition


def register_courses(store: Store, courses: Iterable[str], site: str) -> list[str]:
    """Register the courses of a day's events; return the messages about those that are refused.

    A browser can send any course key: a day does not fail because of one.
    """
    outlast_registration(store)
    refused = []
    for course in sorted(courses):
        try:
            register_course(store, course, site)
        except CourseRefusedError as error:
            refused.append(str(error))
    return refused


def outlast_registration(store: Store) -> None:
    """Wait for whoever registers a course, and clear away the lock of one that is dead.

    Only new courses need that lock: nobody else would find it.

    Raises:
        StoreError: the database failed.
    """
    outlast(store, MASTER, COURSES.name)


def registered_courses(store: Store) -> list[RegisteredCourse]:
    """Every course, ordered by partition key."""
    return cast(list[RegisteredCourse], list(store.find(COURSES, {}, sort=[("_id", 1)])))


def registered_course(store: Store, partition: str) -> RegisteredCourse:
    """A registered course.

    Raises:
        StageMissingError: it is not registered.
    """
    course = store.get(COURSES, partition)
    if course is None:
        raise StageMissingError(
            f"{partition} is not registered: load a package or a tracking log that contains it"
        )
    return cast(RegisteredCourse, course)


def course_database(store: Store, partition: str, day: str | None = None) -> str:
    """The name of a course's database; with a delivery date, of the database for that package.

    Raises:
        StageMissingError: the course is not registered.
    """
    name = registered_course(store, partition)["database"]
    if day is None:
        return name
    dated = dated_name(name, day)
    return distinct_name(dated, f"{partition} {day}") if _named(store, dated) else dated


def _keeps_name(store: Store, partition: str, database: str) -> bool:
    """Whether a course is registered, and with a name that stays."""
    known = store.get(COURSES, partition)
    if known is None or database == known["database"]:
        return known is not None
    return any(True for _load in store.find(COURSE_LOADS, {"partition": partition}))


def _named(store: Store, database: str) -> list[str]:
    """The partition keys of the courses with a database of this name, ignoring case."""
    found = store.find(COURSES, {"database_folded": database.lower()})
    return [course["_id"] for course in found]
