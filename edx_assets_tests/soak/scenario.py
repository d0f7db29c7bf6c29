"""What edX delivers in a simulated month, and when: on time, late, anew, wrong, or never."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

FIRST = date(2014, 2, 3)
DAY = timedelta(days=1)
SITES = ("edx", "edge")
COURSES = ("T101", "T102", "T103")
LATE_COURSE = "T103"
"""It is in the packages from the second on alone; its events come before."""

Encrypt = Callable[[bytes], bytes]


@dataclass
class Deliveries:
    """Objects by the day on which they come: bucket's kind, key's name, content; and what is what.

    `kinds` says of each day what was unusual about its deliveries.
    """

    objects: dict[date, list[tuple[str, str, bytes]]] = field(default_factory=dict)
    kinds: dict[date, list[str]] = field(default_factory=dict)

    def add(self, on: date, place: str, name: str, content: bytes, kind: str = "") -> None:
        """Let an object come on a day."""
        self.objects.setdefault(on, []).append((place, name, content))
        if kind:
            self.kinds.setdefault(on, []).append(kind)


def month(days: int, seed: int, encrypt: Encrypt, package: Callable[..., bytes]) -> Deliveries:
    """The deliveries of so many days, the same ones for the same seed.

    Args:
        days: how many days have tracking logs.
        seed: of everything that is drawn.
        encrypt: encrypts a file as edX does.
        package: makes a package of (delivery date, courses, structure's name, end of T102, users).
    """
    random = Random(seed)
    found = Deliveries()
    for site in SITES:
        fates = _fates(random, days, site)
        for number in range(days):
            day = FIRST + number * DAY
            _deliver(found, random, encrypt, site, day, seed, fates.get(number, "on time"))
    ends = FIRST + days // 2 * DAY
    for week, delivered in enumerate(FIRST + n * DAY for n in range(6, days + 1, 7)):
        courses = COURSES if week else COURSES[:-1]
        on = delivered + (3 if week == 1 else 1) * DAY
        name = "renamed" if week >= 2 else "first"
        users = 4 + week
        kind = "package late" if week == 1 else "package"
        content = package(delivered, courses, name, ends, users)
        found.add(on, "package", str(delivered), content, kind)
        if week == 0:
            again = package(delivered, courses, name, ends, users + 3)
            found.add(on + 2 * DAY, "package", str(delivered), again, "package anew")
    return found


def _fates(random: Random, days: int, site: str) -> dict[int, str]:
    """What is unusual about some of a site's days; most of edge's have no file at all."""
    fates = ["late", "corrected", "corrupt", "repeated", "cut short"]
    fates += ["missing", "late", "corrected"]
    numbers = random.sample(range(1, days - 1), min(days - 2, len(fates) * max(1, days // 12)))
    found = {number: fates[i % len(fates)] for i, number in enumerate(numbers)}
    if site == "edge":
        return {n: fate for n, fate in found.items() if n % 2 == 0} | {
            n: "missing" for n in range(1, days - 1) if n % 2
        }
    return found


def _deliver(
    found: Deliveries, random: Random, encrypt: Encrypt, site: str, day: date, seed: int, fate: str
) -> None:
    due = day + DAY
    name = f"testx-{site}-events-{day}.log.gz.gpg"
    content = encrypt(gzip.compress(log(site, day, seed)))
    if fate == "missing":
        return
    if fate == "late":
        found.add(due + random.randint(1, 4) * DAY, site, name, content, f"{site} late")
    elif fate == "corrupt":
        found.add(due, site, name, b"not GPG's", f"{site} corrupt")
        found.add(due + 2 * DAY, site, name, content, f"{site} mended")
    elif fate == "cut short":  # and never mended
        found.add(due, site, name, encrypt(gzip.compress(log(site, day, seed))[:-9]), f"{site} cut")
    else:
        found.add(due, site, name, content)
        if fate == "repeated":
            found.add(due + DAY, site, name, content, f"{site} repeated")
        if fate == "corrected":
            anew = encrypt(gzip.compress(log(site, day, seed, corrected=True)))
            found.add(due + random.randint(2, 5) * DAY, site, name, anew, f"{site} corrected")


def log(site: str, day: date, seed: int, corrected: bool = False) -> bytes:
    """A day's lines: its own events, some of the day before again, and two that are no events.

    Corrected, a third of its events is gone and others have come.
    """
    own = _events(site, day, seed)
    if corrected:
        own = own[len(own) // 3 :] + _events(site, day, seed + 1000)[:5]
    again = _events(site, day - DAY, seed)[:4]
    lines = [*again, *own, own[0], b"{cut", b""]
    return b"".join(line + b"\n" for line in lines)


def courses_of(site: str, day: date) -> list[str]:
    """Numbers of the courses that a day's own events are of, corrected or not."""
    return Random(f"{site} {day}").sample(COURSES, 2)


def courses_in(*logs: bytes) -> set[str]:
    """Numbers of the courses that any of these logs has events of."""
    return {number for number in COURSES if any(number.encode() in log for log in logs)}


def _events(site: str, day: date, seed: int) -> list[bytes]:
    courses = courses_of(site, day)
    random = Random(f"{seed} {site} {day}")
    start = datetime(day.year, day.month, day.day, 1)
    return [
        json.dumps(_event(random, courses, start + timedelta(seconds=31 * n))).encode()
        for n in range(random.randint(12, 30))
    ]


def _event(random: Random, courses: list[str], moment: datetime) -> dict[str, Any]:
    number, user = random.choice(courses), random.randint(1, 9)
    told: dict[str, Any] = {"event_type": "page_close", "event": "{}"}
    if random.random() < 0.5:
        told = {"event_type": "play_video", "event": {"id": f"i4x://TestX/{number}/video/v1"}}
    return {
        "username": f"u{user}",
        "event_source": "browser",
        "context": {"course_id": f"TestX/{number}/2014", "user_id": user},
        "time": f"{moment.isoformat()}.250000+00:00",
        "page": f"https://courses.edx.org/courses/TestX/{number}/2014/info",
        **told,
    }
