"""The tables of a course: what it holds, and the type and meaning of every column.

How their rows are read belongs in `rows`; where they are written to, in `course`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from edx_assets.datasets.course import file_of
from edx_assets.datasets.definition import EVENTS, Dataset, DatasetColumn
from edx_assets.datasets.events import COLUMNS
from edx_assets.edx.collections import TRACKING, catalogue
from edx_assets.edx.personal import personal_fields
from edx_assets.edx.schema import tables
from edx_assets.errors import FinalError
from edx_assets.loading.entries import CourseLoad, TrackingState
from edx_assets.loading.ledger import course_loads
from edx_assets.loading.registry import RegisteredCourse, registered_courses
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

OTHER = "other"
"""The column of what a table's own columns cannot hold."""

_TYPES = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "datetime": "TIMESTAMP",
    "date": "DATE",
    "json": "JSON",
}
_DOCUMENT = (
    DatasetColumn("_id", "VARCHAR", "`_id` of the document"),
    DatasetColumn("document", "JSON", "the whole document", "free text"),
)


class UnknownCourseError(FinalError):
    """There is no such course; the message says what is there."""


class UnknownTableError(FinalError):
    """The course has no such table; the message names those that it has."""


class Kind(StrEnum):
    """What a table is."""

    COLLECTION = "collection"
    DATASET = "dataset"
    EVENTS = "events"


@dataclass(frozen=True)
class CourseTable:
    """A table of a course. `load` is the ledger's entry; the events have none.

    `documents` tells a collection whose rows are whole documents from one with columns.
    """

    name: str
    kind: Kind
    description: str
    columns: tuple[DatasetColumn, ...]
    load: CourseLoad | None

    @property
    def documents(self) -> bool:
        """Whether a row is a whole document."""
        return self.columns == _DOCUMENT


def find_course(store: Store, named: str) -> RegisteredCourse:
    """A course by its key (of edge with `@edge`), or by the name of its database.

    Raises:
        UnknownCourseError: there is none.
    """
    courses = registered_courses(store)
    for course in courses:
        if named in (course["_id"], course["database"]):
            return course
    near = _nearest(named, courses)
    guess = f" Did you mean {near}?" if near else ""
    raise UnknownCourseError(
        f"{named} is no course here ({len(courses)} are): write its key as `edx-assets status"
        f" --json` does, with @edge for a course on edge.{guess}"
    )


def _nearest(named: str, courses: list[RegisteredCourse]) -> str | None:
    """The key or database that is most like a name, or a key that has it as a part."""
    names = {name.lower(): name for each in courses for name in (each["database"], each["_id"])}
    near = get_close_matches(named.lower(), names, 1) or [
        name for name in sorted(names) if named.lower() in name
    ]
    return names[near[0]] if near else None


def course_tables(
    store: Store, storage: Storage, course: RegisteredCourse, known: dict[str, Dataset]
) -> dict[str, CourseTable]:
    """The tables that a course has now, by name: collections, then events and datasets.

    Neither the quarantine nor what edX's package does not have is among them.

    Args:
        store: the document store.
        storage: the storage, which has the datasets.
        course: the course.
        known: every dataset by name.
    """
    loads = course_loads(store, course["_id"])
    found = {
        name: _collection(name, load)
        for name, load in loads.items()
        if "content" not in load and name not in known
    }
    if storage.exists(file_of(course["database"], EVENTS)):
        told = "Each event of the course in flat columns, by learner and time."
        found[EVENTS] = CourseTable(EVENTS, Kind.EVENTS, told, COLUMNS, None)
    for name, dataset in known.items():
        if name in loads and "content" in loads[name] and not dataset.wrong:
            found[name] = CourseTable(
                name, Kind.DATASET, dataset.purpose, dataset.columns, loads[name]
            )
    return found


def chosen(found: dict[str, CourseTable], only: Iterable[str]) -> list[CourseTable]:
    """The tables with these names, or all where none is named.

    Raises:
        UnknownTableError: the course has none of that name.
    """
    names = list(dict.fromkeys(only))
    if wrong := [name for name in names if name not in found]:
        raise UnknownTableError(
            f"the course has no {', '.join(wrong)}: materialize course/{wrong[0]}, or name"
            f" {', '.join(found) or 'nothing: it has no table yet'}"
        )
    return [found[name] for name in names] if names else list(found.values())


def personal_of(table: CourseTable) -> dict[str, str]:
    """The class of each field of a table that holds personal data, by column, or path in documents.

    Of a document that is not known, all is free text.
    """
    if table.documents and (fields := personal_fields(table.name)) is not None:
        return {path: str(personal) for path, personal in fields.items()}
    return {c.name: c.personal for c in table.columns if c.personal not in ("", "none")}


def is_whole(load: CourseLoad) -> bool:
    """Whether a collection is what its entry says, and not being loaded, or half loaded."""
    state: Any = load.get("state", TrackingState.LOADED)
    return bool(load["source"]) and state == TrackingState.LOADED


def _collection(name: str, load: CourseLoad) -> CourseTable:
    known = catalogue().get(name)
    description = known.description if known else "A table that the schema does not know."
    columns: tuple[DatasetColumn, ...] = _DOCUMENT
    if name in tables():
        columns = tuple(
            DatasetColumn(c.column, _TYPES.get(c.type, "VARCHAR"), c.meaning, c.personal)
            for c in tables()[name].values()
        )
        told = "what the columns cannot hold: columns that the schema does not know, cells of"
        columns += (DatasetColumn(OTHER, "JSON", f"{told} another type", "free text"),)
    if name == TRACKING:
        description += " The table `events` has them in columns."
    return CourseTable(name, Kind.COLLECTION, description, columns, load)
