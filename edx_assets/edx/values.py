"""Values that BSON and MongoDB can hold: JSON read leniently, and what they cannot hold mended.

Which document or row a value belongs to, and what becomes of one that is refused, is not decided
here.

- Half a surrogate pair becomes U+FFFD: UTF-8 cannot encode it.
- An integer beyond 64 bits becomes text; so does a number that no float holds (1e999).
- NaN and the infinities become their names.
- NUL in a key becomes U+FFFD: BSON ends keys with it. Keys that become the same are numbered.
- What is nested deeper than MongoDB allows becomes its JSON text.
"""

import json
import re
from collections.abc import Callable, Container
from datetime import datetime
from math import isfinite
from typing import Any

import bson
import orjson
from bson import ObjectId
from bson.errors import BSONError

from edx_assets.edx.documents import MAX_DEPTH

HALF_PAIR = re.compile("[\ud800-\udfff]")
NOT_IN_KEYS = re.compile("[\ud800-\udfff\0]")
_LONG = re.compile(r"\d{19}")  # 2**63 has 19 digits
_DIGITS = 20  # no 64-bit integer has more characters
_PLAIN = frozenset({bool, type(None), datetime, ObjectId})
_AS_PLAIN: Callable[[Any], Any] = str


def read_json(
    text: str,
    levels: int = MAX_DEPTH,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """The value of a JSON text, as `storable` leaves it.

    Control characters within strings are accepted. orjson reads what is plain: it has no NaN, and
    makes floats of integers from 2**64 on without a word.

    Args:
        text: the JSON.
        levels: how many levels of objects and arrays the value may have.
        pairs: makes a value of an object's names and values, where not all objects are dicts.

    Raises:
        ValueError: it is not JSON, or nested so deeply (about 1,000 levels) that it cannot be read.
    """
    if pairs is None and not _LONG.search(text):
        try:
            value = orjson.loads(text)
        except ValueError:
            pass
        else:
            plain = text.count("{") + text.count("[") <= levels and r"\u0000" not in text
            return value if plain else storable(value, levels)
    return storable(parse_leniently(text, pairs), levels)


def parse_leniently(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The value of a JSON text, with NaN, infinities, 1e999 and long integers as text.

    `storable` mends the rest, integers of up to 20 digits among it.

    Raises:
        ValueError: it is not JSON, or nested so deeply that it cannot be read.
    """
    try:
        return json.loads(
            text,
            strict=False,
            parse_constant=str,
            parse_float=_float,
            parse_int=_int,
            object_pairs_hook=pairs,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def storable(value: Any, levels: int = MAX_DEPTH) -> Any:
    """The value with the parts mended that BSON or MongoDB cannot hold.

    `levels` is how many levels of objects and arrays there may be: a value that is a document has
    100, one in a document's field 99.

    Raises:
        ValueError: it is nested so deeply that not even its text can be made.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is str:
        return value if value.isascii() else HALF_PAIR.sub("\ufffd", value)
    if kind is int:
        return value if -(2**63) <= value < 2**63 else _decimal(value)
    if kind is float:
        return value if isfinite(value) else _name(value)
    if isinstance(value, dict | list):
        if levels < 1:
            return _json_of(value)
        if isinstance(value, list):
            return [storable(item, levels - 1) for item in value]
        return _object(value, levels - 1)
    return _other(value)


def unlike(name: str, taken: Container[str]) -> str:
    """The name, numbered from 2 (`name_2`) if it is taken."""
    other, number = name, 1
    while other in taken:
        number += 1
        other = f"{name}_{number}"
    return other


def _object(value: dict[Any, Any], levels: int) -> dict[str, Any]:
    whole = {key for key in value if not NOT_IN_KEYS.search(key)}
    found: dict[str, Any] = {}
    for key, held in value.items():
        mended = key
        if key not in whole:
            mended = unlike(NOT_IN_KEYS.sub("\ufffd", key), whole | found.keys())
        found[mended] = storable(held, levels)
    return found


def _json_of(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=_AS_PLAIN)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return HALF_PAIR.sub("\ufffd", text)


def _other(value: Any) -> Any:
    """A value of another BSON type (mongoexport writes them); its text if BSON refuses it."""
    try:
        bson.encode({"": value})
    except (BSONError, ValueError, OverflowError, TypeError):
        return HALF_PAIR.sub("\ufffd", str(value))
    return value


def _int(text: str) -> int | str:
    """An integer, or its text if it has more digits than 64 bits; Python refuses 4,300."""
    return text if len(text) > _DIGITS else int(text)


def _float(text: str) -> float | str:
    number = float(text)
    return number if isfinite(number) else text


def _decimal(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes no more than 4,300 digits in base 10
        return hex(value)


def _name(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
