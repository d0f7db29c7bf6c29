"""Taking part in the forum: the events, and the resulting posts in the forum's data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.events import Visit, implicit, server
from edx_assets.local.sample.people import Learner

_BODIES = [
    "Does anyone see why the second answer is right? I get something else.",
    'Merci, très clair !\n\nOne more question: what of "the table"?',
    "Thank you 😀",
    "I worked it out step by step. First the masses, then the moles, then the ratio of the two;"
    " but the result differs from the one given by a factor of ten, so I must have lost a power"
    " somewhere between the lines. Here is all of it, so that you can see where I went wrong:"
    "\n\n" + "m = n · M, so n = m / M, and with the values of the table that is 0.25 mol. " * 6,
]


@dataclass
class Post:
    """A thread, a response to one, or a comment on a response (`parent`)."""

    id: str
    course: Course
    author: Learner
    time: datetime
    body: str
    topic: str
    title: str = ""
    thread: "Post | None" = None
    parent: "Post | None" = None
    up: list[int] = field(default_factory=list)  # ids of those who upvoted it


def take_part(visit: Visit, topic: str, posts: list[Post]) -> None:
    """Read a topic, then perhaps start a thread or answer one; new posts are added to `posts`."""
    course, rng = visit.course, visit.rng
    implicit(visit, course.path(f"discussion/forum/{topic}/inline"), get={"page": ["1"]})
    draw = rng.random()
    if draw > 0.55:
        return
    visit.wait(30, 300)
    here = [post for post in posts if post.course is course and post.time < visit.now]
    threads = [post for post in here if post.thread is None]
    responses = [post for post in here if post.thread and post.parent is None]
    if draw < 0.2 or not threads:
        _start_thread(visit, topic, posts)
    elif draw < 0.4 or not responses:
        _respond(visit, rng.choice(threads), posts)
    else:
        _comment(visit, rng.choice(responses), posts)
    if here and rng.random() < 0.4:
        _vote(visit, rng.choice(here))


def _start_thread(visit: Visit, topic: str, posts: list[Post]) -> None:
    body = visit.rng.choice(_BODIES)
    post = _post(visit, body, topic)
    post.title = f"Question {len(posts) + 1}"
    path = visit.course.path(f"discussion/{topic}/threads/create")
    implicit(visit, path, {"title": [post.title], "body": [body], "auto_subscribe": ["true"]})
    event = {
        "id": post.id,
        "title": post.title,
        "body": body,
        "truncated": False,
        "commentable_id": topic,
        "thread_type": "question",
        "anonymous": False,
        "anonymous_to_peers": False,
        "options": {"followed": True},
        "category_id": topic,
        "url": visit.course.url(f"discussion/forum/{topic}/threads/{post.id}"),
        "user_forums_roles": ["Student"],
        "user_course_roles": [],
        "group_id": None,
    }
    server(visit, "edx.forum.thread.created", event, path)
    posts.append(post)


def _respond(visit: Visit, thread: Post, posts: list[Post]) -> None:
    path = visit.course.path(f"discussion/threads/{thread.id}/reply")
    post = _reply(visit, path, thread.topic)
    post.thread = thread
    event: dict[str, Any] = {"id": post.id, "body": post.body, "discussion": {"id": thread.id}}
    event |= {"commentable_id": thread.topic, "truncated": False, "options": {"followed": False}}
    server(visit, "edx.forum.response.created", event, path)
    posts.append(post)


def _comment(visit: Visit, response: Post, posts: list[Post]) -> None:
    path = visit.course.path(f"discussion/comments/{response.id}/reply")
    post = _reply(visit, path, response.topic)
    post.thread, post.parent = response.thread, response
    thread_id = response.thread.id if response.thread else None
    event: dict[str, Any] = {"id": post.id, "body": post.body, "discussion": {"id": thread_id}}
    event |= {"response": {"id": response.id}, "commentable_id": response.topic}
    server(visit, "edx.forum.comment.created", event | {"truncated": False}, path)
    posts.append(post)


def _vote(visit: Visit, post: Post) -> None:
    if visit.learner.id in post.up:
        return
    post.up.append(visit.learner.id)
    kind = "comments" if post.thread else "threads"
    implicit(visit, visit.course.path(f"discussion/{kind}/{post.id}/upvote"))


def _reply(visit: Visit, path: str, topic: str) -> Post:
    post = _post(visit, visit.rng.choice(_BODIES), topic)
    implicit(visit, path, {"body": [post.body]})
    return post


def _post(visit: Visit, body: str, topic: str) -> Post:
    second = int(visit.now.timestamp())
    identity = f"{second:08x}{visit.rng.getrandbits(64):016x}"
    return Post(identity, visit.course, visit.learner, visit.now, body, topic)
