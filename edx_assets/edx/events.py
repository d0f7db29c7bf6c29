"""Tracking-log lines to tracking records: what is repaired, added and rejected.

A record is the complete delivered event with these additional fields: `_id`, `timestamp`,
`course_id`, `module_id`, `user_id`, `site`, `load_file`, `load_date`.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any

import bson
import orjson
from bson import ObjectId
from bson.errors import InvalidDocument
from xxhash import xxh3_64_digest

from edx_assets.edx.documents import MAX_DEPTH, MAX_DOCUMENT, document_of, elements_of
from edx_assets.edx.event_keys import course_of, module_of
from edx_assets.edx.reasons import Reason
from edx_assets.edx.secrets import may_have_secrets, without_secrets
from edx_assets.edx.user_ids import user_id_of

ADDED_FIELDS = frozenset(
    {"_id", "timestamp", "course_id", "module_id", "user_id", "site", "load_file", "load_date"}
    | {"delivered", "parent_data", "metadata"}  # added by the extraction of a course
)
IMPLICIT = "/"
"""The type of an implicit event is the path of the request: it begins with a slash."""

_COMMON = 64  # characters; longer stringified events are not worth caching
_EPOCH = datetime(1970, 1, 1)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = b" \t\r\n\x00"
_ID = b"\x07_id\0"
"""Type and name of the ObjectId `_id`, written first because MongoDB keeps it first."""


class RejectedError(Exception):
    """A line that cannot be loaded, and the reason. It is a verdict on the line, not a failure."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def line_reader(
    load_file: str, site: str, load_date: datetime
) -> Callable[[bytes], tuple[bytes, dict[str, Any]]]:
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

    def read(line: bytes) -> tuple[bytes, dict[str, Any]]:
        try:
            record = loads(line)
        except ValueError:
            line, record = _mend(line)
        if type(record) is not dict:
            raise RejectedError(Reason.NOT_AN_EVENT)
        if not ADDED_FIELDS.isdisjoint(record):
            record = _set_aside(record)
        event = record.get("event")
        # counting takes a twentieth of the time, and edX writes all parts of implicit events itself
        from_outside = type(event) is not str or record.get("event_source") != "server"
        many = from_outside and line.count(b"{") + line.count(b"[") > MAX_DEPTH
        if many and _too_deep(record, MAX_DEPTH):
            raise RejectedError(Reason.NOT_STORABLE)
        if type(event) is str and event[:1] == "{":
            parse = _parse_common_event if len(event) <= _COMMON else _parse_event
            if (parsed := parse(event)) is not None:
                record["event"] = event = parsed
        if may_have_secrets(line):
            record = without_secrets(record)
            event = record.get("event")
        module = module_of(record, event)
        if module is not None:
            record["module_id"] = module
        course = course_of(record, event, module)
        if course is not None:
            record["course_id"] = course
        context = record.get("context")
        user_id = user_id_of(context.get("user_id")) if type(context) is dict else None
        if user_id is not None:
            record["user_id"] = user_id
        time = record.get("time")
        if time is None and "delivered" in record:  # re-emitted events call it `timestamp`
            time = record["delivered"].get("timestamp")
        timestamp, second = read_time(time)
        record["timestamp"] = timestamp
        try:
            of_line = encode(record)
        except UnicodeEncodeError:
            of_line = encode(_without_surrogates(record))
        except (InvalidDocument, OverflowError, RecursionError):
            raise RejectedError(Reason.NOT_STORABLE) from None
        oid = second.to_bytes(4, "big") + xxh3_64_digest(line.strip(_BLANK))
        document = document_of(_ID + oid + elements_of(of_line) + of_file)
        if len(document) > MAX_DOCUMENT:
            raise RejectedError(Reason.NOT_STORABLE)
        return document, record

    return read


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


def _parse_event(text: str) -> dict[str, Any] | None:
    """The object in a stringified event; None if it is not an object or too deep to store."""
    try:
        parsed = orjson.loads(text)
    except ValueError:
        # edX cuts an implicit event's string at 512 characters: not worth a second attempt
        parsed = None if len(text) == 512 else _lenient_json(text)
    if type(parsed) is not dict:
        return None
    levels = MAX_DEPTH - 1  # the record itself is one
    if text.count("{") + text.count("[") > levels and _too_deep(parsed, levels):
        return None
    return parsed


_parse_common_event = lru_cache(1024)(_parse_event)
"""The same, cached: most implicit events have texts such as `{"POST": {}, "GET": {}}`."""


def _mend(line: bytes) -> tuple[bytes, Any]:
    """The payload of a line that is not plain JSON, and its parsed value.

    Known causes: NULs left by log rotation; a prefix from syslog, Python's logging or grep; NaN
    and lone surrogates, both written by Python's json; bytes that are not UTF-8.
    """
    payload = line.strip(_BLANK)
    if not payload:
        raise RejectedError(Reason.BLANK)
    if payload.startswith(b"#"):
        raise RejectedError(Reason.COMMENT)
    text = payload.decode("utf-8", "replace")
    if (parsed := _lenient_json(text)) is not None:
        return payload, parsed
    start = payload.find(b"{")
    if start > 0:
        payload = payload[start:]
        if (parsed := _lenient_json(payload.decode("utf-8", "replace"))) is not None:
            return payload, parsed
    raise RejectedError(Reason.NOT_JSON)


def _lenient_json(text: str) -> Any:
    """Parse with Python's json, NaN and infinities as their names; None if that fails."""
    try:
        parsed = json.loads(text, parse_constant=str, parse_float=_finite)
        return _without_surrogates(parsed) if "\\u" in text else parsed
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float | str:
    """A number, or its text if a float cannot hold it."""
    number = float(text)
    return number if isfinite(number) else text


def _without_surrogates(value: Any) -> Any:
    """Replace lone surrogates with U+FFFD: UTF-8, and therefore BSON, cannot encode them."""
    if type(value) is str:
        return _LONE_SURROGATE.sub("\ufffd", value)
    if type(value) is list:
        return [_without_surrogates(item) for item in value]
    if type(value) is dict:
        return {_without_surrogates(key): _without_surrogates(v) for key, v in value.items()}
    return value


def _too_deep(value: dict[str, Any], levels: int) -> bool:
    level: list[Any] = [value]
    for _ in range(levels):
        held = (item.values() if type(item) is dict else item for item in level)
        level = [value for values in held for value in values if type(value) in (dict, list)]
    return bool(level)


def _set_aside(record: dict[str, Any]) -> dict[str, Any]:
    """Move delivered fields that have the names of added fields into `delivered`."""
    taken = {field: record[field] for field in ADDED_FIELDS & record.keys()}
    kept = {field: value for field, value in record.items() if field not in ADDED_FIELDS}
    return {**kept, "delivered": taken}
