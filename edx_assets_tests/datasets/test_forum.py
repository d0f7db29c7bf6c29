"""The forum's datasets, by hand and against plain Python."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets_tests.datasets import plain_forum
from edx_assets_tests.datasets.made import as_made, made
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.test_against_plain import START

NEW, OLD = "/courses/course-v1:T+T1+1/discussion/", "/courses/T/T1/1/discussion/"
THREAD, RESPONSE, COMMENT, GONE = (f"{digit}" * 24 for digit in "1234")
WRITTEN = datetime(2014, 2, 3, 9, 30, tzinfo=UTC)
FORUM = ("forum_events", "forum_posts", "person_forum", "forum_person")


def happened(kind: str, number: int = 0, user_id: int | None = 7, **told: Any) -> Event:
    """An event; `thread` and `comment` are what the loading has found it to be about."""
    ids = {f"{name}_id": told.pop(name) for name in ("thread", "comment") if name in told}
    return Event(number, START + 1000 * number, user_id, kind, "server", None, told, ids)


def post(slug_id: str, author: int | None, **fields: Any) -> dict[str, Any]:
    """A response by default; `in_thread` and `parent` are ids."""
    ids = {
        "comment_thread_id": fields.pop("in_thread", None),
        "parent_id": fields.pop("parent", None),
    }
    document = {
        "_id": ObjectId(slug_id),
        "_type": "Comment",
        "author_id": author,
        "body": "x" * 101,
        "created_at": WRITTEN,
        **{name: ObjectId(value) for name, value in ids.items() if value},
        **fields,
    }
    return {name: value for name, value in document.items() if value is not None}


POSTS = [
    post(THREAD, 7, _type="CommentThread", title="Week 1", commentable_id="top",
         votes={"count": 2}, pinned=True, anonymous=False),
    post(RESPONSE, 8, in_thread=THREAD, endorsed=True, votes={"count": 1}, anonymous=True),
    post(COMMENT, 7, in_thread=THREAD, parent=RESPONSE, endorsed=False),
]  # fmt: skip


def test_an_action_is_told_by_its_address_or_its_event() -> None:
    told = [
        (happened(NEW + "forum"), "enter_forum", None),
        (happened(OLD + "forum/"), "enter_forum", None),
        (happened(NEW + "forum/search", GET={"text": ["exam"]}), "search", "exam"),
        (happened("edx.forum.searched", query="exam"), "searched", "exam"),
        (happened(NEW + "forum/users/12"), "target_user", 12),
        (happened(NEW + "forum/users/12/followed"), "follow_user", 12),
        (happened(OLD + f"forum/top/threads/{THREAD}", thread=THREAD), "read", THREAD),
        (happened(NEW + "forum/top/inline"), "read_inline", "top"),
        (happened(NEW + f"threads/{THREAD}/reply", thread=THREAD), "reply", THREAD),
        (happened(NEW + f"threads/{THREAD}/follow", thread=THREAD), "follow_thread", THREAD),
        (happened(NEW + f"threads/{THREAD}/unfollow", thread=THREAD), "unfollow_thread", THREAD),
        (happened(NEW + f"threads/{THREAD}/unpin", thread=THREAD), "unpin", THREAD),
        (happened(NEW + f"comments/{COMMENT}/reply", comment=COMMENT), "comment_reply", COMMENT),
        (happened("edx.forum.thread.created", thread=THREAD), "created_thread", THREAD),
        (happened("edx.forum.response.created", thread=THREAD, comment=RESPONSE),
         "created_response", RESPONSE),
        (happened("edx.forum.comment.created", commentable_id="top"), "created_comment", "top"),
        (happened("/courses/T/T1/1/instructor/api/list_forum_members"), "list_forum_members", None),
        (happened("list-forum-admins"), "list-forum-admins", None),
        (happened(NEW + "threads"), None, None),
        (happened(NEW + "forum/top/threads"), None, "top"),
    ]  # fmt: skip
    left_out = [
        NEW + "top/threads/create",
        "/courses/T/T1/1/xblock/a/discussion/forum",
        "play_video",
    ]
    events = [
        Event(n, START + n, 7, e.type, "server", None, e.told, e.fields)
        for n, e in enumerate([e for e, *_expected in told] + [happened(kind) for kind in left_out])
    ]
    rows = made(["forum_events"], [*events, happened(NEW + "forum", 99, None)])["forum_events"]
    assert [row["forum_action"] for row in rows] == [action for _event, action, _about in told]
    for row, (_event, action, about) in zip(rows, told, strict=True):
        named = ("thread_id", "comment_id", "subject", "target_user_id", "search_query")
        values = [row[name] for name in named if row[name] is not None]
        assert about in values if about is not None else values == [], action


def test_a_post_says_whom_it_answers() -> None:
    thread, response, comment = made(["forum_posts"], [], {"forum": POSTS})["forum_posts"]
    assert thread["slug_type"] == "initial_post"
    assert (thread["thread_id"], thread["original_poster"], thread["votes"]) == (THREAD, 7, 2)
    assert (response["slug_type"], response["original_poster"]) == ("response_post", 7)
    assert (response["responded_to"], response["anonymous"]) == (None, True)
    assert (comment["slug_type"], comment["parent_id"]) == ("comment", RESPONSE)
    assert (comment["original_poster"], comment["responded_to"]) == (7, 8)
    assert (comment["title"], comment["subject"]) == ("Week 1", "top")
    assert comment["body_preview"] == "x" * 100
    assert comment["first_time"] == datetime(2014, 2, 3, 9, 30)


def test_what_is_odd_in_a_post_is_null_and_harms_no_other() -> None:
    odd = post(GONE, 7, _type=5, author_id="none", created_at="soon", votes="many", pinned=[1])
    rows = made(["person_forum", "forum_person"], [], {"forum": [*POSTS, odd]})
    found = {row["slug_id"]: row for row in rows["forum_posts"]}[GONE]
    told = {name: value for name, value in found.items() if value is not None}
    assert told == {"slug_id": GONE, "anonymous": False, "votes": 0, "body_preview": "x" * 100}
    assert [row["user_id"] for row in rows["person_forum"]] == [7, 8]


def test_an_author_is_told_by_what_others_made_of_the_posts() -> None:
    ana, ben = made(["person_forum"], [], {"forum": POSTS})["person_forum"]
    assert list(ana.values()) == [7, 2, 2, 1, 0, 1, 1]
    assert list(ben.values()) == [8, 1, 1, 0, 1, 0, 1]


def test_an_event_counts_for_the_post_that_it_is_about() -> None:
    events = [
        happened(NEW + f"forum/top/threads/{THREAD}", 1, 8, thread=THREAD),
        happened("edx.forum.thread.viewed", 2, 8, thread=THREAD),
        happened(NEW + f"comments/{COMMENT}/upvote", 3, 8, comment=COMMENT),
        happened(NEW + f"threads/{GONE}/follow", 4, 8, thread=GONE),
    ]
    rows = made(["forum_person"], events, {"forum": POSTS})["forum_person"]
    names = ("wrote", "read", "viewed", "pinned", "upvoted", "unvoted", "followed")
    counts = {(row["user_id"], row["slug_id"]): [row[name] for name in names] for row in rows}
    assert counts == {
        (7, THREAD): [1, 0, 0, 0, 0, 0, 0],
        (7, COMMENT): [1, 0, 0, 0, 0, 0, 0],
        (8, RESPONSE): [1, 0, 0, 0, 0, 0, 0],
        (8, THREAD): [0, 1, 1, 0, 0, 0, 0],
        (8, COMMENT): [0, 0, 0, 0, 1, 0, 0],
        (8, GONE): [0, 0, 0, 0, 0, 0, 1],
    }
    assert [row["thread_id"] for row in rows if row["slug_id"] == COMMENT] == [THREAD, THREAD]
    assert [row["slug_type"] for row in rows if row["slug_id"] == GONE] == [None]


def forum(random: Random) -> tuple[list[Event], list[dict[str, Any]]]:
    """Events and posts of a small forum, some about posts that are gone."""
    ids = [f"{number:024x}" for number in range(1, 8)]
    posts = []
    for place, slug_id in enumerate(ids[:6]):
        is_thread = place < 2
        posts.append(
            post(
                slug_id,
                random.choice((7, 8, 9, None)),
                _type="CommentThread" if is_thread else "Comment",
                title="t" if is_thread else None,
                commentable_id=random.choice(("top", None)),
                in_thread=None if is_thread else random.choice(ids),
                parent=None if is_thread else random.choice((None, None, *ids)),
                votes=random.choice(({"count": 3}, {"count": 0}, None)),
                pinned=random.choice((True, False, None)),
                endorsed=random.choice((True, False, None)),
                anonymous=random.choice((True, False, None)),
                anonymous_to_peers=random.choice((True, False, None)),
                created_at=random.choice((WRITTEN, None)),
            )
        )
    verbs = ("read", "pin", "upvote", "unvote", "follow", "viewed", "comment", "response", "inline")
    events = []
    for number in range(random.choice((0, 5, 60))):
        about, verb = random.choice(ids), random.choice(verbs)
        kind, fields = {
            "read": (f"{OLD}forum/top/threads/{about}", {"thread": about}),
            "inline": (f"{NEW}forum/top/inline", random.choice(({}, {"thread": about}))),
            "viewed": ("edx.forum.thread.viewed", {"thread": about}),
            "comment": (f"{NEW}comments/{about}/{random.choice(('upvote', 'unvote', 'reply'))}",
                        {"comment": about}),
            "response": ("edx.forum.response.created",
                         {"thread": random.choice(ids), "comment": about}),
        }.get(verb, (f"{NEW}threads/{about}/{verb}", {"thread": about}))  # fmt: skip
        events.append(happened(kind, number, random.choice((7, 8, None)), **fields))
    return events, posts


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_the_queries_agree_with_plain_python(seed: int) -> None:
    events, posts = forum(Random(seed))
    found = made(FORUM, events, {"forum": posts})
    for name, expected in (
        ("forum_events", plain_forum.forum_events(events)),
        ("forum_posts", plain_forum.forum_posts(posts)),
        ("person_forum", plain_forum.person_forum(posts)),
        ("forum_person", plain_forum.forum_person(events, posts)),
    ):
        assert [list(row.values()) for row in found[name]] == as_made(name, expected), name
