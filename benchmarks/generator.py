"""Tracking logs of any length, always the same for the same seed, written as they are made.

Two kinds. `real`: what a log of an Open edX site holds (counted over 321,548 lines of 2017): 86 %
implicit events, whose type is the address of a request and whose `event` is a string cut at 512
characters; the rest from players, problems, navigation and enrolment; a few lines that are wrong.
`plain`: browser's and server's events in equal parts, nothing wrong: the log that the plain
transform (`plain`) was made for.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson
from isal import igzip

from benchmarks.site import AGENTS, COURSES, Course

IMPLICIT = 0.86
CUT_EVENT = 512  # characters, edX's limit for an implicit event's string
WRONG = 1e-4  # lines that are cut short; as many are led by NULs
TWICE = 2e-5
LATE = 5e-3  # lines that are older than those before them
DAY = datetime(2014, 2, 3)
LEARNERS = 20_000

Event = dict[str, Any]


def write_log(
    path: Path, events: int, kind: str = "real", seed: int = 1, learners: int = LEARNERS
) -> Path:
    """A day's log, gzipped, of so many lines; one that is there is taken as it is."""
    if not path.is_file():
        part = path.with_name(path.name + ".part")
        with igzip.open(part, "wb") as log:
            for line in lines(events, kind, seed, learners=learners):
                log.write(line)
        part.rename(path)
    return path


def lines(
    events: int, kind: str = "real", seed: int = 1, day: datetime = DAY, learners: int = LEARNERS
) -> Iterator[bytes]:
    """The lines of a day's log, with their ends."""
    return (_real if kind == "real" else _plain)(events, Random(f"{kind} {seed}"), day, learners)


