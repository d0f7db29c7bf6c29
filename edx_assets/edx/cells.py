"""Cells of a package's tables: undoing each era's escapes, and reading them as their types."""

import json
import re
from ast import literal_eval
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import orjson

Convert = Callable[[str], Any]

NULL = "NULL"

_ESCAPE = re.compile(r"\\([\\tnr0])")
_PLAIN = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "0": "\0"}
_BYTES = re.compile(r"b(?:'.*'|\".*\")", re.DOTALL)
_INTEGER = re.compile(r"0|-?[1-9]\d{0,17}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)\.\d+(?:[eE][-+]?\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)?)?")


def unescape(cell: str) -> str:
    """A cell's text, its two-character escapes undone.

    The mysql client (until November 2015) wrote backslash, tab, line feed and NUL so, edX's
    exporter since then backslash, tab, line feed and carriage return.
    """
    return _ESCAPE.sub(lambda found: _PLAIN[found[1]], cell) if "\\" in cell else cell


def without_bytes_literals(cells: list[str]) -> list[str]:
    """A row of which every cell is a Python bytes literal, as the exporter would have meant it.

    So it wrote them from 15 November to 6 December 2022, NULLs and numbers too. A row of which
    only some cells look so is left as it is: a learner may have written that.
    """
    if not all(_BYTES.fullmatch(cell) for cell in cells):
        return cells
    try:
        return [literal_eval(cell).decode("utf-8", "replace") for cell in cells]
    except (ValueError, SyntaxError):
        return cells


def _integer(cell: str) -> int | None:
    if not cell:
        return None
    value = int(cell)
    if not -(2**63) <= value < 2**63:
        raise OverflowError
    if "_" in cell:  # Python takes it for a separator of digits
        raise ValueError
    return value


def _number(cell: str) -> float | None:
    if not cell:
        return None
    if not isfinite(value := float(cell)) or "_" in cell:
        raise ValueError
    return value


def _moment(cell: str) -> datetime | None:
    """A moment, naive and in UTC, as BSON means it: aware ones take the encoder thrice the time."""
    if not cell:
        return None
    moment = datetime.fromisoformat(cell)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


CONVERT: dict[str, Convert] = {
    "integer": _integer,
    "number": _number,
    "datetime": _moment,
    "date": _moment,
    "text": unescape,
    "json": unescape,
}
"""By type, what reads a cell; it raises ValueError or OverflowError where the cell is not of it."""


def parse_json(text: str) -> Any:
    """A JSON cell's value, NaN and infinities by name.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return orjson.loads(text)
    except ValueError:
        try:
            return json.loads(text, parse_constant=str)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def infer_type(cells: Iterable[str]) -> str:
    """The type that all these cells can be read as; text where they differ or there are none.

    Numbers with leading zeros are text: they are codes.
    """
    told = [cell for cell in cells if cell and cell != NULL]
    for kind, pattern in (("integer", _INTEGER), ("number", _NUMBER), ("datetime", _MOMENT)):
        if told and all(pattern.fullmatch(cell) for cell in told):
            return kind
    if told and all(_INTEGER.fullmatch(cell) or _NUMBER.fullmatch(cell) for cell in told):
        return "number"
    return "text"
