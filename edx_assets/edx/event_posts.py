"""The thread of the forum that a tracking event is about, and the response or comment.

The ids are texts, as events have them; in the forum's collection, those of posts are ObjectIds.
"""

from functools import lru_cache
from typing import Any

from edx_assets.edx.event_addresses import CACHE, NO_POSTS, Posts, posts_in
from edx_assets.edx.event_courses import sent_values

_FORUM = "discussion"
"""In every address of the forum."""
_FORUM_EVENT = "edx.forum."
"""The types of the forum's explicit events, all of which the server writes, begin with it."""


@lru_cache(CACHE)
def is_of_forum(address: str) -> bool:
    """Whether an address, or the type of a server event, is the forum's."""
    return _FORUM in address or address.startswith(_FORUM_EVENT)


def posts_of(record: dict[str, Any], event: Any, address: str) -> Posts:
    """The thread and the response or comment of an event, from the event or from its address.

    `address` is a server event's type, which need not be one, and a browser event's page. One with
    `/comments/<id>/…` tells a response or comment but not its thread.
    """
    told = NO_POSTS
    url: Any = address
    if address.startswith(_FORUM_EVENT):
        told = _told(address, event) if type(event) is dict else NO_POSTS
        context = record.get("context")
        url = context.get("path") if type(context) is dict else None
    if type(url) is not str or _FORUM not in url:
        return told
    found = posts_in(url)
    thread = told.thread or found.thread
    if thread is None and type(event) is dict and event.get("GET"):
        thread = next(iter(sent_values(event, "thread_id")), None)
    return Posts(thread, told.comment or found.comment)


def _told(event_type: str, event: dict[str, Any]) -> Posts:
    """What an event `edx.forum.thread.…`, `….response.…` or `….comment.…` itself names."""
    of = event_type.removeprefix(_FORUM_EVENT).partition(".")[0]
    own = event.get("id")
    own = own if type(own) is str and own else None
    if of == "thread":
        return Posts(own, None)
    if of not in ("response", "comment"):
        return NO_POSTS
    thread = event.get("discussion")
    about = thread.get("id") if type(thread) is dict else None
    return Posts(about if type(about) is str and about else None, own)
