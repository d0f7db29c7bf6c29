"""Tracking-log lines to tracking records: what is repaired, added and rejected.

A record is the complete delivered event with these additional fields: `_id`, `timestamp`,
`course_id`, `module_id`, `thread_id`, `comment_id`, `user_id`, `site`, `load_file`, `load_date`.
Where they are found in the event belongs in `event_courses`, `event_blocks` and `event_posts`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import Any, cast

import bson
import orjson
from bson import ObjectId
from bson.errors import InvalidDocument
from xxhash import xxh3_64_digest

from edx_assets.edx.documents import MAX_DEPTH, MAX_DOCUMENT, elements_of, within
from edx_assets.edx.event_blocks import module_of
from edx_assets.edx.event_courses import course_of
from edx_assets.edx.event_posts import is_of_forum, posts_of
from edx_assets.edx.event_values import (
    cut,
    has_lost_digits,
    is_too_deep,
    lenient_json,
    loses_values,
    too_deep,
)
from edx_assets.edx.reasons import Reason
from edx_assets.edx.secrets import may_have_secrets, text_may_have_secrets, without_secrets
from edx_assets.edx.user_ids import user_id_of

ADDED_FIELDS = frozenset(
    {"_id", "timestamp", "course_id", "module_id", "thread_id", "comment_id", "user_id"}
    | {"site", "load_file", "load_date"}
    | {"delivered", "parent_data", "metadata"}  # added by the extraction of a course
)
IMPLICIT = "/"
"""The type of an implicit event is the path of the request: it begins with a slash."""

Record = dict[str, Any]

_COMMON = 64  # characters; longer stringified events are not worth caching
_EPOCH = datetime(1970, 1, 1)
_OVER_ESCAPED = re.compile(r'\{\s*\\+"')
_ESCAPES = 3  # how often an event's string may have been escaped once too often
_OVER_ESCAPED_START = re.compile(r'"event"\s*:\s*"(?=\{\s*(?:\\\\)+")')
_OVER_ESCAPED_END = re.compile(r'(?<=\})"(?=\s*[,}])')
_BLANK = b" \t\r\n\x00"
_ID = b"\x07_id\0"
"""Type and name of the ObjectId `_id`, written first because MongoDB keeps it first."""
_id_element = Struct(f">{len(_ID)}sI8s").pack


class RejectedError(Exception):
    """A line that cannot be loaded, and the reason. It is a verdict on the line, not a failure."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def line_reader(
    load_file: str, site: str, load_date: datetime
) -> Callable[[bytes], tuple[bytes, Record]]:
    """Return a function that turns one line of a day's file into a tracking record.

    Args:
        load_file: base name of the delivered file, kept in every record.
        site: `edx` or `edge`.
        load_date: the time of the load (aware, UTC).

    Returns:
        A function from a line (bytes, with or without its line end) to the record, as BSON and as
        a dict. The dict lacks `_id` and the fields that are the same for the whole file. Its dates
        are naive and in UTC: encoding an aware one takes three times as long. The function raises
        `RejectedError` for a line that cannot be loaded.
    """
    loads, encode = orjson.loads, bson.encode
    of_file = elements_of(
        encode({"site": site, "load_file": load_file, "load_date": _naive(load_date)})
    )

    def read(line: bytes, mended: Record | None = None) -> tuple[bytes, Record]:
        if mended is None:
            try:
                record = loads(line)
            except ValueError:
                return read(*_mend(line))
            if type(record) is not dict:
                raise RejectedError(Reason.NOT_AN_EVENT)
        else:
            record = mended
        event = told = record.get("event")
        is_text = type(told) is str
        source, event_type = record.get("event_source"), record.get("event_type")
        of_server = source == "server" or (not source and _is_address(event_type))
        # looking costs a tenth of the time, and edX writes all of an implicit event itself: one
        # that is too deep all the same is refused by the database, alone
        if mended is None and not (of_server and is_text) and loses_values(record, line):
            return read(line, _lenient_record(line.decode()))
        if not ADDED_FIELDS.isdisjoint(record):
            record = _set_aside(record)
            if mended is None and is_too_deep(record, line):  # now: it is a level deeper
                return read(line, _lenient_record(line.decode()))
        if is_text and told[:1] == "{":
            if mended is not None:
                parse = _lenient_event
            else:
                parse = _parse_common_event if len(told) <= _COMMON else _parse_event
            if (parsed := parse(told)) is not None:
                record["event"] = event = parsed
        # settings are sent in the event, and searching a whole line costs a fifth of the time;
        # few of the short texts have an underscore
        if is_text and mended is None:
            sensitive = "_" in told and text_may_have_secrets(told)
        else:
            sensitive = may_have_secrets(line)
        if sensitive:
            record = without_secrets(record)
            event = record.get("event")
        module = module_of(record, event, of_server)
        if module is not None:
            record["module_id"] = module
        address = event_type if of_server else record.get("page")
        course = course_of(record, event, address, module)
        if course is not None:
            record["course_id"] = course
        if type(address) is str and is_of_forum(address):
            thread, comment = posts_of(record, event, address)
            if thread:
                record["thread_id"] = thread
            if comment:
                record["comment_id"] = comment
        context = record.get("context")
        if type(context) is dict:
            user_id = context.get("user_id")
            if type(user_id) is int or (user_id := user_id_of(user_id)) is not None:
                record["user_id"] = user_id
        username = record.get("username")
        if type(username) is str and (name := username.strip()) is not username:
            record["username"] = name
            record["delivered"] = {**record.get("delivered", {}), "username": username}
        time = record.get("time")
        if time is None and "delivered" in record:  # re-emitted events call it `timestamp`
            time = record["delivered"].get("timestamp")
        timestamp, second = read_time(time)
        record["timestamp"] = timestamp
        try:
            of_line = encode(record)
        except (UnicodeEncodeError, InvalidDocument, OverflowError, RecursionError):
            if mended is not None:
                raise RejectedError(Reason.NOT_STORABLE) from None
            return read(line, _lenient_record(line.decode()))
        own_id = _id_element(_ID, second, xxh3_64_digest(line.strip(_BLANK)))
        document = within(own_id, of_line, of_file)
        if len(document) > MAX_DOCUMENT:
            record["event"] = told if type(told) is str else orjson.dumps(event).decode()
            document = within(own_id, encode(record), of_file)
            if len(document) > MAX_DOCUMENT:
                raise RejectedError(Reason.NOT_STORABLE)
        return document, record

    return read


