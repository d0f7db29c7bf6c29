"""Values of events that BSON cannot hold: they are kept as text, and the rest as it is.

Only lines that need it come here: plain ones are parsed by orjson, in a tenth of the time. What
becomes of a line that is no JSON at all is decided in `events`.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from edx_assets.edx.documents import MAX_DEPTH
from edx_assets.edx.values import HALF_PAIR, NOT_IN_KEYS, parse_leniently

_TOKEN = re.compile(r'"(?:[^"\\]+|\\.?)*+"?|[\[\]{}]', re.DOTALL)
_BEYOND_64_BITS = 2.0**63
"""orjson makes a float of integers from 2^64 on, without a word."""


def lenient_json(text: str) -> Any:
    """The value of a JSON text, with the parts as text that BSON cannot hold.

    NaN and infinities become their names, numbers beyond 64 bits and floats beyond the range their
    text. Half a surrogate pair, and NUL in a key, become U+FFFD. Control characters in strings are
    accepted.

    Raises:
        ValueError: it is not JSON, or is nested too deeply to be read: see `cut`.
    """
    try:
        return _mended(parse_leniently(text))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def cut(text: str, levels: int) -> str:
    """A JSON text with the objects and arrays below so many levels made strings: their own text.

    It works on the text because no parser reads nesting of any depth.
    """
    if text.count("{") + text.count("[") <= levels:
        return text
    pieces = []
    depth = start = done = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in "{[":
            depth += 1
            if depth == levels + 1:
                start = token.start()
        elif mark in "}]":
            if depth == levels + 1:
                end = token.end()
                pieces += [text[done:start], json.dumps(text[start:end])]
                done = end
            depth -= 1
    return "".join([*pieces, text[done:]])


def too_deep(value: dict[str, Any], levels: int) -> bool:
    """Whether a value has more levels of objects and arrays than these."""
    level: list[Any] = [value]
    for _ in range(levels):
        held = (item.values() if type(item) is dict else item for item in level)
        level = [value for values in held for value in values if type(value) in (dict, list)]
    return bool(level)


def is_too_deep(record: dict[str, Any], line: bytes) -> bool:
    """Whether a line's record has more levels than MongoDB allows."""
    return line.count(b"{") + line.count(b"[") > MAX_DEPTH and too_deep(record, MAX_DEPTH)


def loses_values(record: dict[str, Any], line: bytes) -> bool:
    """Whether BSON cannot hold all levels of a record, or orjson lost digits of a number in it."""
    if is_too_deep(record, line):
        return True
    # an app's other fields may be its own as well
    told = record.get("event") if record.get("event_source") in ("browser", "server") else record
    return type(told) is dict and has_lost_digits(told.values())


def has_lost_digits(values: Iterable[Any]) -> bool:
    """Whether orjson may have made a float of an integer beyond 64 bits among these values."""
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if kind is float:
            if not -_BEYOND_64_BITS < value < _BEYOND_64_BITS:
                return True
        elif kind is dict:
            if value and has_lost_digits(value.values()):
                return True
        elif kind is list and value and has_lost_digits(value):
            return True
    return False


def _mended(value: Any) -> Any:
    if type(value) is str:
        return HALF_PAIR.sub("\ufffd", value)
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else str(value)
    if type(value) is list:
        return [_mended(item) for item in value]
    if type(value) is dict:
        return _object(value)
    return value


def _object(value: dict[str, Any]) -> dict[str, Any]:
    """An object with keys that BSON can hold. A key that another one has gets one U+FFFD more."""
    mended: dict[str, Any] = {}
    for key, held in value.items():
        name = NOT_IN_KEYS.sub("\ufffd", key)
        while name != key and (name in value or name in mended):
            name += "\ufffd"
        mended[name] = _mended(held)
    return mended
