"""Making the institution: its courses and learners through some weeks, delivered, and the truth."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from edx_assets.local.institution.blocks import Course, build_blocks
from edx_assets.local.institution.delivery import ORG_FOLDER, Delivery
from edx_assets.local.institution.oddities import Line, Oddities
from edx_assets.local.institution.packages import Enrolment, course_members, enrol
from edx_assets.local.institution.people import make_learners
from edx_assets.local.institution.sessions import Event, Session

FIRST_DAY = date(2014, 2, 3)
_WINDOW_IN_FILE = ("2014-02-05", "2014-02-25")
_EDGE_SHARE = 8  # one learner of so many is on edge
_VISITS = 5  # visits of a learner to a course, a week

Manifest = dict[str, Any]


def make_institution(
    folder: Path,
    *,
    seed: int = 1,
    learners: int = 60,
    weeks: int = 5,
    progress: Callable[[str], None] | None = None,
) -> Manifest:
    """Write the sample institution McGillX below a folder, and give the truth about it.

    `buckets/` holds the objects of its two S3 buckets, `gnupg/` and `passphrase` its key,
    `courses.yaml` its courses file, `manifest.json` what is returned. The content depends on the
    arguments alone; the key and so the encrypted bytes are new each time. An institution that is
    there already, made with the same arguments, is left as it is.
    """
    tell = progress or (lambda text: None)
    path = folder / "manifest.json"
    parameters = {"seed": seed, "learners": learners, "weeks": weeks}
    if path.is_file():
        manifest: Manifest = json.loads(path.read_text())
        if manifest["parameters"] == parameters:
            tell(f"{folder} holds it already")
            return manifest
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    tell("making a GPG key")
    delivery = Delivery(folder)
    random = Random(seed)
    courses = _courses(random)
    last_day = FIRST_DAY + timedelta(days=7 * weeks - 1)
    tell("learners come to their courses")
    enrolments = _enrolments(courses, learners, weeks, random)
    truth = _Truth({(course.key, course.site): course for course in courses})
    oddities = Oddities(random)
    for site in ("edx", "edge"):
        events = _events([c for c in courses if c.site == site], enrolments, last_day, random)
        tell(f"delivering the tracking logs of {site}")
        _deliver_logs(site, events, last_day, oddities, delivery, truth)
    tell("delivering packages")
    _deliver_packages(courses, enrolments, weeks, delivery, truth)
    (folder / "courses.yaml").write_text(_courses_file(courses[0]))
    manifest = truth.manifest(parameters, last_day, oddities.counts)
    path.write_text(json.dumps(manifest, indent=1))
    return manifest


@dataclass
class _Truth:
    """What a loader should come to, gathered as the institution is made."""

    courses: dict[tuple[str, str], Course]
    files: list[dict[str, Any]] = field(default_factory=list)
    packages: list[dict[str, Any]] = field(default_factory=list)
    newest: dict[tuple[str, str], tuple[str, dict[str, int]]] = field(default_factory=dict)
    loaded: dict[tuple[str, str], list[Event]] = field(default_factory=dict)

    def manifest(self, parameters: Any, last_day: date, oddities: Counter[str]) -> Manifest:
        """All of it as plain values."""
        return {
            "parameters": parameters,
            "org": ORG_FOLDER,
            "first_day": str(FIRST_DAY),
            "last_day": str(last_day),
            "oddities": dict(sorted(oddities.items())),
            "files": self.files,
            "packages": self.packages,
            "courses": [self._course(*key) for key in sorted(self.courses)],
        }

    def _course(self, key: str, site: str) -> dict[str, Any]:
        start, end = _window(self.courses[key, site])
        inside = [
            event
            for event in self.loaded.get((key, site), [])
            if start <= event.at and (end is None or event.at < end)
        ]
        package, documents = self.newest[key, site]
        return {
            "course_key": key,
            "site": site,
            "window": {"start": start.isoformat(), "end": end.isoformat() if end else None},
            "package": package,
            "collections": {**documents, "tracking": len(inside)},
            "tracking": {
                "with_module": sum(event.about_block for event in inside),
                "bound": sum(event.bound for event in inside),
            },
        }


def _courses(random: Random) -> list[Course]:
    """An ended course in the old spelling, one in the new, one that runs on, and an edge copy."""
    old = {"start": "2014-02-10T00:00:00Z", "end": "2014-03-01T00:00:00Z"}
    new = {
        "enrollment_start": "2014-02-06T00:00:00Z",
        "start": "2014-02-10T05:00:00Z",
        "end": "2014-02-27T12:00:00Z",
    }
    copy = {"enrollment_start": "2014-02-04T00:00:00Z", "end": "2014-02-22T00:00:00Z"}
    courses = [
        Course("CHEM181x", "1T2014", True, old),
        Course("ATOC185x", "2T2014", False, new),
        Course("Body-101.x", "1T2014", False, {"start": "2014-02-03T00:00:00Z"}),
        Course("CHEM181x", "1T2014", True, copy, site="edge"),
    ]
    for course in courses:
        build_blocks(course, random)
    return courses


def _enrolments(
    courses: list[Course], learners: int, weeks: int, random: Random
) -> dict[tuple[str, str], list[Enrolment]]:
    people = make_learners(learners, random)
    days = max(2, weeks * 7 // 2)
    found: dict[tuple[str, str], list[Enrolment]] = {}
    for course in courses:
        share = max(2, learners // _EDGE_SHARE) if course.site == "edge" else learners * 2 // 3
        chosen = random.sample(people, min(share, len(people)))
        found[course.key, course.site] = sorted(
            enrol(chosen, FIRST_DAY, days, random), key=lambda pair: pair[1]
        )
    return found


def _events(
    courses: list[Course],
    enrolments: dict[tuple[str, str], list[Enrolment]],
    last_day: date,
    random: Random,
) -> list[Event]:
    """Every event of a site in the order of arrival; what arrives after the last day is cut."""
    events: list[Event] = []
    end = datetime.combine(last_day, time()) + timedelta(days=1)
    for course in courses:
        for learner, moment in enrolments[course.key, course.site]:
            events.append(Session(learner, course, moment, random).enrolment())
            days_left = max(1, (end - moment).days)
            # now and then a learner comes on a few days only: sites like edge are often silent
            for _visit in range(max(1, days_left * _VISITS // 14)):
                start = moment + timedelta(minutes=random.randrange(10, days_left * 24 * 60))
                events += Session(learner, course, start, random).events()
    return sorted((event for event in events if event.arrived < end), key=lambda e: e.arrived)


def _deliver_logs(
    site: str,
    events: list[Event],
    last_day: date,
    oddities: Oddities,
    delivery: Delivery,
    truth: _Truth,
) -> None:
    earlier: list[bytes] = []
    by_day: dict[date, list[Event]] = {}
    for event in events:
        by_day.setdefault(event.arrived.date(), []).append(event)
    if site == "edge":
        _silence(by_day)
    for number, day in enumerate(_days(last_day)):
        todays = by_day.get(day, [])
        missing = number == _MISSING_DAY if site == "edx" else not todays and number % 7 != 0
        if missing and day != last_day:
            truth.files.append(_file_truth(site, day, None, []))
            continue
        lines = oddities.file(todays, earlier)
        names = {8: "prod", 9: "ex"} if site == "edx" else {}
        name = f"{ORG_FOLDER}-{names.get(number, site)}-events-{day}.log.gz.gpg"
        unended = number == _UNENDED_DAY and lines and lines[-1][0]
        end = b"" if unended else b"\n"
        delivery.events(site, str(day), name, [line for line, _event, _reason in lines], end)
        truth.files.append(_file_truth(site, day, name, lines))
        for line, loaded, _reason in lines:
            if loaded:
                truth.loaded.setdefault((loaded.course.key, site), []).append(loaded)
                if line.startswith(b"{"):
                    earlier.append(line)


_MISSING_DAY = 10
_UNENDED_DAY = 5


def _silence(by_day: dict[date, list[Event]]) -> None:
    """Let two thirds of a quiet site's days fall silent: their events never happened."""
    for day in list(by_day):
        if day.toordinal() % 3:
            del by_day[day]


