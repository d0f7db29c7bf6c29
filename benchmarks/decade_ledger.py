"""A ledger of some years of two sites, in which everything is loaded and up to date.

No event and no file is made: entries are written as the stages write them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

from bson import encode
from bson.raw_bson import RawBSONDocument

from benchmarks.measure import Measure
from edx_assets.datasets.definition import datasets
from edx_assets.edx.collections import COURSE_STRUCTURE, TRACKING, catalogue, from_package
from edx_assets.edx.courses import Window, course_partition
from edx_assets.edx.file_names import SITES
from edx_assets.loading.courses.package import package_source
from edx_assets.loading.courses.window_files import DayFile, digest, marks
from edx_assets.loading.courses.window_query import settled, without_run
from edx_assets.loading.days import master
from edx_assets.loading.ledger import (
    COURSE_LOADS,
    COURSES,
    IMPORTS,
    PACKAGE_COURSES,
    PACKAGES,
    package_course_id,
    prepare_courses,
)
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import BATCH, Collection, Store

LENGTH = timedelta(days=300)
"""Of a course's window; it begins when its number's share of the ten years is over."""
TAIL = 500
"""Days after a course's end on which it still has events."""
_TABLES = [name for name in catalogue() if from_package(name)]


@dataclass(frozen=True)
class Years:
    """How long the sites have had tracking logs, and how many courses and packages there are."""

    days: int
    courses: int
    packages: int
    first: date = date(2014, 1, 1)

    @property
    def today(self) -> date:
        """The day after the last."""
        return self.first + timedelta(days=self.days)

    def start(self, course: int) -> date:
        """The first day of a course, by its number."""
        return self.first + timedelta(days=course * (self.days - 30) // self.courses)

    def key(self, course: int) -> str:
        """The key of a course."""
        return f"course-v1:DecadeX+C{course}x+1T{self.start(course).year}"

    def partition(self, course: int) -> str:
        """The partition key of a course, by its number."""
        return course_partition(self.key(course), _site(course))

    def delivered(self, package: int) -> date:
        """The delivery date of a package, by its number: each week one, the last a week ago."""
        return self.today - timedelta(days=7 * (self.packages - package))

    def in_package(self, package: int) -> list[int]:
        """The courses that a package has: those that have begun."""
        return [n for n in range(self.courses) if self.start(n) <= self.delivered(package)]


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _site(number: int) -> str:
    return SITES[number % len(SITES)]


def _days(of: Years) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """The entry of each day, and the numbers of the courses with events in it."""
    for n in range(of.days):
        day = of.first + timedelta(days=n)
        running = [
            number
            for number in range(of.courses)
            if of.start(number) <= day < of.start(number) + LENGTH + timedelta(days=TAIL)
        ]
        for site in SITES:
            of_site = [number for number in running if _site(number) == site]
            yield (
                {
                    "_id": f"{site}/{day}",
                    "site": site,
                    "date": str(day),
                    "file": f"decadex-{site}-events-{day}.log.gz",
                    "etag": f"{n:032x}",
                    "version": 1,
                    "state": "loaded",
                    "replaces": [],
                    "delivered": f"{day}T06:00:00",
                    "token": f"{site}{n:08d}",
                    "bytes": 1_000_000,
                    "lines": 40_000,
                    "loaded": 39_990,
                    "duplicates": 10,
                    "repeated": 0,
                    "rejected": 0,
                    "reasons": {},
                    "implicit": 1_000,
                    "first": _moment(day),
                    "last": _moment(day) + timedelta(hours=23),
                    "hours": [1_666] * 24,
                    "loaded_at": _moment(of.today),
                    "courses_refused": [],
                    "courses": [
                        {"course_key": of.key(number), "events": 39_990 // max(1, len(of_site))}
                        for number in of_site
                    ],
                },
                of_site,
            )


def fill(uri: str, of: Years) -> Measure:
    """Write the ledger: everything is loaded from its newest package, and up to date."""
    store = connect(uri)
    master.prepare(store)
    prepare_courses(store)
    measure = Measure()
    with measure.running():
        files: dict[int, list[DayFile]] = {}
        entries = []
        for entry, numbers in _days(of):
            entries.append(encode(entry))
            file = DayFile(entry["file"], entry["token"], entry["first"], entry["last"])
            for number in numbers:
                files.setdefault(number, []).append(file)
        _insert(store, IMPORTS, entries)
        _insert(store, COURSES, (encode(_course(of, n)) for n in range(of.courses)))
        _insert(store, PACKAGES, (encode(_package(of, n)) for n in range(of.packages)))
        measure.events = _insert(store, PACKAGE_COURSES, _package_courses(of))
        _insert(store, COURSE_LOADS, _loads(of, files))
    return measure


def _insert(store: Store, collection: Collection, documents: Any) -> int:
    documents, count = iter(documents), 0
    while batch := list(islice(documents, BATCH)):
        store.insert(collection, batch)
        count += len(batch)
    return count


def _course(of: Years, number: int) -> dict[str, Any]:
    key, site = of.key(number), _site(number)
    database = f"DecadeX_C{number}x"
    return {
        "_id": of.partition(number),
        "course_key": key,
        "site": site,
        "database": database,
        "database_folded": database.lower(),
    }


def _package(of: Years, number: int) -> dict[str, Any]:
    courses = [{"course_key": of.key(n), "site": _site(n)} for n in of.in_package(number)]
    day = str(of.delivered(number))
    return {
        "_id": day,
        "date": day,
        "file": f"decadex-{day}.zip",
        "source": [f"{number:032x}", None, 1],
        "state": "sorted",
        "members": len(courses) * len(_TABLES),
        "courses": courses,
        "failed_exports": [],
        "not_of_a_course": [],
        "refused": [],
        "refused_members": [],
    }


def _package_courses(of: Years) -> Iterator[bytes]:
    """Each course in each package, with the list of its members."""
    for course in range(of.courses):
        partition = of.partition(course)
        prefix = f"DecadeX-C{course}x-1T{of.start(course).year}"
        members = [
            RawBSONDocument(
                encode({"table": name, "member": f"{prefix}-{name}-prod-analytics.sql", "bytes": 9})
            )
            for name in _TABLES
        ]
        for number in range(of.packages):
            if of.start(course) <= of.delivered(number):
                yield encode(_package_course(of, number, partition, prefix, course, members))


def _package_course(
    of: Years, number: int, partition: str, prefix: str, course: int, members: list[Any]
) -> dict[str, Any]:
    day = str(of.delivered(number))
    return {
        "_id": package_course_id(day, partition),
        "source": [f"{number:032x}", None, 1],
        "partition": partition,
        "date": day,
        "file": f"decadex-{day}.zip",
        "site": _site(course),
        "prefix": prefix,
        "tables": members,
        "opt_in": False,
        "failed_exports": [],
    }


def _loads(of: Years, files: dict[int, list[DayFile]]) -> Iterator[bytes]:
    """What each course's database holds: tables, structure, tracking and datasets."""
    newest = of.packages - 1
    day = str(of.delivered(newest))
    for number in range(of.courses):
        partition = of.partition(number)
        package: Any = _package_course(of, newest, partition, "", number, [])

        def load(name: str, source: list[Any], partition: str = partition, **more: Any) -> bytes:
            told = {"documents": 1_000, "source": source, "loaded_at": _moment(of.today)}
            names = {"partition": partition, "collection": name}
            return encode({"_id": f"{partition}/{name}", **names, **told, **more})

        for name in _TABLES:
            yield load(name, package_source(package, name), package=day, rows=1_000)
        window = Window(_moment(of.start(number)), _moment(of.start(number) + LENGTH))
        span = {"start": window.start, "end": window.end}
        structure = package_source(package, COURSE_STRUCTURE)
        yield load(
            TRACKING,
            [
                settled(
                    [of.key(number), without_run(of.key(number))], _site(number), window, structure
                ),
                digest(marks(files[number], window)),
            ],
            state="loaded",
            sealed=of.start(number) + LENGTH < of.today,
            structure_window=span,
            window=span,
            held_back=[],
        )
        for name, known in datasets().items():
            yield load(name, [known.made_by])
