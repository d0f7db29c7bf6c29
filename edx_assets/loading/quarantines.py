"""All quarantines, searched: that of the tracking logs, and that of each course's database.

How a line gets there and leaves again belongs in `quarantine`. The databases of older packages are
not searched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from edx_assets.edx.file_names import SiteDay, events_file
from edx_assets.edx.reasons import reason_of
from edx_assets.errors import FinalError
from edx_assets.loading.ledger import MASTER_TRACKING, day_entries, is_half_retried
from edx_assets.loading.quarantine import HeldLine, held_batches, held_by_reason, quarantine_of
from edx_assets.loading.registry import RegisteredCourse, registered_courses
from edx_assets.resources.store import Collection, Store


class NoSuchCourseError(FinalError):
    """No course is registered under the name; the message says how courses are named."""


@dataclass(frozen=True)
class Wanted:
    """Which lines to look at: all that fit every filter that is set.

    Args:
        reason: its word; `refused_by_database` stands for any error code.
        file: a tracking log, or what a package's file is called in the quarantine.
        course: the key, partition key or database of a course: only rows of its database.
        site: `edx` or `edge`.
        first: the first day of tracking logs; then no rows of courses.
        last: their last day; then no rows of courses.
    """

    reason: str | None = None
    file: str | None = None
    course: str | None = None
    site: str | None = None
    first: date | None = None
    last: date | None = None

    def has_reason(self, reason: str) -> bool:
        """Whether lines with this reason fit."""
        return self.reason in (None, reason, reason_of(reason))

    def has_day(self, file: str) -> SiteDay | None:
        """The site and day of a tracking log, if its lines fit (whatever their reasons)."""
        parsed = events_file(file)
        if parsed is None or self.course is not None or self.file not in (None, file):
            return None
        day = SiteDay(parsed.site, parsed.day)
        in_time = (self.first or date.min) <= day.day <= (self.last or date.max)
        return day if in_time and self.site in (None, day.site) else None


@dataclass(frozen=True)
class Held:
    """How many lines of a file are in a quarantine for one reason.

    `day` is that of a tracking log, `course` the partition key of a course.
    """

    collection: Collection
    file: str
    site: str
    day: date | None
    course: str | None
    reason: str
    lines: int


def lines_held(store: Store, wanted: Wanted) -> list[Held]:
    """The numbers of lines, of tracking logs by day, then of courses by collection.

    Raises:
        NoSuchCourseError: the course is not registered.
        StoreError: the database failed.
    """
    found = []
    for file in _files(store, MASTER_TRACKING):
        if day := wanted.has_day(file):
            for reason, lines in held_by_reason(store, MASTER_TRACKING, file).items():
                found.append(Held(MASTER_TRACKING, file, day.site, day.day, None, reason, lines))
    return [*_in_order(wanted, found), *rows_held(store, wanted)]


def rows_held(store: Store, wanted: Wanted) -> list[Held]:
    """The same of courses alone."""
    found = []
    for course in _courses(store, wanted):
        for collection in _collections(store, course["database"]):
            for file in _files(store, collection):
                if wanted.file not in (None, file):
                    continue
                for reason, lines in held_by_reason(store, collection, file).items():
                    site, partition = course["site"], course["_id"]
                    found.append(Held(collection, file, site, None, partition, reason, lines))
    return _in_order(wanted, found)


def entries_of(store: Store, held: list[Held]) -> Iterator[tuple[Held, HeldLine]]:
    """The lines that were counted, in their order, each with the count that it belongs to."""
    for _place_of, group in groupby(held, key=_place):
        of_file = {each.reason: each for each in group}
        first = next(iter(of_file.values()))
        for batch in held_batches(store, first.collection, first.file, [*of_file]):
            for entry in batch:
                yield of_file[entry["reason"]], entry


def days_to_retry(store: Store, wanted: Wanted, held: list[Held]) -> list[SiteDay]:
    """The days of the lines, and those of which a retry was killed, which may have none left."""
    days = {SiteDay(each.site, each.day) for each in held if each.day}
    for entry in day_entries(store, fields=["file", "recount_for"]):
        if is_half_retried(entry) and (day := wanted.has_day(str(entry["file"]))):
            days.add(day)
    return sorted(days, key=lambda day: (day.day, day.site))


def _in_order(wanted: Wanted, found: list[Held]) -> list[Held]:
    fitting = [each for each in found if wanted.has_reason(each.reason)]
    return sorted(fitting, key=lambda each: (*_place(each), -each.lines, each.reason))


def _place(held: Held) -> tuple[str, str, str, str, str]:
    return held.course or "", str(held.day), held.site, held.collection.name, held.file


def _courses(store: Store, wanted: Wanted) -> list[RegisteredCourse]:
    if wanted.first or wanted.last:
        return []
    courses = registered_courses(store)
    if wanted.course is not None:
        names = ("_id", "course_key", "database")
        courses = [c for c in courses if wanted.course in [c[name] for name in names]]  # type: ignore[literal-required]
        if not courses:
            raise NoSuchCourseError(
                f"no course {wanted.course} is registered: name it by its course key"
                " (course-v1:Org+Number+Run) or its database; `edx-assets status` lists both"
            )
    return [course for course in courses if wanted.site in (None, course["site"])]


def _collections(store: Store, database: str) -> list[Collection]:
    """The collections of a course that have lines in its quarantine."""
    names = store.tally(quarantine_of(Collection(database, "")), "collection")
    return [Collection(database, name) for name, _lines in names]


def _files(store: Store, collection: Collection) -> list[str]:
    """The files of a collection that have lines in its quarantine."""
    these = {"collection": collection.name}
    return [file for file, _n in store.tally(quarantine_of(collection), "load_file", these)]
