"""The right answers to questions that researchers ask of a course, known from how it was made."""

from collections.abc import Iterable
from datetime import datetime

from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.discussions import Post
from edx_assets.local.sample.events import Event
from edx_assets.local.sample.history import Enrolment
from edx_assets.local.sample.tables import Cell

Answer = dict[str, dict[str, int]]
"""By username (or user id, or usage key), then by what the question groups by: a number."""


def of_events(course: Course, events: Iterable[Event]) -> dict[str, Answer]:
    """The answers from a course's tracking."""
    by_day: Answer = {}
    by_video: Answer = {}
    attempts: Answer = {}
    plays: Answer = {}
    activity: Answer = {}
    enrolments: Answer = {}
    blocks = course.blocks
    for event in events:
        fields = event.fields
        username = fields["username"].strip()
        _add(by_day, username, str(event.time.date()))
        if "/xblock/" not in fields["event_type"]:
            _add(activity, str(event.learner), str(event.time.date()))
        if fields["event_type"].startswith("edx.course.enrollment."):
            _add(enrolments, str(event.learner), fields["event_type"].rpartition(".")[2])
        if event.about and course.structure.get(event.about, {}).get("category") == "video":
            _add(by_video, username, event.about)
        if fields["event_type"] == "play_video" and event.about in blocks:
            _add(plays, event.about, "plays")
        if (fields["event_type"], fields["event_source"]) == ("problem_check", "server"):
            problem, attempt = fields["event"]["problem_id"], fields["event"]["attempts"]
            of_learner = attempts.setdefault(username, {})
            of_learner[problem] = max(attempt, of_learner.get(problem, 0))
    return {
        "events_by_learner_and_day": by_day,
        "events_by_learner_and_video": by_video,
        "attempts_by_learner_and_problem": attempts,
        "plays_by_video": plays,
        "activity_by_user_id_and_day": activity,
        "enrolment_events_by_user_id": enrolments,
    }


def of_enrolments(rows: Iterable[list[Cell]]) -> int:
    """How many learners are enrolled as verified."""
    return sum(row[4:] == [1, "verified"] for row in rows)


def of_certificates(rows: Iterable[list[Cell]], enrolments: Iterable[Enrolment]) -> dict[str, Cell]:
    """The grades of those who can download their certificate, by username."""
    usernames = {each.learner.id: each.learner.username for each in enrolments}
    return {usernames[int(str(row[1]))]: row[3] for row in rows if row[7] == "downloadable"}


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
