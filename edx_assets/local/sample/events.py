"""The sample's tracking events: what edX's trackers write about a visit, and the facts."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from edx_assets.local.sample.courses import ORG, Block, Course
from edx_assets.local.sample.people import Learner

CUT = 512
"""Length in characters at which edX cuts the `event` string of an implicit event."""


@dataclass
class Event:
    """An event as edX writes it (`fields`), with the facts about it.

    `course` is its canonical course key, `about` the usage key of the block it is about; None if
    the event does not say. `received` is when edX wrote it, which decides its file. `before` is
    the text in front of the JSON in its line. `oddities` are the manifest's names for its oddities.
    """

    site: str
    course: str | None
    learner: int
    about: str | None
    time: datetime
    received: datetime
    fields: dict[str, Any]
    before: bytes = b""
    oddities: list[str] = field(default_factory=list)

    @property
    def implicit(self) -> bool:
        """Whether the type is the path of a request."""
        return bool(self.fields["event_type"].startswith("/"))

    def payload(self) -> bytes:
        """The JSON as Python's json writes it: ASCII, with spaces after commas and colons."""
        return json.dumps(self.fields).encode("ascii")

    def line(self) -> bytes:
        """The line, without a line end."""
        return self.before + self.payload()


@dataclass
class Visit:
    """A learner's visit to a course: who, where, and a clock that only runs forward."""

    learner: Learner
    course: Course
    now: datetime
    rng: Random
    session: str
    page: str = ""
    shown: str | None = None  # usage key of the chapter or sequential in the page's URL
    events: list[Event] = field(default_factory=list)

    def wait(self, low: float, high: float) -> None:
        """Let a random number of seconds between these two pass."""
        self.now += timedelta(microseconds=int(self.rng.uniform(low, high) * 1e6) + 1)

    def open(self, rest: str, shown: str | None = None) -> None:
        """Request a page below the course's URL, or that of a chapter or sequential (its key)."""
        self.wait(1, 6)
        self.page = self.course.url(rest)
        self.shown = shown
        implicit(self, self.course.path(rest), about=shown)


def implicit(
    visit: Visit,
    path: str,
    post: dict[str, list[str]] | None = None,
    get: dict[str, list[str]] | None = None,
    about: str | None = None,
) -> None:
    """The server's event for a request; `about` is the block that the URL names."""
    event = json.dumps({"POST": post or {}, "GET": get or {}})
    fields = {**_envelope(visit), "event": event[:CUT], "event_source": "server"}
    fields["event_type"] = path
    fields |= {"context": _context(visit, path), "time": when(visit.now), "page": None}
    made = _add(visit, fields, about)
    if len(event) > CUT:
        made.oddities.append("cut_at_512")


def browser(
    visit: Visit, event_type: str, event: Any, about: str | None = None, name: str | None = None
) -> Event:
    """An event that the page sends: an object as a JSON string, anything else unchanged.

    `about` is the block that the event itself names; if none, the one that the page shows is used.
    """
    fields = {**_envelope(visit), "event": json.dumps(event) if isinstance(event, dict) else event}
    fields |= {
        "event_type": event_type,
        "session": visit.session,
        "event_source": "browser",
        "context": _context(visit, "/event"),
        "time": when(visit.now),
        "page": visit.page,
    }
    if name:
        fields["name"] = name
    return _add(visit, fields, about or visit.shown)


def server(
    visit: Visit, name: str, event: dict[str, Any], path: str, about: Block | None = None
) -> Event:
    """A named event emitted by the server; `about` is the block of its module, if any."""
    context = _context(visit, path)
    if about:
        context["module"] = {"display_name": about.title}
        if not visit.course.old:
            context["module"]["usage_key"] = about.key
    fields = {**_envelope(visit), "event_type": name, "session": visit.session}
    fields |= {"event": event, "event_source": "server", "context": context}
    fields |= {"time": when(visit.now), "page": "x_module" if about else None, "name": name}
    return _add(visit, fields, about.key if about else None)


def mobile(
    visit: Visit, event_type: str, name: str, event: dict[str, Any], about: Block, delay: timedelta
) -> Event:
    """An event of the app, which keeps events it cannot send: edX receives it `delay` later."""
    received = visit.now + delay
    application = {"name": "edx.mobileapp.android", "version": "1.0.02", "component": "videoplayer"}
    context = _context(visit, "/segmentio/event") | {
        "application": application,
        "client": {"library": {"name": "analytics-android", "version": "2.2.0"}},
        "received_at": when(received),
    }
    own = {"id": about.html_id, "code": "mobile", **event}
    if not visit.course.old:
        own["module_id"] = about.key
    fields = {**_envelope(visit), "agent": "Dalvik/1.6.0 (Linux; U; Android 4.4.2; Nexus 5)"}
    fields |= {"ip": "", "referer": "", "accept_language": "", "session": ""}
    fields |= {"event_type": event_type, "name": name, "event_source": "mobile", "event": own}
    fields |= {"context": context, "time": when(visit.now), "page": visit.page}
    made = _add(visit, fields, about.key)
    made.received = received
    if received.date() > visit.now.date():
        made.oddities.append("late")
    return made


def when(moment: datetime) -> str:
    """A time as edX writes it: always with microseconds and offset."""
    return moment.isoformat(timespec="microseconds")


def _envelope(visit: Visit) -> dict[str, Any]:
    learner = visit.learner
    return {
        "username": learner.username,
        "event_type": "",
        "ip": learner.ip,
        "agent": learner.agent,
        "host": visit.course.host,
        "referer": visit.page,
        "accept_language": learner.language,
    }


def _context(visit: Visit, path: str) -> dict[str, Any]:
    return {
        "user_id": visit.learner.id,
        "org_id": ORG,
        "course_id": visit.course.spelled,
        "path": path,
    }


def _add(visit: Visit, fields: dict[str, Any], about: str | None) -> Event:
    course = visit.course
    made = Event(course.site, course.key, visit.learner.id, about, visit.now, visit.now, fields)
    visit.events.append(made)
    visit.wait(0.01, 0.4)
    return made
