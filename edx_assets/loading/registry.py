"""The registry: every known course and the name of its database. Counts belong in the ledger."""

from typing import TypedDict, cast

from edx_assets.edx.courses import course_partition, database_name
from edx_assets.errors import FinalError
from edx_assets.loading.ledger import COURSES, MASTER
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.lock import locked
from edx_assets.resources.store import Store


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

    Raises:
        CourseRefusedError: its database name is taken by another course, too long, or impossible.
        StoreError: the database failed.
    """
    partition = course_partition(key, site)
    if store.get(COURSES, partition):
        return partition
    try:
        database = database_name(key, site)
    except ValueError as error:
        raise CourseRefusedError(str(error)) from None
    # MongoDB refuses names that differ only by case: they clash as well
    folded = database.lower()
    with locked(store, MASTER, COURSES.name):
        for other in store.find(COURSES, {"database_folded": folded}):
            if other["_id"] == partition:  # another run was faster
                return partition
            raise CourseRefusedError(
                f"{partition} and {other['_id']} would both be the database {database}: rename one"
                " of them or leave it out"
            )
        course = RegisteredCourse(
            _id=partition, course_key=key, site=site, database=database, database_folded=folded
        )
        store.put(COURSES, course)
    return partition


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
    return f"{name[:54]}_{day.replace('-', '')}" if day else name
