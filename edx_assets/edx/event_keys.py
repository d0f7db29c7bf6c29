"""The course and the block of a tracking event, found from everything in the event.

The places are searched in this order: for the course, that of edX's own pipeline; for the block,
the nearest first: the event itself, then the URL it was sent to, then the page it was on.
"""

import re
from functools import lru_cache
from typing import Any

from edx_assets.edx.keys import (
    course_key,
    course_of_usage,
    usage_key,
    usage_key_in,
    usage_key_of_html_id,
)

Record = dict[str, Any]

_CACHE = 65_536  # URLs; a day's log repeats a few thousand

_COURSE_IN_URL = re.compile(
    r"/courses/((?:course|ccx)-v1(?::|%3[Aa])[^/?#\s]+|(?!v\d+/)[^/+?#:\s]+/[^/+?#\s]+/[^/?#\s]+)"
)
_BLOCK_IN_URL = re.compile(
    r"(i4x:;_;_[^/?#\s]+|(?:ccx-)?block-v1(?::|%3[Aa])[^/?#&\s]+"
    r"|i4x(?::|%3[Aa])(?://|%2[Ff]%2[Ff])[^?#\s]+)"
)
_COURSEWARE = re.compile(r"/courseware/[^/?#\s]+/([^/?#\s]+)")
_INPUT = re.compile(r"(?:^|[&\"\[{ ])input_([^=&\"]+?)_\d+_\d+(?:%5B%5D|\[\]|=|\"|$)")

_BLOCK_FIELDS = (
    "id",
    "problem_id",
    "module_id",
    "usage_key",
    "component_usage_id",
    "host_component_id",
    "block_id",
    "item_id",
    "location",
    "problem",
)
_NAMES_BLOCK = frozenset({*_BLOCK_FIELDS, "code"})
"""Most events are implicit and have none of these fields."""
_MAY_BE_USAGE = ("i4x", "blo", "ccx")


def course_of(record: Record, event: Any, module: str | None) -> str | None:
    """The canonical course key of an event, `Org/Number` if the run is unknown, or None.

    `event` is the event member, parsed if it was a string; `module` is the result of `module_of`.
    Order: an enrolment event's own course, context.course_id, the URL (a server event's type, a
    browser's page), context.path, name, the event's course_id, the block's course.
    Source: edx-analytics-pipeline and simeon, whose order this is.
    """
    context = record.get("context")
    event_type = record.get("event_type")
    is_object = type(event) is dict
    if is_object and type(event_type) is str and event_type.startswith("edx.course.enrollment."):
        acted_on = event.get("course_id")
        if type(acted_on) is str and (key := course_key(acted_on)):
            return key
    if type(context) is dict:
        told = context.get("course_id")
        if told and type(told) is str and (key := course_key(told)):
            return key
    address = event_type if record.get("event_source") == "server" else record.get("page")
    path = context.get("path") if type(context) is dict else None
    for url in (address, path, record.get("name")):
        if type(url) is str and (key := _course_in_url(url)):
            return key
    told = event.get("course_id") if is_object else None
    if type(told) is str and (key := course_key(told)):
        return key
    return course_of_usage(module) if module else None


def module_of(record: Record, event: Any) -> str | None:
    """The usage key of the block that an event is about, or None if it cannot be identified.

    It understands old and new spellings, dashed HTML ids, `/xblock/…`, `/modx/…` and `i4x:;_;_…`
    URLs, the inputs of a submitted problem, the sequential of a `/courseware/…` URL, and the bare
    name that a player uses for its video in courses with the new spelling. An i4x HTML id is
    converted to a usage key as far as possible (see `keys`).
    """
    context = record.get("context")
    if type(context) is not dict:
        context = {}
    if type(event) is dict and not _NAMES_BLOCK.isdisjoint(event):
        for field in _BLOCK_FIELDS:
            text = event.get(field)
            if type(text) is str and text[:3] in _MAY_BE_USAGE:
                key = _any_usage(text, context.get("course_id"))
                if key:
                    return key
        if "code" in event and (key := _played_video(event, record)):
            return key
    module = context.get("module")
    if type(module) is dict:
        text = module.get("usage_key")
        if type(text) is str and (key := usage_key(text)):
            return key
    if record.get("event_source") == "server":
        event_type = record.get("event_type")
        if type(event_type) is str and event_type[:1] == "/":
            return _module_in_url(event_type)
        path = context.get("path")
        return _block_in_url(path) if type(path) is str else None
    page = record.get("page")
    if type(event) is not dict and event and (key := _submitted_problem(event, record)):
        return key
    return _module_in_url(page) if type(page) is str else None


def _any_usage(text: str, course: Any) -> str | None:
    if text.startswith("i4x-"):
        return usage_key_of_html_id(text, course if type(course) is str else None)
    return usage_key(text)


def _played_video(event: dict[str, Any], record: Record) -> str | None:
    """The video that a player's event names by HTML id; all such events have its `code`."""
    name = event.get("id") or event.get("host_component_id")
    if type(name) is not str or name[:4] == "i4x-" or record.get("event_source") == "server":
        return None
    course = _told_course(record)
    return usage_key_in(course, "video", name) if course else None


def _told_course(record: Record) -> str | None:
    """The course as its HTML ids spell it: from the context, else from the page."""
    context = record.get("context")
    course = context.get("course_id") if type(context) is dict else None
    if type(course) is str and course:
        return course
    page = record.get("page")
    return _course_in_url(page) if type(page) is str else None


def _submitted_problem(event: Any, record: Record) -> str | None:
    """The problem whose inputs a browser's problem_check, problem_graded, … event names."""
    if type(event) is list:
        event = event[0] if event else None
    if type(event) is not str or not (found := _INPUT.search(event)):
        return None
    name = found[1]
    course = _told_course(record)
    if name.startswith("i4x-"):
        return usage_key_of_html_id(name, course)
    return usage_key_in(course, "problem", name) if course else None


@lru_cache(_CACHE)
def _course_in_url(url: str) -> str | None:
    if found := _COURSE_IN_URL.search(url):
        return course_key(found[1])
    if "block-v1" in url and (found := _BLOCK_IN_URL.search(url)) and (key := usage_key(found[1])):
        return course_of_usage(key)
    return None


@lru_cache(_CACHE)
def _block_in_url(url: str) -> str | None:
    found = _BLOCK_IN_URL.search(url)
    return usage_key(found[1]) if found else None


@lru_cache(_CACHE)
def _module_in_url(url: str) -> str | None:
    if key := _block_in_url(url):
        return key
    if (sequential := _COURSEWARE.search(url)) and (course := _COURSE_IN_URL.search(url)):
        return usage_key_in(course[1], "sequential", sequential[1])
    return None
