"""Tracking records and retired learners: whose event it is, and who else is named in it.

Looking for names costs many times what reading an event does. So only events that name others by
their nature are searched, and those of nobody (a login). An answer to a problem, say, is not.
"""

import re
from collections.abc import Mapping
from typing import Any

from edx_assets.edx.personal import Kind, personal_fields
from edx_assets.edx.retired import Answers, Retired, id_fields

Record = dict[str, Any]

NAMING = (
    "forum|discussion|comment|team|cohort|instructor|wiki|notes|openassessment|/u/|/users/|profile"
    "|account|course_experience|support|bulk|masquerade|peer|/progress/[0-9]"
)
"""A pattern of the types and addresses of events that can name other learners: those of the forum,
teams, course staff, the wiki, notes, open responses, profiles and others' progress."""

PROFILE = "/u/"
"""In the address of a learner's profile page, before the username."""

_NAMING = re.compile(NAMING)
_BLOCK, _OPEN_RESPONSE = "/xblock/", "openassessment"
_TRACKING = id_fields("tracking")
TARGETS = frozenset(
    path.rpartition(".")[2]
    for path, personal in (personal_fields("tracking") or {}).items()
    if path.startswith("event.**.") and personal.kind == Kind.IDENTIFIER
)
"""Fields of an event's payload that name a learner, who need not be the one who caused it."""

_SAYING = ("event", "event_type", "page", "referer", "name", "label")
"""Fields that can name learners in events of others, beside the path in the context."""

_OF_COMPUTER = ("ip", "session", "agent", "host", "referer")


def is_own(retired: Retired, record: Record) -> bool:
    """Whether a retired learner caused the event."""
    username = record.get("username")
    if type(username) is str and username and retired.usernames[username]:
        return True
    user_id = record.get("user_id")
    return type(user_id) is int and retired.ids[user_id]


def without_retired(retired: Retired, record: Record) -> Record | None:
    """A record without retired learners: itself where it names none, or None where it goes."""
    own = is_own(retired, record)
    if own and not retired.pseudonyms:
        return None
    if not own:
        return _without_names(retired, record) if _may_name(retired, record) else record
    told = _without_computer(retired.without(record, _TRACKING))
    if type(told.get("context")) is dict:
        told["context"] = _without_computer(told["context"])
    return told if told != record else record


def _without_computer(record: Mapping[str, Any]) -> Record:
    return {name: None if name in _OF_COMPUTER else value for name, value in record.items()}


def _without_names(retired: Retired, record: Record) -> Record:
    """Somebody else's record, searched where it can name learners."""
    changed: Record = {}
    for name in _SAYING:
        value = record.get(name)
        if value and (left := retired.field(name, value, _TRACKING)) is not value:
            changed[name] = left
    context = record.get("context")
    if type(context) is dict and type(context.get("path")) is str:
        path = context["path"]
        if (left := retired.text(path)) is not path:
            changed["context"] = {**context, "path": left}
    return {**record, **changed} if changed else record


def _can_name(event_type: str) -> bool:
    if _BLOCK in event_type:
        return _OPEN_RESPONSE in event_type
    return _NAMING.search(event_type) is not None


_naming = Answers(_can_name, 65_536)
"""Whether events of a type, or address, can name others."""


def _may_name(retired: Retired, record: Record) -> bool:
    """Whether an event is to be searched for retired learners."""
    event_type, page, event = record.get("event_type"), record.get("page"), record.get("event")
    if type(event_type) is str and _naming[event_type]:
        return True
    if type(page) is str and PROFILE in page:
        return True
    if not record.get("username") and record.get("user_id") is None:
        return True
    if type(event) is not dict or TARGETS.isdisjoint(event):
        return False
    return any(_names(retired, event[name]) for name in TARGETS & event.keys())


def _names(retired: Retired, value: Any) -> bool:
    if type(value) is str:
        return retired.words[value] or retired.usernames[value] or retired.has_user_id(value)
    if type(value) is list:
        return any(_names(retired, each) for each in value)
    return retired.has_user_id(value)