def _file_truth(site: str, day: date, name: str | None, lines: list[Line]) -> dict[str, Any]:
    loaded = [event for _line, event, _reason in lines if event]
    rejected = Counter(reason for _line, _event, reason in lines if reason)
    return {
        "site": site,
        "date": str(day),
        "file": name,
        "lines": len(lines),
        "loaded": len(loaded),
        "duplicates": len(lines) - len(loaded) - rejected.total(),
        "rejected": rejected.total(),
        "rejected_by_reason": dict(sorted(rejected.items())),
        "implicit": sum(event.implicit for event in loaded),
        "courses": dict(sorted(Counter(event.course.key for event in loaded).items())),
    }


def _deliver_packages(
    courses: list[Course],
    enrolments: dict[tuple[str, str], list[Enrolment]],
    weeks: int,
    delivery: Delivery,
    truth: _Truth,
) -> None:
    for week in range(1, weeks + 1):
        day = FIRST_DAY + timedelta(days=7 * week - 1)
        members: dict[str, bytes] = {}
        held = courses[1:] if week == weeks and weeks > 1 else courses
        for course in held:
            ended = "end" in course.dates
            files, documents = course_members(
                course, enrolments[course.key, course.site], day, with_certificates=ended
            )
            members |= files
            del documents["courseware_studentmodule"]
            truth.newest[course.key, course.site] = (str(day), documents)
        truth.packages.append(
            {
                "date": str(day),
                "file": delivery.package(str(day), members),
                "members": len(members),
                "courses": [{"course_key": c.key, "site": c.site} for c in held],
            }
        )


def _window(course: Course) -> tuple[datetime, datetime | None]:
    """Start of enrolment, and the midnight after the last day (naive, UTC)."""
    if course.old and course.site == "edx":
        start, end = _WINDOW_IN_FILE
    else:
        start = course.dates.get("enrollment_start") or course.dates["start"]
        end = course.dates.get("end", "")
    begin = datetime.fromisoformat(start).astimezone(UTC) if "T" in start else None
    first = begin.replace(tzinfo=None) if begin else datetime.fromisoformat(start)
    if not end:
        return first, None
    return first, datetime.combine(date.fromisoformat(end[:10]) + timedelta(days=1), time())


def _courses_file(course: Course) -> str:
    start, end = _WINDOW_IN_FILE
    return (
        "# When enrolment started and the course ended: the last day is part of the course (UTC).\n"
        "courses:\n"
        f"  - course_key: {course.key}\n"
        f"    spellings: [{course.told}]\n"
        f"    enrolment_start: {start}\n"
        f"    course_end: {end}\n"
    )


def _days(last_day: date) -> Iterator[date]:
    day = FIRST_DAY
    while day <= last_day:
        yield day
        day += timedelta(days=1)
