"""The files that a course's tracking is made from, and their states, from the ledger of days.

No event is read here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import cast

from edx_assets.edx.courses import Window
from edx_assets.loading.entries import DayEntry, DayState, Was
from edx_assets.loading.ledger import IMPORTS, day_entries, is_settled
from edx_assets.resources.store import Store

EVERY_DAY = date.min, date.max
_FIELDS = (
    "site",
    "date",
    "file",
    "state",
    "token",
    "courses",
    "first",
    "last",
    "replaces",
    "was",
)

Marks = dict[str, str]
"""By file name, a value that changes whenever the file's records change."""


@dataclass(frozen=True, slots=True)
class DayFile:
    """A loaded file of a day: its name, the token of its load, its first and last event."""

    file: str
    token: str
    first: datetime
    last: datetime


def days_of(store: Store, site: str | None = None) -> Iterator[DayEntry]:
    """A site's days, or those of all sites, with the fields that are needed here."""
    return day_entries(store, site, _FIELDS)


def days_again(store: Store, site: str, files: Iterable[str]) -> list[DayEntry]:
    """A site's days that are being loaded, and those of files, as they are by now.

    The former are read first: a load that ends in between has then changed its file's token.
    """
    of_files = {"file": {"$in": sorted(files)}}
    found = {
        day["_id"]: day
        for query in ({"state": DayState.LOADING}, of_files)
        for day in store.find(IMPORTS, query, fields=_FIELDS)
        if day["site"] == site
    }
    return cast(list[DayEntry], list(found.values()))


def course_files(day: DayEntry) -> tuple[DayFile, list[str]] | None:
    """A day's file and the courses that have events in it; None if there are none.

    For a day that is being loaded, it is what was loaded before, if anything was.
    """
    known = cast(Was, day) if is_settled(day) else day.get("was")
    if not known or not known.get("courses"):
        return None
    file = DayFile(known["file"], known.get("token") or "", known["first"], known["last"])
    return file, [row["course_key"] for row in known["courses"]]


def marks(files: Iterable[DayFile], window: Window) -> Marks:
    """The files that can have records of a window. A start is rounded down to its second."""
    start = window.start.replace(microsecond=0) if window.start else None
    return {
        each.file: each.token
        for each in files
        if (start is None or each.last >= start) and (window.end is None or each.first < window.end)
    }


def unsettled(days: Iterable[DayEntry]) -> set[str]:
    """Names of the files that are being loaded or replaced: their records cannot be relied on.

    A killed load counts as such until it has been repeated.
    """
    return {
        name
        for day in days
        if not is_settled(day)
        for name in (day["file"], *day.get("replaces", ()))
        if name
    }


def digest(files: Mapping[str, str]) -> str:
    """A fingerprint of marks."""
    return blake2b(repr(sorted(files.items())).encode(), digest_size=16).hexdigest()


def missing_days(
    dates: set[str], window: Window, today: date, log_days: tuple[date, date] = EVERY_DAY
) -> int:
    """How many of a window's days before today are not among the settled dates.

    A window without a start begins with the first settled day. Days before the first or after the
    last day of the site's logs (`log_days`) never have a file: they are not missing.
    """
    earliest, last = log_days
    begin = (
        window.start.date() if window.start else min(map(date.fromisoformat, dates), default=today)
    )
    first = max(begin, earliest)
    after = min(_day_after(window.end), today) if window.end else today
    days = (first + timedelta(days=n) for n in range((after - first).days))
    return sum(day <= last and day.isoformat() not in dates for day in days)


def settled_dates(days: Iterable[DayEntry]) -> set[str]:
    """The days that are loaded, or known to have no file."""
    return {day["date"] for day in days if is_settled(day)}


def has_ended(window: Window, today: date) -> bool:
    """Whether a window's last day is over."""
    return window.end is not None and _day_after(window.end) <= today


def _day_after(end: datetime) -> date:
    """The first day that begins at or after `end`."""
    day = end.astimezone(UTC).date()
    return day if end == datetime(day.year, day.month, day.day, tzinfo=UTC) else day + timedelta(1)
