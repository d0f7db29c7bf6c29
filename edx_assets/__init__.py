"""A university's edX research data as per-course MongoDB databases, built with Dagster assets."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edx_assets.exports.opened import Opened


def open(course: str | None = None) -> "Opened":
    """A course's tables for Python: `edx_assets.open("course-v1:…").frame("person_day")`.

    Settings come from the environment or a `.env` file. What is read is not changed.

    Args:
        course: the course's key (of edge with `@edge`), or the name of its database; without it,
            the datasets of all courses are opened, each with the column `course_id`.

    Raises:
        EdxAssetsError: a setting, the course or its data cannot be used; the message says why.
    """
    from edx_assets.exports.opened import open_all_courses, open_course  # they load DuckDB

    return open_all_courses() if course is None else open_course(course)
