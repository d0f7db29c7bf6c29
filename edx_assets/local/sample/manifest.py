"""The facts about the sample: the results of a correct load, known from how it was made."""

from collections import Counter
from datetime import timedelta
from typing import Any

from edx_assets.local.sample.answers import of_events
from edx_assets.local.sample.calendar import FIRST_DAY, ORG, Calendar
from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.delivery import package_name
from edx_assets.local.sample.events import Event
from edx_assets.local.sample.logs import DayFile
from edx_assets.local.sample.packages import Package

Manifest = dict[str, Any]


def make_manifest(
    parameters: dict[str, int],
    calendar: Calendar,
    courses: list[Course],
    files: list[DayFile],
    packages: list[Package],
) -> Manifest:
    """The manifest as plain values that JSON can hold.

    Of lines that are the same except for a prefix, the first in the order of days and lines counts
    as loaded, the others as duplicates. A window's `end` is its last day, inclusive.
    """
    loaded = [line.event for file in files for line in file.lines if line.event]
    oddities = Counter(name for file in files for name in file.oddities())
    oddities["deleted_block"] = sum("deleted_block" in event.oddities for event in loaded)
    return {
        "parameters": parameters,
        "org": ORG,
        "first_day": str(FIRST_DAY),
        "last_day": str(calendar.last_day),
        "oddities": dict(sorted(oddities.items())),
        "files": [_file(file) for file in files],
        "packages": [_package(package) for package in packages],
        "courses": [_course(course, loaded, packages) for course in courses],
    }


def _file(file: DayFile) -> dict[str, Any]:
    events = [line.event for line in file.lines if line.event]
    reasons = Counter(line.reason for line in file.lines if line.reason)
    return {
        "site": file.site,
        "date": str(file.day),
        "file": file.name,
        "lines": len(file.lines),
        "loaded": len(events),
        "duplicates": sum(line.repeated for line in file.lines),
        "rejected": reasons.total(),
        "rejected_by_reason": dict(sorted(reasons.items())),
        "implicit": sum(event.implicit for event in events),
        "courses": dict(sorted(Counter(e.course for e in events if e.course).items())),
    }


def _package(package: Package) -> dict[str, Any]:
    return {
        "date": str(package.day),
        "file": package_name(package.day),
        "courses": [{"course_key": key, "site": site} for key, site in package.documents],
        "members": len(package.members),
    }


def _course(course: Course, loaded: list[Event], packages: list[Package]) -> dict[str, Any]:
    start, end = course.window
    inside = [
        event
        for event in loaded
        if (event.course, event.site) == (course.key, course.site)
        and start <= event.time
        and (end is None or event.time < end)
    ]
    newest = [package for package in packages if (course.key, course.site) in package.documents][-1]
    blocks = course.blocks
    last_day = end - timedelta(1) if end else None
    return {
        "course_key": course.key,
        "site": course.site,
        "window": {
            "start": start.isoformat(),
            "end": str(last_day.date()) if last_day else None,
        },
        "package": str(newest.day),
        "collections": {
            **newest.documents[course.key, course.site],
            "tracking": len(inside),
        },
        "tracking": {
            "with_module": sum(event.about is not None for event in inside),
            "bound": sum(event.about in blocks for event in inside),
        },
        "answers": of_events(course, inside) | newest.answers[course.key, course.site],
    }
