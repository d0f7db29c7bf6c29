"""A course's partition key, database name and window of time.

The courses file is read in `courses_file`.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from edx_assets.edx.keys import course_parts

_EDGE = "@edge"
_ILLEGAL = re.compile(r'[/\\. "$*<>:|?+@\x00]')
_MAX_NAME = 63  # bytes: MongoDB's limit for a database's name


@dataclass(frozen=True)
class Window:
    """The time that a course's tracking covers: `start` <= t < `end`; None means no limit."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class CourseEntry:
    """What the courses file says of a course. Its window ends at midnight after its last day."""

    course_key: str
    site: str = "edx"
    spellings: tuple[str, ...] = field(default=())
    window: Window = Window()


def course_partition(key: str, site: str) -> str:
    """The partition key of a course: its canonical key, with `@edge` for a course on edge."""
    return key + _EDGE if site == "edge" else key


def partition_course(partition: str) -> tuple[str, str]:
    """The course key and site of a partition key.

    Raises:
        ValueError: the partition key does not hold a canonical course key.
    """
    key, site = (
        (partition.removesuffix(_EDGE), "edge") if partition.endswith(_EDGE) else (partition, "edx")
    )
    course_parts(key)
    return key, site


def database_name(key: str, site: str) -> str:
    """The name of a course's database, `Org_Number_Run` (`…_edge` on edge), legal in MongoDB.

    Different courses can get the same name (`A.1` and `A_1`): the registry refuses the second.

    Raises:
        ValueError: not a canonical course key, or the name is longer than 63 bytes.
    """
    name = "_".join(course_parts(key)) + ("_edge" if site == "edge" else "")
    name = _ILLEGAL.sub("_", name)
    if len(name.encode()) > _MAX_NAME:
        raise ValueError(f"the database name of {key} is longer than {_MAX_NAME} bytes: {name}")
    return name


def window_of(entry: CourseEntry | None, structure_window: Window) -> Window:
    """A course's window: from the courses file, else from the dates of the structure."""
    window = entry.window if entry else Window()
    return Window(window.start or structure_window.start, window.end or structure_window.end)


def day_start(value: Any) -> datetime | None:
    """The moment at which a date or time begins (ISO text, date or datetime; naive means UTC).

    Raises:
        ValueError: it is not a date or time.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip().strip('"'))
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise ValueError("not a date")


def day_end(value: Any) -> datetime | None:
    """The midnight (UTC) at the end of a date's or time's day: end days are inclusive."""
    moment = day_start(value)
    if moment is None:
        return None
    return datetime.combine(moment.date() + timedelta(days=1), time(), UTC)
