"""The datasets of the forum in plain, slow Python: see `plain`."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from edx_assets_tests.datasets.plain import Event, Row, learners

Post = dict[str, Any]

OF_THREADS = {"follow": "follow_thread", "unfollow": "unfollow_thread"}
ADDRESSES = (
    (r"forum/?$", "enter_forum"),
    (r"forum/search", "search"),
    (r"forum/users/[^/]+/followed", "follow_user"),
    (r"forum/users/[^/]+$", "target_user"),
    (r"forum/[^/]+/threads/[^/]+", "read"),
    (r"forum/[^/]+/inline", "read_inline"),
)


def action_of(event_type: str) -> str | None:
    """What the peers call an event of the forum; a name of theirs for each explicit event."""
    if event_type.startswith("edx.forum."):
        *of, verb = event_type.removeprefix("edx.forum.").split(".")
        return "_".join([verb, *of])
    place = event_type.partition("/discussion/")[2]
    if found := re.match(r"threads/[^/]+/(\w+)", place):
        return OF_THREADS.get(found[1], found[1])
    if found := re.match(r"comments/[^/]+/(\w+)", place):
        return f"comment_{found[1]}"
    return next((name for form, name in ADDRESSES if re.match(form, place)), None)


def forum_events(events: list[Event]) -> list[Row]:
    rows = []
    for user_id, own in learners(events):
        for each in own:
            place = each.type.partition("/discussion/")[2]
            if not each.type.startswith("edx.forum.") and not re.match(
                "forum|threads|comments", place
            ):
                continue
            topic = re.match(r"forum/(?!users)([^/]+)/(threads|inline)", place)
            user = re.match(r"forum/users/(\d+)", place)
            asked = each.told.get("GET", {}).get("text", [None])[0]
            rows.append(
                {
                    "time": each.time,
                    "user_id": user_id,
                    "event_type": each.type,
                    "forum_action": action_of(each.type),
                    "thread_id": each.fields.get("thread_id"),
                    "comment_id": each.fields.get("comment_id"),
                    "subject": each.told.get("commentable_id") or (topic and topic[1]),
                    "target_user_id": int(user[1]) if user else None,
                    "search_query": each.told.get("query") or asked,
                    "event_id": each.event_id,
                }
            )
    return rows


def kind_of(post: Post) -> str | None:
    if post.get("_type") == "CommentThread":
        return "initial_post"
    if post.get("_type") == "Comment":
        return "comment" if post.get("parent_id") else "response_post"
    return None


def forum_posts(posts: Sequence[Post]) -> list[Row]:
    by_id = {str(post["_id"]): post for post in posts}
    rows = []
    for slug_id, post in by_id.items():
        kind = kind_of(post)
        top = slug_id if kind == "initial_post" else str(post.get("comment_thread_id") or "")
        thread = by_id.get(top, {})
        parent = by_id.get(str(post.get("parent_id")), {})
        written = post.get("created_at")
        rows.append(
            {
                "slug_id": slug_id,
                "slug_type": kind,
                "thread_id": top or None,
                "parent_id": str(post["parent_id"]) if post.get("parent_id") else None,
                "user_id": post.get("author_id"),
                "original_poster": thread.get("author_id"),
                "responded_to": parent.get("author_id"),
                "subject": post.get("commentable_id") or thread.get("commentable_id"),
                "title": post.get("title") or thread.get("title"),
                "first_time": written.replace(tzinfo=None) if written else None,
                "anonymous": bool(post.get("anonymous") or post.get("anonymous_to_peers")),
                "votes": post.get("votes", {}).get("count", 0),
                "pinned": post.get("pinned"),
                "endorsed": post.get("endorsed"),
                "body_preview": post["body"][:100],
            }
        )
    return rows


def person_forum(posts: Sequence[Post]) -> list[Row]:
    rows = []
    for user_id in {post["author_id"] for post in posts if post.get("author_id") is not None}:
        own = [post for post in posts if post.get("author_id") == user_id]
        kinds = Counter(kind_of(post) for post in own)
        rows.append(
            {
                "user_id": user_id,
                "nforum": len(own),
                "nvotes": sum(post.get("votes", {}).get("count", 0) for post in own),
                "npinned": sum(post.get("pinned") is True for post in own),
                "nendorsed": sum(post.get("endorsed") is True for post in own),
                "nthread": kinds["initial_post"],
                "ncomment": kinds["response_post"] + kinds["comment"],
            }
        )
    return rows


def forum_person(events: list[Event], posts: Sequence[Post]) -> list[Row]:
    told = {row["slug_id"]: row for row in forum_posts(posts)}
    counts: dict[tuple[int, str], Counter[str]] = {}
    times: dict[tuple[int, str], list[datetime]] = {}
    threads: dict[tuple[int, str], set[str]] = {}
    columns = {
        "read": "read",
        "read_inline": "read",
        "viewed_thread": "viewed",
        "pin": "pinned",
        "upvote": "upvoted",
        "comment_upvote": "upvoted",
        "unvote": "unvoted",
        "comment_unvote": "unvoted",
        "follow_thread": "followed",
    }
    for row in forum_events(events):
        slug_id = row["comment_id"] or row["thread_id"]
        if slug_id and row["forum_action"] in columns:
            key = (row["user_id"], slug_id)
            counts.setdefault(key, Counter())[columns[row["forum_action"]]] += 1
            times.setdefault(key, []).append(row["time"])
            threads.setdefault(key, set()).update({row["thread_id"]} - {None})
    for slug_id, row in told.items():
        if row["user_id"] is not None:
            counts.setdefault((row["user_id"], slug_id), Counter())["wrote"] += 1
            written = [row["first_time"]] if row["first_time"] else []
            times.setdefault((row["user_id"], slug_id), []).extend(written)
    names = ("wrote", "read", "viewed", "pinned", "upvoted", "unvoted", "followed")
    return [
        {
            "user_id": key[0],
            "slug_id": key[1],
            "slug_type": told.get(key[1], {}).get("slug_type"),
            "thread_id": told.get(key[1], {}).get("thread_id")
            or min(threads.get(key, ()), default=None),
            **{name: count[name] for name in names},
            "first_time": min(times[key], default=None),
            "last_time": max(times[key], default=None),
        }
        for key, count in counts.items()
    ]
