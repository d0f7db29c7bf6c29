"""What an address tells of an event: its course, its block, and its post in the forum.

Where events have their addresses does not belong here. Results are cached: a day's log repeats a
few thousand addresses.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from edx_assets.edx.keys import course_key, course_of_usage, usage_key, usage_key_in

CACHE = 65_536  # addresses

_COURSE = re.compile(
    r"/courses/((?:course|ccx)-v1(?::|%3[Aa])[^/?#\s]+|(?!v\d+/)[^/+?#:\s]+/[^/+?#\s]+/[^/?#\s]+)"
)
_PART = r"(?:[\w.~:-]|%[89A-Fa-f][0-9A-Fa-f]){1,255}"
"""Part of a key, with what is not ASCII percent-encoded; edX's keys have 255 characters at most.

Without the limit, an address of nothing but `course-v1:` would take the square of its length.
"""
_PLUS = r"(?:\+|%2[Bb]|%20)"
_NEW_KEY = re.compile(
    rf"(course|ccx|asset)(-v1(?::|%3[Aa]){_PART}{_PLUS}{_PART}{_PLUS}{_PART}"
    rf"(?:{_PLUS}ccx(?:@|%40)\d+)?)"
)
_OLD_KEY = re.compile(
    r"/(?:course_modes/choose|course_info|enrollment/v1/course|shoppingcart/add/course"
    r"|verify_student/[a-z-]+)/([^/+?#:\s]+/[^/+?#\s]+/[^/?#\s]+)"
)
"""Addresses outside `/courses/` that name a course by the old spelling as well."""
_BLOCK = re.compile(
    r"(i4x:;_;_[^/?#\s]+|(?:ccx-)?block-v1(?::|%3[Aa])[^/?#&\s]+"
    r"|i4x(?::|%3[Aa])(?://|%2[Ff]%2[Ff])[^?#&\s]+)"
)
_UNIT = re.compile(r"/((?:ccx-)?block-v1(?::|%3[Aa])[^/?#&\s]+)")
_COURSEWARE = re.compile(r"/courseware/([^/?#\s]+)(?:/([^/?#\s]+))?")
_JUMP = re.compile(r"/jump_to_id/([^/?#\s]+)")
_POST_ID = r"([0-9a-fA-F]{24}|\d+)(?![^/?#&])"
_THREAD = re.compile(rf"(?:/(?:threads|posts)/|[?&]thread_id=){_POST_ID}")
_COMMENT = re.compile(rf"/comments/{_POST_ID}")


class Posts(NamedTuple):
    """The ids of a thread and of a response or comment, as far as they are told."""

    thread: str | None
    comment: str | None


NO_POSTS = Posts(None, None)


@lru_cache(CACHE)
def course_in(url: str) -> str | None:
    """The course after `/courses/`, or of the block: what edX's own pipeline knows."""
    url = _decoded(url)
    if (found := _COURSE.search(url)) and (key := course_key(found[1])):
        return key
    if "block-v1" in url and (found := _BLOCK.search(url)) and (key := usage_key(found[1])):
        return course_of_usage(key)
    return None


@lru_cache(CACHE)
def any_course_in(url: str) -> str | None:
    """The first course key anywhere in an address.

    The learning MFE's, Studio's, the APIs', the discussions' and the enrolment's addresses all
    have it in another place. A course's static files have it too (`asset-v1:`).
    """
    if key := course_in(url):
        return key
    url = _decoded(url)
    if "-v1" in url and (found := _NEW_KEY.search(url)):
        kind = "ccx" if found[1] == "ccx" else "course"
        if key := course_key(kind + found[2]):
            return key
    return course_key(found[1]) if (found := _OLD_KEY.search(url)) else None


@lru_cache(CACHE)
def block_in(url: str) -> str | None:
    """The usage key in an address; the unit's where the learning MFE's has it after another."""
    url = _decoded(url)
    found = _BLOCK.search(url)
    if found is None:
        return None
    key = usage_key(found[1])
    unit = _UNIT.match(url, found.end())
    return (usage_key(unit[1]) or key) if unit else key


@lru_cache(CACHE)
def module_in(url: str) -> str | None:
    """The block that an address is about: by its key, or by its name in the course.

    `/courseware/<chapter>/<sequential>/` is about the sequential, or the chapter alone.
    `/jump_to_id/<name>` does not tell the category: it is taken for a unit's, because Studio shows
    this link, to be copied, for units only.
    """
    if key := block_in(url):
        return key
    if "/course" not in url:
        return None
    url = _decoded(url)
    course = _COURSE.search(url) or _NEW_KEY.search(url)
    if course is None:
        return None
    spelled = course[1] if course.re is _COURSE else course[0]
    if found := _COURSEWARE.search(url):
        category, name = ("sequential", found[2]) if found[2] else ("chapter", found[1])
        return usage_key_in(spelled, category, name)
    found = _JUMP.search(url)
    return usage_key_in(spelled, "vertical", found[1]) if found else None


@lru_cache(CACHE)
def posts_in(url: str) -> Posts:
    """The thread, and the response or comment, that an address of the forum is about."""
    thread, comment = _THREAD.search(url), _COMMENT.search(url)
    return Posts(thread and thread[1], comment and comment[1])


def _decoded(url: str) -> str:
    """An address with the plus signs of keys that became spaces, and encoded only once."""
    if "%25" in url:
        url = unquote(url)
    return url.replace(" ", "+") if " " in url else url
