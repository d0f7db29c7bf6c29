"""The course of a tracking event, found from everything in the event.

The places that edX's own pipeline knows are searched first, in its order.
"""

from typing import Any

from edx_assets.edx.event_addresses import any_course_in, course_in
from edx_assets.edx.keys import course_key, course_of_usage

Record = dict[str, Any]

_NAMES = (
    "courserun_key",  # the learning MFE and edX's own analytics
    "course_key",
    "course_run_key",
    "course_run_id",
    "courseId",
    "course",  # the instructor's events
)
_SENT = ("course_id", "course_key", "course")
_ADDRESSES = ("current_url", "target_url")
_ENROLMENT = "edx.course.enrollment."
_NAMED = frozenset(_NAMES)
_SHORTEST = len("/course_info/a/b/c")


def course_of(record: Record, event: Any, address: Any, module: str | None) -> str | None:
    """The canonical course key of an event, `Org/Number` if the run is unknown, or None.

    `event` is the event member, parsed if it was a string; `address` a server event's type, which
    need not be one, or a browser event's page; `module` is the block it is about.
    Order: an enrolment event's own course, context.course_id, the address (a server event's type, a
    browser's page), context.path, name, the event's course_id, the block's course.
    Source: edx-analytics-pipeline and simeon, whose order this is. After these come the places that
    they do not know, and last a block's course without a run.
    """
    context = record.get("context")
    event_type = record.get("event_type")
    own = event.get("course_id") if type(event) is dict else None
    if (
        type(own) is str
        and type(event_type) is str
        and event_type.startswith(_ENROLMENT)
        and (key := course_key(own))
    ):
        return key
    if type(context) is dict:
        told = context.get("course_id")
        if told and type(told) is str and (key := course_key(told)):
            return key
    path = context.get("path") if type(context) is dict else None
    addresses = (address, path, record.get("name"))
    for url in addresses:
        if type(url) is str and (key := course_in(url)):
            return key
    if type(own) is str and (key := course_key(own)):
        return key
    of_block = course_of_usage(module) if module else None
    if of_block and ":" in of_block:
        return of_block
    return _elsewhere(addresses, event) or of_block


def sent_values(event: dict[str, Any], name: str) -> list[str]:
    """What a request sent under a name, its POST's first: implicit events have it parsed."""
    found = []
    for method in ("POST", "GET"):
        sent = event.get(method)
        if sent and type(sent) is dict and name in sent:
            values = sent[name]
            of_name = values if type(values) is list else [values]
            found += [value for value in of_name if type(value) is str]
    return found


def _elsewhere(addresses: tuple[Any, ...], event: Any) -> str | None:
    for url in addresses:
        if type(url) is str and len(url) >= _SHORTEST and (key := any_course_in(url)):
            return key
    if type(event) is not dict or not event:
        return None
    told = [] if _NAMED.isdisjoint(event) else [event[name] for name in _NAMES if name in event]
    if event.get("POST") or event.get("GET"):
        told += [value for name in _SENT for value in sent_values(event, name)]
    for text in told:
        if type(text) is str and (key := course_key(text)):
            return key
    for name in _ADDRESSES if "current_url" in event or "target_url" in event else ():
        url = event.get(name)
        if type(url) is str and (key := any_course_in(url)):
            return key
    return None
