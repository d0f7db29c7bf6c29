"""Which records of the master collection are a course's: its spellings, site and window."""

from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edx_assets.edx.courses import CourseEntry, Window, read_courses_file

EXTRACTION = 2
"""Version of what becomes of a record; a course extracted under another is extracted anew."""

CoursesByKey = dict[tuple[str, str], CourseEntry]


def courses_entries(courses_file: Path | None) -> CoursesByKey:
    """What the courses file says of courses, by (course key, site); nothing where there is none.

    Raises:
        CoursesFileError, OSError: the file cannot be used.
    """
    return read_courses_file(courses_file.read_text(encoding="utf-8")) if courses_file else {}


def spellings(key: str, entry: CourseEntry | None) -> list[str]:
    """The course keys that the course's records carry, its canonical one first."""
    return list(dict.fromkeys([key, *(entry.spellings if entry else ())]))


def master_query(keys: list[str], site: str, window: Window) -> dict[str, Any]:
    """The query for a course's records in the master collection.

    One key is asked for as such: within `$in`, nx-27017 takes ten times as long.
    """
    course = keys[0] if len(keys) == 1 else {"$in": keys}
    query: dict[str, Any] = {"course_id": course, "site": site}
    between = {"$gte": window.start, "$lt": window.end}
    if told := {operator: moment for operator, moment in between.items() if moment}:
        query["timestamp"] = told
    return query


def settled(keys: list[str], site: str, window: Window, structure_source: list[Any]) -> str:
    """A fingerprint of what concerns every record of a course: which they are, and the structure.

    Moments count to the millisecond, as the database keeps them.
    """
    told = (EXTRACTION, sorted(keys), site, _iso(window.start), _iso(window.end), structure_source)
    return blake2b(repr(told).encode(), digest_size=16).hexdigest()


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
