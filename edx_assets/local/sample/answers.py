"""The right answers to questions that researchers ask of a course, known from how it was made."""

from collections.abc import Iterable
from datetime import datetime

from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.discussions import Post
from edx_assets.local.sample.events import Event
from edx_assets.local.sample.history import Enrolment
from edx_assets.local.sample.tables import Cell

Answer = dict[str, dict[str, int]]
"""By username, then by what the question groups by: a number."""


def of_events(course: Course, events: Iterable[Event]) -> dict[str, Answer]:
    """The answers from a course's tracking."""
    by_day: Answer = {}
    by_video: Answer = {}
    attempts: Answer = {}
    for event in events:
        fields = event.fields
        username = fields["username"]
        _add(by_day, username, str(event.time.date()))
        if event.about and course.structure.get(event.about, {}).get("category") == "video":
            _add(by_video, username, event.about)
        if (fields["event_type"], fields["event_source"]) == ("problem_check", "server"):
            problem, attempt = fields["event"]["problem_id"], fields["event"]["attempts"]
            of_learner = attempts.setdefault(username, {})
            of_learner[problem] = max(attempt, of_learner.get(problem, 0))
    return {
        "events_by_learner_and_day": by_day,
        "events_by_learner_and_video": by_video,
        "attempts_by_learner_and_problem": attempts,
    }


def of_states(rows: Iterable[list[Cell]], enrolments: Iterable[Enrolment]) -> Answer:
    """Rows of courseware_studentmodule by username and type of block."""
    usernames = {each.learner.id: each.learner.username for each in enrolments}
    found: Answer = {}
    for _id, module_type, _module_id, student_id, *_others in rows:
        if isinstance(student_id, int) and student_id in usernames:
            _add(found, usernames[student_id], str(module_type))
    return found


def of_posts(course: Course, posts: Iterable[Post], until: datetime) -> Answer:
    """Posts by author and type."""
    found: Answer = {}
    for post in posts:
        if post.course is course and post.time < until:
            _add(found, post.author.username, "Comment" if post.thread else "CommentThread")
    return found


def _add(answer: Answer, username: str, key: str) -> None:
    of_learner = answer.setdefault(username, {})
    of_learner[key] = of_learner.get(key, 0) + 1