def _real(events: int, random: Random, day: datetime, learners: int) -> Iterator[bytes]:
    chance = random.random
    step = 86_400 / events
    before = b""
    makers: list[Callable[[Random, Course, Event], None]] = [
        _video,
        _navigation,
        _problem,
        _enrolment,
    ]
    weights = [50, 30, 17, 3]
    for number in range(events):
        if before and chance() < TWICE:
            yield before
            continue
        second = number * step
        if chance() < LATE:
            second = max(0.0, second - 3600 * chance())
        course = random.choices(COURSES, cum_weights=_POPULAR)[0]
        event = _common(random, course, day + timedelta(seconds=second), learners)
        if chance() < IMPLICIT:
            _implicit(random, course, event)
        else:
            random.choices(makers, weights)[0](random, course, event)
        before = orjson.dumps(event) + b"\n"
        luck = chance()
        if luck < WRONG:
            yield before[: len(before) // 2] + b"\n"
        elif luck < 2 * WRONG:
            yield b"\0" * 40 + before
        else:
            yield before


def _plain(events: int, random: Random, day: datetime, learners: int) -> Iterator[bytes]:
    step = 86_400 / events
    courses = [course for course in COURSES if course.is_new]
    for number in range(events):
        course = random.choice(courses)
        event = _common(random, course, day + timedelta(seconds=number * step), learners)
        event["event_type"] = kind = random.choice(_PLAIN_TYPES) or random.choice(course.pages)
        block = f"i4x-{course.org}-{course.number}-video-{random.getrandbits(128):032x}"
        if kind in _BROWSER_TYPES:
            event["event_source"] = "browser"
            event["page"] = f"https://courses.edx.org{random.choice(course.pages)}"
            event["event"] = _player(random, block)
        else:
            event["page"] = "x_module"
            event["event"] = _checked(block, f"{block}_2_1", f"choice_{number % 4}")
        yield orjson.dumps(event) + b"\n"


_BROWSER_TYPES = ("play_video", "pause_video", "page_close", "seq_next")
_PLAIN_TYPES = (*_BROWSER_TYPES, "problem_check", "edx.course.enrollment.activated", "")
_POPULAR = [sum(4 / rank for rank in range(1, n + 1)) for n in range(1, len(COURSES) + 1)]


def _common(random: Random, course: Course, time: datetime, learners: int) -> Event:
    learner = int(random.random() ** 2 * learners) + 1
    return {
        "username": f"learner{learner}",
        "event_type": "",
        "ip": f"10.{learner % 255}.{learner // 255}.{learner % 7}",
        "agent": AGENTS[learner % len(AGENTS)],
        "host": "courses.edx.org",
        "session": f"{random.getrandbits(128):032x}",
        "referer": f"https://courses.edx.org{random.choice(course.pages)}",
        "accept_language": "en-US,en;q=0.8",
        "event": "",
        "event_source": "server",
        "context": {
            "user_id": learner,
            "org_id": course.org,
            "course_id": course.key,
            "path": "/event",
            "course_user_tags": {},
        },
        "time": time.isoformat(timespec="microseconds") + "+00:00",
        "page": None,
    }


def _implicit(random: Random, course: Course, event: Event) -> None:
    told: Event = {"POST": {}, "GET": {}}
    luck = random.random()
    if luck < 0.45:
        block = random.choice(course.blocks)
        handler = "problem_get" if block.category == "problem" else "save_user_state"
        path = f"/courses/{course.key}/xblock/{block.in_url}/handler/xmodule_handler/{handler}"
        if handler == "save_user_state":
            minutes, seconds = divmod(int(luck * 8000), 60)
            told["POST"] = {"saved_video_position": [f"00:{minutes:02d}:{seconds:02d}"]}
    elif luck < 0.70:
        path = random.choice(course.pages)
    elif luck < 0.90:
        page = random.choice(("info", "progress", "discussion/forum", "about"))
        path = f"/courses/{course.key}/{page}"
        if luck > 0.896:  # a post in the forum, which is what gets cut
            told["POST"] = {"body": ["I do not see why the second answer is right. " * 12]}
    else:
        path = random.choice(("/dashboard", "/login_ajax", "/api/user/v1/accounts", "/heartbeat"))
        event["context"]["course_id"] = event["context"]["org_id"] = ""
    event["event_type"] = event["context"]["path"] = path
    event["event"] = orjson.dumps(told).decode()[:CUT_EVENT]


def _video(random: Random, course: Course, event: Event) -> None:
    block = random.choice(course.videos)
    event["event_type"] = random.choice(("play_video", "pause_video", "load_video", "seek_video"))
    event["event_source"] = "browser"
    event["page"] = f"https://courses.edx.org{random.choice(course.pages)}"
    event["event"] = _player(random, block.html_id)


def _navigation(random: Random, course: Course, event: Event) -> None:
    event["event_source"] = "browser"
    event["page"] = f"https://courses.edx.org{random.choice(course.pages)}"
    if random.random() < 0.5:
        event["event_type"] = "page_close"
        event["event"] = "{}"
        return
    event["event_type"] = random.choice(("seq_next", "seq_goto", "seq_prev"))
    old = random.randrange(5)
    told = {"old": old, "new": old + 1, "id": random.choice(course.sequentials).key}
    event["event"] = orjson.dumps(told).decode()


def _problem(random: Random, course: Course, event: Event) -> None:
    block = random.choice(course.problems)
    answer = block.answer_id
    choice = f"choice_{random.randrange(4)}"
    event["event_type"] = "problem_check"
    event["context"]["module"] = {"display_name": "A question", "usage_key": block.key}
    event["context"]["path"] = f"/courses/{course.key}/xblock/{block.in_url}/handler/problem_check"
    event["page"] = "x_module"
    told = _checked(block.key, answer, choice)
    answered = {"answer": choice, "correct": True, "input_type": "choicegroup"}
    event["event"] = {**told, "submission": {answer: answered}}


def _player(random: Random, block: str) -> str:
    told = {"id": block, "currentTime": random.random() * 600, "code": "html5"}
    return orjson.dumps(told).decode()


def _checked(problem: str, answer: str, choice: str) -> Event:
    return {
        "problem_id": problem,
        "success": "correct",
        "attempts": 1,
        "grade": 1,
        "max_grade": 1,
        "answers": {answer: choice},
        "state": {
            "seed": 1,
            "student_answers": {},
            "correct_map": {},
            "done": None,
            "input_state": {answer: {}},
        },
    }


def _enrolment(random: Random, course: Course, event: Event) -> None:
    user = event["context"]["user_id"]
    event["event_type"] = event["name"] = "edx.course.enrollment.activated"
    event["event"] = {"course_id": course.key, "user_id": user, "mode": "honor"}
