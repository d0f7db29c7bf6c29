"""The query for a course's records in the master collection: its spellings, site and window.

Running it belongs in `tracking`.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edx_assets.edx.courses import CourseEntry, Window
from edx_assets.edx.courses_file import CoursesFileError, read_courses_file
from edx_assets.edx.keys import course_parts
from edx_assets.loading.entries import Source
from edx_assets.loading.registry import RegisteredCourse

EXTRACTION = 2
"""Version of the records' processing; a course extracted with another is extracted again."""

CoursesByKey = dict[tuple[str, str], CourseEntry]
Runs = dict[str, list[str]]


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


def spellings(key: str, entry: CourseEntry | None, runs: Runs) -> list[str]:
    """The course keys that the course's records can have, the canonical one first.

    Before October 2013 a server's events of a problem tell no more than `Org/Number`. They are the
    course's where it is the only registered run on its site, or where the courses file says so.
    """
    own = [without_run(key)] if runs.get(without_run(key)) == [key] else []
    return list(dict.fromkeys([key, *(entry.spellings if entry else ()), *own]))


def runs_by_number(courses: Iterable[RegisteredCourse], site: str) -> Runs:
    """The registered runs of a site by `Org/Number`. A CCX is no run: it came years later."""
    runs: Runs = {}
    for course in courses:
        key = course["course_key"]
        if course["site"] == site and not key.startswith("ccx-"):
            runs.setdefault(without_run(key), []).append(key)
    return runs


def without_run(key: str) -> str:
    """`Org/Number` of a canonical course key."""
    org, number, _run = course_parts(key)
    return f"{org}/{number}"


def master_query(keys: list[str], site: str, window: Window) -> dict[str, Any]:
    """The query for a course's records in the master collection.

    Each key has a branch of its own with no more than the index has, course and time. MongoDB finds
    the window in the index however the query is written. secantusd-rs does so for this form alone:
    with `$in`, or the site among them, it looks through all of the course's records.
    """
    within = _within(window)
    return {"$or": [{"course_id": key, **within} for key in keys], "site": site}


def file_query(file: str, keys: list[str], site: str, window: Window) -> dict[str, Any]:
    """The query for the course's records of one file: its cost is theirs.

    secantusd-rs finds those of several files, if asked for at once, among all of the course's.
    """
    within = _within(window)
    return {"load_file": file, "course_id": {"$in": keys}, **within, "site": site}


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


def _within(window: Window) -> dict[str, Any]:
    sides = {"$gte": window.start, "$lt": window.end}
    between = {operator: moment for operator, moment in sides.items() if moment}
    return {"timestamp": between} if between else {}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
