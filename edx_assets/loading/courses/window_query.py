"""The query for a course's records in the master collection: its spellings, site and window.

Running it belongs in `tracking`.
"""

from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edx_assets.edx.courses import CourseEntry, Window
from edx_assets.edx.courses_file import CoursesFileError, read_courses_file
from edx_assets.loading.ledger import Source

EXTRACTION = 2
"""Version of the records' processing; a course extracted with another is extracted again."""

CoursesByKey = dict[tuple[str, str], CourseEntry]


def courses_entries(courses_file: Path | None) -> CoursesByKey:
    """The entries of the courses file by (course key, site); empty if there is no file.

    Raises:
        CoursesFileError: the file cannot be used.
    """
    if courses_file is None:
        return {}
    try:
        content = courses_file.read_bytes()
    except OSError as error:
        raise CoursesFileError(
            f"EDX_COURSES_FILE: {courses_file} cannot be read ({error.strerror}): correct the"
            " setting or the file's permissions"
        ) from None
    return read_courses_file(content)


def spellings(key: str, entry: CourseEntry | None) -> list[str]:
    """The course keys that the course's records can have, the canonical one first."""
    return list(dict.fromkeys([key, *(entry.spellings if entry else ())]))


def master_query(keys: list[str], site: str, window: Window) -> dict[str, Any]:
    """The query for a course's records in the master collection."""
    query: dict[str, Any] = {"course_id": {"$in": keys}, "site": site}
    sides = {"$gte": window.start, "$lt": window.end}
    if between := {operator: moment for operator, moment in sides.items() if moment}:
        query["timestamp"] = between
    return query


def settled(keys: list[str], site: str, window: Window, structure_source: Source) -> str:
    """A fingerprint of what affects every record of a course: the query and the structure.

    Times count to the millisecond, as in the database.
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
