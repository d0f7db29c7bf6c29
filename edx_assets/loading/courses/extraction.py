"""What a course's tracking is made from: its window, query, blocks and files, as the ledger has it.

No record is read here, but counted. Which files those are is told in `window_files`.
"""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from edx_assets.edx.collections import COURSE_STRUCTURE, TRACKING
from edx_assets.edx.course_structure import Block, structure_window
from edx_assets.edx.courses import Window, window_of
from edx_assets.loading.courses.window_files import (
    Marks,
    course_files,
    days_again,
    days_of,
    has_ended,
    marks,
    missing_days,
    settled_dates,
    unsettled,
)
from edx_assets.loading.courses.window_query import (
    courses_entries,
    file_query,
    master_query,
    runs_by_number,
    settled,
    spellings,
    without_run,
)
from edx_assets.loading.entries import DayEntry
from edx_assets.loading.ledger import MASTER_TRACKING, course_load
from edx_assets.loading.registry import registered_course, registered_courses
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.store import Collection, Store


@dataclass(frozen=True)
class Extraction:
    """What a course's collection is made from, as the ledger had it before any record was read.

    `files` are those to extract; `held_back` are being loaded: their records already in the
    collection stay, and none are read from the master. `known` has the marks of both, the latter
    as they were before that load.
    """

    partition: str
    site: str
    keys: list[str]
    collection: Collection
    query: dict[str, Any]
    window: Window
    structure_window: Window
    blocks: dict[str, Block]
    settled: str
    files: Marks
    held_back: set[str]
    known: Marks
    missing_days: int
    can_be_sealed: bool
    without_a_run: int

    def of_file(self, file: str) -> dict[str, Any]:
        """The query for a file's records in the master collection."""
        return file_query(file, self.keys, self.site, self.window)


def extraction(
    store: Store,
    partition: str,
    courses_file: Path | None,
    today: date,
    log_days: tuple[date, date],
) -> Extraction:
    """What to extract now.

    Raises:
        StageMissingError: the course's structure is not loaded.
        CoursesFileError: the courses file cannot be used.
    """
    course = registered_course(store, partition)
    database, key, site = course["database"], course["course_key"], course["site"]
    structure = course_load(store, partition, COURSE_STRUCTURE)
    if structure is None:
        raise StageMissingError(
            f"{partition} has no course structure yet; tracking cannot be extracted without it:"
            " materialize course/course_structure first"
        )
    days = list(days_of(store, site))
    structures = Collection(database, COURSE_STRUCTURE)
    blocks = {block["_id"]: block for block in store.find(structures, {})}
    entry = courses_entries(courses_file).get((key, site))
    own = structure_window(blocks)
    window = window_of(entry, own)
    keys = spellings(key, entry, runs_by_number(registered_courses(store), site))
    known, held_back = _marks(days, keys, window), unsettled(days)
    missing = missing_days(settled_dates(days), window, today, log_days)
    return Extraction(
        partition=partition,
        site=site,
        keys=keys,
        collection=Collection(database, TRACKING),
        query=master_query(keys, site, window),
        window=window,
        structure_window=own,
        blocks=blocks,
        settled=settled(keys, site, window, structure["source"]),
        files={file: mark for file, mark in known.items() if file not in held_back},
        held_back=held_back,
        known=known,
        missing_days=missing,
        can_be_sealed=not missing and has_ended(window, today),
        without_a_run=_without_a_run(store, key, keys, site, window),
    )


def _without_a_run(store: Store, key: str, keys: list[str], site: str, window: Window) -> int:
    """Number of the window's events of an unknown run of the course: they are in no course."""
    number = without_run(key)
    if number in keys or key.startswith("ccx-"):
        return 0
    return store.count(MASTER_TRACKING, master_query([number], site, window))


def counted(
    store: Store, wanted: Extraction, among: list[str] | None = None
) -> tuple[Extraction, dict[str, int]]:
    """The number of records that each file has in the window, for what has been read just now.

    With `among`, those files alone are counted, and only their days are looked at again.

    Days that are loaded meanwhile are left to the next update. A file whose records they change is
    left out of the extraction, as is one that is being loaded: the ledger marks it before its first
    record changes. Records of files that came meanwhile are not counted. Those of no file that the
    ledger has are: they are not to be there.
    """
    if among is None:
        counts = dict(store.tally(MASTER_TRACKING, "load_file", wanted.query))
    else:
        counts = {file: store.count(MASTER_TRACKING, wanted.of_file(file)) for file in among}
    read = wanted.files if among is None else {*among}
    days = days_again(store, wanted.site, {*read, *counts})
    known, loading = _marks(days, wanted.keys, wanted.window), unsettled(days)
    kept = {
        file: mark
        for file, mark in wanted.files.items()
        if file not in read or (file not in loading and known.get(file) == mark)
    }
    changed = wanted.files.keys() - kept.keys()
    others = (known.keys() | loading | wanted.held_back | changed) - kept.keys()
    now = replace(
        wanted,
        files=kept,
        held_back=wanted.held_back | changed,
        can_be_sealed=wanted.can_be_sealed and not changed,
    )
    return now, {file: count for file, count in counts.items() if count and file not in others}


def _marks(days: list[DayEntry], keys: list[str], window: Window) -> Marks:
    of_days = [found for day in days if (found := course_files(day))]
    return marks([file for file, courses in of_days if {*courses} & {*keys}], window)
