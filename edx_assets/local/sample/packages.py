"""The sample's database packages: the courses and files in each, and their documents."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from edx_assets.local.sample.answers import Answer, of_posts, of_states
from edx_assets.local.sample.calendar import Calendar
from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.forum import forum_lines
from edx_assets.local.sample.history import History
from edx_assets.local.sample.tables import make_tables, written

_EXPORTED_AT = time(4)  # UTC, on the day of delivery
_TABLES_SITE = {"edx": "prod-analytics", "edge": "prod-edge-analytics"}
_FORUM_SITE = {"edx": "prod", "edge": "edge"}


@dataclass
class Package:
    """A weekly package: its files by name (without `.gpg`), and each course's facts by its key."""

    day: date
    members: dict[str, bytes] = field(default_factory=dict)
    documents: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    answers: dict[tuple[str, str], dict[str, Answer]] = field(default_factory=dict)


def make_packages(history: History, calendar: Calendar) -> list[Package]:
    """One package every Sunday; the last one lacks the first course."""
    packages = []
    for day in calendar.package_days:
        package = Package(day)
        last = day == calendar.package_days[-1]
        for course in history.courses[1:] if last else history.courses:
            _add(package, course, history)
        packages.append(package)
    return packages


def _add(package: Package, course: Course, history: History) -> None:
    until = datetime.combine(package.day, _EXPORTED_AT, UTC)
    enrolments = [enrolment for enrolment in history.enrolments if enrolment.course is course]
    events = [e for e in history.events if (e.course, e.site) == (course.key, course.site)]
    prefix, site = course.file_prefix, _TABLES_SITE[course.site]
    documents = {}
    tables = make_tables(course, enrolments, events, until)
    for table, rows in tables.items():
        documents[table] = len(rows)
        if rows or table != "courseware_studentmodule":  # an empty one is not delivered
            package.members[f"{prefix}-{table}-{site}.sql"] = written(table, rows)
    structure = json.dumps(course.structure, indent=2).encode()
    package.members[f"{prefix}-course_structure-{site}.json"] = structure
    documents["course_structure"] = len(course.blocks)
    posts = forum_lines(course, history.posts, until)
    forum = b"".join(post + b"\n" for post in posts)
    package.members[f"{prefix}-{_FORUM_SITE[course.site]}.mongo"] = forum
    documents["forum"] = len(posts)
    package.documents[course.key, course.site] = documents
    package.answers[course.key, course.site] = {
        "states_by_learner_and_type": of_states(tables["courseware_studentmodule"], enrolments),
        "posts_by_author_and_type": of_posts(course, history.posts, until),
    }
