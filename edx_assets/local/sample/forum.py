"""The sample's forum files as mongoexport wrote them: one JSON document per line."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.discussions import Post

_DATES: list[Callable[[datetime], Any]] = [
    lambda moment: _milliseconds(moment),
    lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
    lambda moment: {"$numberLong": str(_milliseconds(moment))},
]
"""The forms of `$date`: each was written by some version of mongoexport."""


def forum_lines(course: Course, posts: list[Post], until: datetime) -> list[bytes]:
    """A course's posts at a point in time, one per line, with each form of `$date` in turn."""
    held = [post for post in posts if post.course is course and post.time < until]
    return [
        json.dumps(_document(post, held, _DATES[number % len(_DATES)])).encode()
        for number, post in enumerate(held)
    ]


def _document(post: Post, held: list[Post], date: Callable[[datetime], Any]) -> dict[str, Any]:
    moment = {"$date": date(post.time)}
    document: dict[str, Any] = {
        "_id": {"$oid": post.id},
        "_type": "Comment" if post.thread else "CommentThread",
        "anonymous": False,
        "anonymous_to_peers": False,
        "at_position_list": [],
        "author_id": str(post.author.id),
        "author_username": post.author.username,
        "body": post.body,
        "course_id": post.course.spelled,
        "created_at": moment,
        "updated_at": moment,
        "abuse_flaggers": [],
        "historical_abuse_flaggers": [],
        "visible": True,
        "votes": {
            "up": [str(voter) for voter in post.up],
            "down": [],
            "up_count": len(post.up),
            "down_count": 0,
            "count": len(post.up),
            "point": len(post.up),
        },
    }
    if post.thread is None:
        answers = [other for other in held if other.thread is post]
        return document | {
            "title": post.title,
            "thread_type": "question",
            "commentable_id": post.topic,
            "comment_count": len(answers),
            "closed": False,
            "pinned": False,
            "tags_array": [],
            "context": "course",
            "last_activity_at": {"$date": date(max([post.time, *(a.time for a in answers)]))},
        }
    above = [{"$oid": post.parent.id}] if post.parent else []
    return document | {
        "comment_thread_id": {"$oid": post.thread.id},
        "parent_id": above[0] if above else None,
        "parent_ids": above,
        "depth": len(above),
        "sk": "-".join([*(parent["$oid"] for parent in above), post.id]),
        "endorsed": False,
        "endorsement": None,
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
