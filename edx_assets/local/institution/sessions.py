"""What learners do: sessions of believable tracking events, each with the truth about it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from edx_assets.local.institution.blocks import ORG, Course
from edx_assets.local.institution.people import Learner

HOST = "courses.edx.org"
GONE = "0" * 32
"""Name of a block that the structure no longer has."""


@dataclass(frozen=True)
class Event:
    """An event, when it reached edX, and what a loader should make of it."""

    record: dict[str, Any]
    at: datetime
    arrived: datetime
    course: Course
    about_block: bool = False
    bound: bool = False

    @property
    def implicit(self) -> bool:
        """Whether it is a request that edX logged by itself."""
        return str(self.record["event_type"]).startswith("/")

    def changed(self, **fields: Any) -> "Event":
        """The same with some fields of its record set."""
        return replace(self, record={**self.record, **fields})


class Session:
    """One visit of a learner to a course, its clock moving on from event to event."""

    def __init__(self, learner: Learner, course: Course, start: datetime, random: Random) -> None:
        self.learner, self.course, self.now, self.random = learner, course, start, random
        self.id = f"{random.getrandbits(128):032x}"
        self.chapter, self.sequential = random.choice(course.sequentials)

    def events(self) -> Iterator[Event]:
        """The visit: pages, videos, problems, now and then the forum or the mobile app."""
        for _page in range(self.random.randint(2, 5)):
            self.chapter, self.sequential = self.random.choice(self.course.sequentials)
            yield self._request(f"courseware/{self.chapter}/{self.sequential}/", True)
            yield self._navigation()
            if self.random.random() < 0.6:
                yield from self._video()
            if self.random.random() < 0.5:
                yield from self._problem()
            for path in self.random.sample(["progress", "info", "wiki/x/", "discussion/forum"], 2):
                yield self._request(path)
            yield self._request("jump_to_id/abc")
            yield self._browser("page_close", "{}", True)
        if self.random.random() < 0.15:
            yield self._forum()
        if self.random.random() < 0.2:
            yield from self._mobile()

    def enrolment(self) -> Event:
        """The learner enrols."""
        told = {"course_id": self.course.told, "user_id": self.learner.id, "mode": "honor"}
        return self._server("edx.course.enrollment.activated", told, path="/change_enrollment")

    def _navigation(self) -> Event:
        told = {"old": 1, "new": 2, "id": self.course.usage("sequential", self.sequential)}
        kind = self.random.choice(["seq_next", "seq_prev", "seq_goto"])
        return self._browser(kind, json.dumps(told), True)

    def _video(self) -> Iterator[Event]:
        name, there = self._leaf("video")
        told: dict[str, Any] = {"id": self.course.html_id("video", name), "code": "OEoXaMPEzfM"}
        yield self._browser("load_video", json.dumps(told), there)
        moment = 0.0
        for kind in ("play_video", "pause_video", "seek_video", "play_video", "stop_video"):
            moment += round(self.random.uniform(1, 90), 3)
            yield self._browser(kind, json.dumps({**told, "currentTime": moment}), there)

    def _problem(self) -> Iterator[Event]:
        name, there = self._leaf("problem")
        part = f"{self.course.input_id(name)}_2_1"
        choice = f"choice_{self.random.randrange(4)}"
        form = f"input_{part}={choice}"
        yield self._browser("problem_check", form, there)
        yield self._xblock(name, there)
        right = self.random.random() < 0.6
        told: dict[str, Any] = {
            "problem_id": self.course.usage("problem", name),
            "success": "correct" if right else "incorrect",
            "grade": int(right),
            "max_grade": 1,
            "attempts": 1,
            "answers": {part: choice},
            "correct_map": {part: {"correctness": "correct" if right else "incorrect"}},
            "state": {"seed": 1, "student_answers": {}, "done": None, "input_state": {part: {}}},
        }
        yield self._server("problem_check", told, there, page="x_module")
        yield self._browser("problem_graded", [form, "<div>…</div>"], there)
        if not right:
            shown = {"problem_id": self.course.usage("problem", name)}
            yield self._server("showanswer", shown, there, page="x_module")

    def _xblock(self, name: str, there: bool) -> Event:
        key = self.course.usage("problem", name)
        if self.course.old:
            key = key.replace("/", ";_")
        path = f"/courses/{self.course.told}/xblock/{key}/handler/xmodule_handler/problem_check"
        return self._implicit(path, '{"POST": {"input": ["x"]}, "GET": {}}', there)

    def _request(self, path: str, there: bool | None = None) -> Event:
        address = f"/courses/{self.course.told}/{path}"
        return self._implicit(address, '{"POST": {}, "GET": {}}', there)

    def _forum(self) -> Event:
        thread = {"id": f"{self.random.getrandbits(96):024x}", "title": "Help", "body": "How?"}
        path = f"/courses/{self.course.told}/discussion/general/threads/create"
        return self._server("edx.forum.thread.created", thread, path=path)

    def _mobile(self) -> Iterator[Event]:
        name, there = self._leaf("video")
        delay = timedelta(days=self.random.choice([0, 0, 1, 3]), seconds=2)
        names = (("play_video", "edx.video.played"), ("pause_video", "edx.video.paused"))
        for kind, modern in names:
            told = {"id": self.course.html_id("video", name), "currentTime": 1.5, "code": "mobile"}
            made = self._event("mobile", kind, told, there)
            arrived = made.at + delay
            context = {
                **made.record["context"],
                "application": {"name": "edx.mobileapp.android", "version": "29"},
                "client": {"library": {"name": "analytics-android", "version": "1"}},
                "received_at": f"{arrived:%Y-%m-%dT%H:%M:%S.%f}+00:00",
            }
            made = made.changed(name=modern, ip="", session="", context=context)
            yield replace(made, arrived=arrived)

    def _leaf(self, category: str) -> tuple[str, bool]:
        """A block of the course, or seldom one that is there no more; and whether it is there."""
        if self.random.random() < 0.02:
            return GONE, False
        return self.random.choice(self.course.leaves[category]), True

    def _implicit(self, path: str, event: str, there: bool | None) -> Event:
        made = self._event("server", path, event, there)
        context = {**made.record["context"], "path": path}
        return made.changed(context=context, page=None)

    def _server(
        self, kind: str, told: dict[str, Any], there: bool | None = None, **fields: Any
    ) -> Event:
        path = fields.pop("path", "/event")
        made = self._event("server", kind, told, there)
        context = {**made.record["context"], "path": path}
        return made.changed(**{"page": None, "context": context, **fields})

    def _browser(self, kind: str, event: Any, there: bool) -> Event:
        return self._event("browser", kind, event, there)

    def _event(self, source: str, kind: str, event: Any, there: bool | None) -> Event:
        """`there`: whether the block it is about is in the structure; None where about none."""
        self.now += timedelta(
            seconds=self.random.randint(1, 40), microseconds=self.random.randrange(1_000_000)
        )
        course = self.course
        page = f"https://{HOST}/courses/{course.told}/courseware/{self.chapter}/{self.sequential}/"
        record = {
            "username": self.learner.username,
            "event_type": kind,
            "event_source": source,
            "ip": self.learner.address,
            "agent": self.learner.agent,
            "host": HOST,
            "session": self.id,
            "referer": page,
            "accept_language": "en-US,en;q=0.8",
            "event": event,
            "context": {
                "user_id": self.learner.id,
                "org_id": ORG,
                "course_id": course.told,
                "path": "/event",
            },
            "time": f"{self.now:%Y-%m-%dT%H:%M:%S.%f}+00:00",
            "page": page,
        }
        return Event(record, self.now, self.now, course, there is not None, bool(there))
