"""Which records of the master collection are a course's: its spellings, site and window."""

from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edx_assets.edx.courses import CourseEntry, CoursesFileError, Window, read_courses_file
from edx_assets.loading.ledger import Source

EXTRACTION = 2
"""Version of what becomes of a record; a course extracted under another is extracted anew."""

CoursesByKey = dict[tuple[str, str], CourseEntry]


def courses_entries(courses_file: Path | None) -> CoursesByKey:
    """What the courses file says of courses, by (course key, site); nothing where there is none.

    Raises:
        CoursesFileError: the file cannot be used.
    """
    if courses_file is None:
        return {}
    try:
        text = courses_file.read_text(encoding="utf-8")
    except OSError as error:
        raise CoursesFileError(
            f"the courses file {courses_file} cannot be read: {error.strerror}"
        ) from None
    return read_courses_file(text)


def spellings(key: str, entry: CourseEntry | None) -> list[str]:
    """The course keys that the course's records carry, its canonical one first."""
    return list(dict.fromkeys([key, *(entry.spellings if entry else ())]))


def master_query(keys: list[str], site: str, window: Window) -> dict[str, Any]:
    """The query for a course's records in the master collection."""
    query: dict[str, Any] = {"course_id": {"$in": keys}, "site": site}
    sides = {"$gte": window.start, "$lt": window.end}
    if between := {operator: moment for operator, moment in sides.items() if moment}:
        query["timestamp"] = between
    return query


def settled(keys: list[str], site: str, window: Window, structure_source: Source) -> str:
    """A fingerprint of what concerns every record of a course: which they are, and the structure.

    Moments count to the millisecond, as the database keeps them.
    """
    concerns_all = (
        EXTRACTION,
        sorted(keys),
        site,
        _iso(window.start),
        _iso(window.end),
        structure_source,
    )
    return blake2b(repr(concerns_all).encode(), digest_size=16).hexdigest()


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
