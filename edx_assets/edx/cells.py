"""Cells of a package's tables: undo the escapes of each era, and read each cell as its type."""

import re
from ast import literal_eval
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import isfinite
from typing import Any

Convert = Callable[[str], Any]

NULL = "NULL"

_ESCAPE = re.compile(r"\\([\\tnr0])")
_PLAIN = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "0": "\0"}
_BYTES = re.compile(r"b(?:'.*'|\".*\")", re.DOTALL)
_INTEGER = re.compile(r"0|-?[1-9]\d{0,17}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)\.\d+(?:[eE][-+]?\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)?)?")


def unescape(cell: str) -> str:
    """A cell's text with its two-character escapes undone.

    The mysql client (until November 2015) escaped backslash, tab, line feed and NUL; edX's
    exporter, in use since then, escapes backslash, tab, line feed and carriage return.
    """
    return _ESCAPE.sub(lambda found: _PLAIN[found[1]], cell) if "\\" in cell else cell


def without_quotes(cell: str) -> str | None:
    """A cell without the quotes that a CSV writer put around it (RFC 4180); None if it has none."""
    if len(cell) < 2 or not (cell[0] == cell[-1] == '"'):
        return None
    inner = cell[1:-1]
    return None if '"' in inner.replace('""', "") else inner.replace('""', '"')


def without_bytes_literals(cells: list[str]) -> list[str]:
    """Decode a row in which every cell is a Python bytes literal, as the exporter intended it.

    It wrote all cells like this from 15 November to 6 December 2022, including NULLs and numbers.
    A row where only some cells look like this is left alone: a learner may have typed that.
    """
    if not all(_BYTES.fullmatch(cell) for cell in cells):
        return cells
    try:
        values = [literal_eval(cell) for cell in cells]
    except (ValueError, SyntaxError):
        return cells
    if not all(type(value) is bytes for value in values):  # several of them, with commas between
        return cells
    return [value.decode("utf-8", "replace") for value in values]


def _integer(cell: str) -> int | None:
    if len(cell) < 19 and cell.isdecimal():  # most are: faster than what follows
        return int(cell)
    if not cell:
        return None
    value = int(cell)
    if not -(2**63) <= value < 2**63:
        raise OverflowError
    if "_" in cell:  # Python accepts it as a digit separator
        raise ValueError
    return value


def _number(cell: str) -> float | None:
    if not cell:
        return None
    if not isfinite(value := float(cell)) or "_" in cell:
        raise ValueError
    return value


def _moment(cell: str) -> datetime | None:
    """A naive UTC time, as BSON assumes: encoding an aware one takes three times as long."""
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
"""The reader of each type; it raises ValueError or OverflowError if the cell is not of the type."""


def infer_type(cells: Iterable[str]) -> str:
    """The type that fits all these cells; text if they differ or if all are empty.

    Numbers with leading zeros are text: they are codes.
    """
    told = [cell for cell in cells if cell and cell != NULL]
    for kind, pattern in (("integer", _INTEGER), ("number", _NUMBER), ("datetime", _MOMENT)):
        if told and all(pattern.fullmatch(cell) for cell in told):
            return kind
    if told and all(_INTEGER.fullmatch(cell) or _NUMBER.fullmatch(cell) for cell in told):
        return "number"
    return "text"
