"""The block that a tracking event is about, found from everything in the event.

The nearest place comes first: the event itself, then the URL it was sent to, then the page it was
on.
"""

import re
from typing import Any

from edx_assets.edx.event_addresses import any_course_in, block_in, module_in
from edx_assets.edx.event_courses import sent_values
from edx_assets.edx.keys import usage_key, usage_key_in, usage_key_of_html_id

Record = dict[str, Any]

# without the limits, a text of nothing but `input_` would take the square of its length
_INPUT = re.compile(r"(?:^|[&\"\[{ ])input_([^=&\"]{1,500}?)_\d+_\d+(?:%5B%5D|\[\]|=|\"|$)")
_WIDGET_INPUT = re.compile(
    r"(?:^|[&\"\[{ ])input_([^=&\"]{1,500}?)_\d+_\d+_[A-Za-z][^=&\"]{0,500}(?:=|\"|$)"
)
"""The inputs of widgets that have several (`…_2_1_choiceinput_0bc`) or a second (`…_dynamath`)."""

_FIELDS = (
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
    "exam_content_id",
    "child_id",
    "assignment_block_key",
)
_NAMES_BLOCK = frozenset({*_FIELDS, "code", "bookmark_id", "target_url"})
"""Most events are implicit and have none of these fields."""
_MAY_BE_USAGE = ("i4x", "blo", "ccx")
_PLAYER = frozenset(
    {
        "load_video",
        "play_video",
        "pause_video",
        "seek_video",
        "stop_video",
        "speed_change_video",
        "show_transcript",
        "hide_transcript",
        "video_show_cc_menu",
        "video_hide_cc_menu",
    }
)


def module_of(record: Record, event: Any, of_server: bool) -> str | None:
    """The usage key of the block that an event is about, or None if it cannot be identified.

    It understands old and new spellings, dashed HTML ids, `/xblock/…`, `/modx/…` and `i4x:;_;_…`
    URLs, the inputs of a submitted problem, the chapter or sequential of a `/courseware/…` URL, and
    the bare name that a player uses for its video in courses with the new spelling. An i4x HTML id
    is converted to a usage key as far as possible (see `keys`).
    """
    context = record.get("context")
    if type(context) is not dict:
        context = {}
    if type(event) is dict:
        if not _NAMES_BLOCK.isdisjoint(event) and (key := _told(event, record, context)):
            return key
    elif type(event) is str and event[:3] in _MAY_BE_USAGE:
        key = _any_usage(event, context.get("course_id"))
        if key:
            return key
    module = context.get("module")
    if type(module) is dict:
        text = module.get("usage_key")
        if type(text) is str and (key := usage_key(text)):
            return key
    event_type = record.get("event_type")
    if type(event_type) is not str:
        event_type = ""
    if event_type[:1] == "/":
        if of_server:
            if type(event) is dict and event.get("GET"):
                for text in sent_values(event, "activate_block_id"):
                    if key := usage_key(text):
                        return key
            return module_in(event_type)
    elif event_type[:3] in _MAY_BE_USAGE and (key := usage_key(event_type)):
        return key
    if of_server:
        path = context.get("path")
        return block_in(path) if type(path) is str else None
    page = record.get("page")
    if type(event) is not dict and event and (key := _submitted_problem(event, record)):
        return key
    return module_in(page) if type(page) is str else None


def _told(event: dict[str, Any], record: Record, context: dict[str, Any]) -> str | None:
    """The block that the event itself names."""
    for field in _FIELDS:
        text = event.get(field)
        if type(text) is str and text[:3] in _MAY_BE_USAGE:
            key = _any_usage(text, context.get("course_id"))
            if key:
                return key
    if key := _played_video(event, record):
        return key
    bookmark = event.get("bookmark_id")  # `<username>,<usage key>`
    if type(bookmark) is str and (key := usage_key(bookmark.rpartition(",")[2])):
        return key
    url = event.get("target_url")
    return module_in(url) if type(url) is str else None


def _any_usage(text: str, course: Any) -> str | None:
    if text.startswith("i4x-"):
        return usage_key_of_html_id(text, course if type(course) is str else None)
    return usage_key(text)


def _played_video(event: dict[str, Any], record: Record) -> str | None:
    """The video that a player's event names by HTML id; most such events have its `code`."""
    name = event.get("id") or event.get("host_component_id")
    if type(name) is not str or name[:4] == "i4x-" or record.get("event_source") == "server":
        return None
    if "code" not in event:
        event_type = record.get("event_type")
        if type(event_type) is not str:
            return None
        if event_type not in _PLAYER and not event_type.startswith("edx.video."):
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
    return any_course_in(page) if type(page) is str else None


def _submitted_problem(event: Any, record: Record) -> str | None:
    """The problem whose inputs a browser's problem_check, problem_graded, … event names."""
    if type(event) is list:
        event = event[0] if event else None
    if type(event) is not str:
        return None
    found = _INPUT.search(event) or _WIDGET_INPUT.search(event)
    if not found:
        return None
    name = found[1]
    course = _told_course(record)
    if name.startswith("i4x-"):
        return usage_key_of_html_id(name, course)
    return usage_key_in(course, "problem", name) if course else None
