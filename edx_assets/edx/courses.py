"""A course's partition key, database name and window of time.

The courses file is read in `courses_file`.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from edx_assets.edx.keys import course_parts

_EDGE = "@edge"
_DOTS, _DOTS_IN_PARTITION = "...", "..%2E"  # Dagster takes `...` in a partition key for a range
_SEPARATOR = re.compile(r'[/\\. "$*<>:|?+@\x00]')
_USABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_UNUSABLE = re.compile(r"^-|[^A-Za-z0-9_-]")
_MAX_NAME = 63  # bytes: MongoDB's limit for a database's name
_MAX_KEY = 255  # characters: the column `course_id` of edX's tables
_DIGEST = 8  # hexadecimal digits: of 10,000 names, two are alike once in 80 such institutions


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
    """The partition key of a course: its canonical key, with `@edge` for a course on edge.

    Of three dots in a row, which a course key may have and a partition key may not, the last is
    written `%2E`: a `%` is never in a canonical key.
    """
    return key.replace(_DOTS, _DOTS_IN_PARTITION) + (_EDGE if site == "edge" else "")


def partition_course(partition: str) -> tuple[str, str]:
    """The course key and site of a partition key.

    Raises:
        ValueError: the partition key does not hold a canonical course key.
    """
    key, site = (
        (partition.removesuffix(_EDGE), "edge") if partition.endswith(_EDGE) else (partition, "edx")
    )
    key = key.replace(_DOTS_IN_PARTITION, _DOTS)
    course_parts(key)
    return key, site


def database_name(key: str, site: str, prefix: str = "") -> str:
    """The name of a course's database: `Org_Number_Run` (`…_edge` on edge), usable anywhere.

    It begins with the institution's prefix, if there is one.

    A dot or colon becomes `_`. Where that is not a name yet (a letter outside ASCII, a `~`, a `-`
    at the beginning, more than 63 bytes), it is made one by `distinct_name`. The rule is fixed:
    another would give a course a second database.

    Different courses can get the same name (`A.1` and `A_1`): the registry refuses the second.

    Raises:
        ValueError: not a canonical course key, or one that is too long to be a real course's.
    """
    if len(key) > _MAX_KEY:
        raise ValueError(
            f"{key[:60]}… has {len(key)} characters, and edX's keys {_MAX_KEY} at most"
        )
    name = "_".join(course_parts(key)) + ("_edge" if site == "edge" else "")
    name = prefix + _SEPARATOR.sub("_", name)
    if _USABLE.fullmatch(name) and len(name) <= _MAX_NAME:
        return name
    return distinct_name(name, course_partition(key, site))


def dated_name(name: str, day: str) -> str:
    """The name of the database for a course's files in the package of a delivery date.

    It is the course's own, followed by `_YYYYMMDD`; a name that is too long for that is cut.
    """
    suffix = f"_{day.replace('-', '')}"
    room = _MAX_NAME - len(suffix)
    return (name if len(name) <= room else distinct_name(name, name, room)) + suffix


def distinct_name(name: str, whose: str, room: int = _MAX_NAME) -> str:
    """A usable name in `room` bytes: what cannot stay becomes `_`, and a hash of `whose` follows.

    Names that lost what told them apart still differ by the hash.
    """
    digest = hashlib.sha256(whose.encode()).hexdigest()[:_DIGEST]
    return f"{_UNUSABLE.sub('_', name)[: room - _DIGEST - 1]}_{digest}"


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
