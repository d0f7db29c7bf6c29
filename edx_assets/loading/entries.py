"""The forms of the ledger's entries, and their states. Reading and writing them is the ledger's."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict

Source = list[Any]
"""What a collection was made from. If it differs from the current one, the collection is stale."""


class DayState(StrEnum):
    """The state of a day."""

    LOADING = "loading"
    """A load is running, was killed, or does not add up: the day's records cannot be relied on."""
    LOADED = "loaded"
    NO_FILE = "no_file"


class TrackingState(StrEnum):
    """The state of a course's tracking."""

    LOADED = "loaded"
    UPDATING = "updating"
    """The records of some files are being replaced, or that run was killed."""
    EXTRACTING = "extracting"
    """All records are being extracted, or that run was killed."""


class CourseEvents(TypedDict):
    """The number of a course's events in a day's file."""

    course_key: str
    events: int


class Totals(TypedDict):
    """The counts of a file's records in the master collection."""

    loaded: int
    implicit: int
    first: datetime | None
    last: datetime | None
    courses: list[CourseEvents]
    hours: list[int]


class Was(TypedDict):
    """What was loaded for a day before the current load."""

    file: str
    token: str | None
    courses: list[CourseEvents]
    first: datetime
    last: datetime


class RetriedLines(TypedDict):
    """Line numbers that a retry is loading: those that come first, and those that repeat a line."""

    first: list[int]
    repeated: list[int]


class DayEntry(TypedDict):
    """A day of a site (`imports`). While it is loading, its counts are missing or old."""

    _id: str
    site: str
    date: str
    file: str | None
    etag: str
    version: int
    state: DayState
    replaces: list[str]
    was: NotRequired[Was | None]
    recount_for: NotRequired[list[str]]
    disturbed: NotRequired[bool]
    """Another load gave records to the file, or took some, while it was loading."""
    retrying: NotRequired[RetriedLines]
    """The batch of quarantined lines that is being loaded again."""
    delivered: NotRequired[str]
    """When S3 got the file: an older one is not loaded over it."""
    token: NotRequired[str]
    bytes: NotRequired[int]
    lines: NotRequired[int]
    loaded: NotRequired[int]
    duplicates: NotRequired[int]
    repeated: NotRequired[int]
    """The duplicates that repeat a line of the same file; the first line numbers follow."""
    repeated_lines: NotRequired[list[int]]
    rejected: NotRequired[int]
    reasons: NotRequired[dict[str, int]]
    implicit: NotRequired[int]
    first: NotRequired[datetime | None]
    last: NotRequired[datetime | None]
    courses: NotRequired[list[CourseEvents]]
    hours: NotRequired[list[int]]
    loaded_at: NotRequired[datetime]
    courses_refused: NotRequired[list[str]]
    retired: NotRequired[int]
    """Lines of retired learners."""
    cleared: NotRequired[bool]
    """The decrypted file has retired learners: it is not kept."""
    retiring: NotRequired[bool]
    """Retired learners are being removed from the day, or that was killed."""


class PackageMember(TypedDict):
    """A member of a package: its collection, its path in the zip, and its size there.

    `refused` says why it cannot be used, where only the whole package tells that.
    """

    table: str
    member: str
    bytes: int
    refused: NotRequired[str]


class CourseFiles(TypedDict):
    """Where a course's files are: the package's date and name, and the files' site and prefix."""

    date: str
    file: str
    site: str
    prefix: str


class PackageCourse(CourseFiles):
    """A course in a package (`package_courses`)."""

    _id: str
    source: Source
    partition: str
    tables: list[PackageMember]
    opt_in: bool
    failed_exports: list[str]


class CourseOfPackage(TypedDict):
    """A course that a package contains."""

    course_key: str
    site: str


class PackageState(StrEnum):
    """The state of a package."""

    SORTING = "sorting"
    """It is being sorted again, or that run was killed: its courses may be a mixture."""
    SORTED = "sorted"


class PackageEntry(TypedDict):
    """A package that has been sorted (`packages`).

    `refused` and `refused_members` are the messages on what was left out: courses, and members of
    courses that are otherwise sorted.
    """

    _id: str
    date: str
    file: str
    source: Source
    state: PackageState
    members: int
    courses: list[CourseOfPackage]
    failed_exports: list[str]
    not_of_a_course: list[str]
    refused: list[str]
    refused_members: NotRequired[list[str]]


class CourseLoad(TypedDict):
    """What a collection of a course's database holds (`course_loads`, and `_loads` there).

    One that is made from other collections has no `package`; a dataset has the digest of its file.
    """

    _id: NotRequired[str]
    documents: int
    source: Source
    loaded_at: datetime
    partition: NotRequired[str]
    collection: NotRequired[str]
    package: NotRequired[str]
    file: NotRequired[str]
    rows: NotRequired[int]
    duplicates: NotRequired[int]
    duplicate_lines: NotRequired[list[int]]
    rejected: NotRequired[int]
    retired: NotRequired[int]
    """Rows of retired learners."""
    retirement: NotRequired[str]
    """When learners were last removed from what is loaded: a token."""
    content: NotRequired[str]
    columns: NotRequired[dict[str, str]]
    """A table's columns, each with its type."""
    moved: NotRequired[dict[str, list[str]]]
    """What is different from those of the package before, see `edx.schema.moved`."""


class Span(TypedDict):
    """A window of time, as stored in the ledger."""

    start: datetime | None
    end: datetime | None


class TrackingLoad(CourseLoad):
    """The same for a course's tracking. There is no entry until the first extraction has ended."""

    state: TrackingState
    with_module: int
    bound: int
    first: datetime | None
    last: datetime | None
    window: Span
    structure_window: Span
    held_back: list[tuple[str, str | None]]
    """Files that were being loaded, each with its mark in the collection, if it had one."""
    sealed: bool
    updating: NotRequired[list[str]]
    """Files whose records are being replaced."""