def _is_address(event_type: Any) -> bool:
    return type(event_type) is str and event_type[:1] == IMPLICIT


def record_id(document: bytes) -> ObjectId:
    """The `_id` of an encoded record."""
    start = 4 + len(_ID)
    return ObjectId(document[start : start + 12])


def read_time(text: Any) -> tuple[datetime, int]:
    """A tracking event's time (naive, UTC) and its second since 1970.

    Variants seen: with or without microseconds; with `+00:00`, with `Z`, or naive, meaning UTC.

    Raises:
        RejectedError: `no_time`, if it is missing, unreadable, before 1970 or after 2106.
    """
    if type(text) is not str:
        raise RejectedError(Reason.NO_TIME)
    try:
        timestamp = datetime.fromisoformat(text.removesuffix("+00:00"))
        if timestamp.tzinfo is not None:
            timestamp = _naive(timestamp)
    except (ValueError, OverflowError):
        raise RejectedError(Reason.NO_TIME) from None
    since = timestamp - _EPOCH
    second = since.days * 86_400 + since.seconds
    if not 0 <= second < 2**32:
        raise RejectedError(Reason.NO_TIME)
    return timestamp, second


def _naive(moment: datetime) -> datetime:
    """An aware time as a naive one in UTC, as BSON assumes."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _parse_event(text: str) -> Record | None:
    """The object in a stringified event; None if it is not an object or too deep to store."""
    try:
        parsed = orjson.loads(text)
    except ValueError:
        # edX cuts an implicit event's string at 512 characters: not worth a second attempt
        return None if len(text) == 512 else _lenient_event(text)
    if type(parsed) is not dict:
        return None
    levels = MAX_DEPTH - 1  # the record itself is one
    if text.count("{") + text.count("[") > levels and too_deep(parsed, levels):
        return None
    return _lenient_event(text) if has_lost_digits(parsed.values()) else parsed


_parse_common_event = lru_cache(1024)(_parse_event)
"""The same, cached: most implicit events have texts such as `{"POST": {}, "GET": {}}`."""


def _lenient_event(text: str) -> Record | None:
    """The same with Python's json, and of a text whose quotes were escaped once too often."""
    for _ in range(1 + _ESCAPES):
        if cut(text, MAX_DEPTH - 1) != text:
            return None
        try:
            parsed = lenient_json(text)
        except ValueError:
            if not _OVER_ESCAPED.match(text):
                return None
        else:
            return parsed if type(parsed) is dict else None
        try:
            text = orjson.loads(f'"{text}"')
        except ValueError:
            return None
    return None


def _mend(line: bytes) -> tuple[bytes, Record]:
    """The payload of a line that is not plain JSON, and the event in it.

    Known causes: NULs left by log rotation; a prefix from syslog, Python's logging or grep; NaN
    and lone surrogates, both written by Python's json; bytes that are not UTF-8; an event's string
    whose backslashes were doubled.
    """
    payload = line.strip(_BLANK)
    if not payload:
        raise RejectedError(Reason.BLANK)
    if payload.startswith(b"#"):
        raise RejectedError(Reason.COMMENT)
    for start in sorted({0, max(payload.find(b"{"), 0)}):
        text = payload[start:].decode("utf-8", "replace")
        for attempt in (text, *_unescaped(text)):
            try:
                return payload[start:], _lenient_record(attempt)
            except ValueError:
                continue
    raise RejectedError(Reason.NOT_JSON)


def _lenient_record(text: str) -> Record:
    """The event in a line, with what BSON cannot hold as text.

    Raises:
        ValueError: the line is not JSON.
    """
    record = lenient_json(cut(text, MAX_DEPTH))
    if type(record) is not dict:
        raise RejectedError(Reason.NOT_AN_EVENT)
    if not ADDED_FIELDS.isdisjoint(record):  # they will be a level deeper
        record = lenient_json(cut(text, MAX_DEPTH - 1))
    return cast(Record, record)


def _unescaped(text: str) -> Iterator[str]:
    """A line with the backslashes of its event's string halved, where they were doubled."""
    start = _OVER_ESCAPED_START.search(text)
    end = _OVER_ESCAPED_END.search(text, start.end()) if start else None
    if not start or not end:
        return
    before, told, after = text[: start.end()], text[start.end() : end.start()], text[end.start() :]
    halved = told
    for _ in range(_ESCAPES):
        halved = halved.replace("\\\\", "\\")
        yield before + halved + after
    yield before + told.replace('\\\\"', '\\"') + after  # only those of its quotes were


def _set_aside(record: Record) -> Record:
    """Move delivered fields that have the names of added fields into `delivered`."""
    kept = {field: value for field, value in record.items() if field not in ADDED_FIELDS}
    return {**kept, "delivered": {field: record[field] for field in ADDED_FIELDS & record.keys()}}
