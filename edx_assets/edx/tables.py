"""The tables of a database package: `.sql` files, which are tab-separated text with a header."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from edx_assets.edx.lines import BadLine, numbered
from edx_assets.edx.schema import column_names, tables

Document = dict[str, Any]
Convert = Callable[[str], Any]

_ESCAPE = re.compile(r"\\([\\tnr0])")
_PLAIN = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "0": "\0"}


class TableError(ValueError):
    """The file is not such a table at all; the message says why and holds no data."""


class TableReader:
    """A table's rows as documents, read by its header, as they stream by.

    Args:
        lines: the file's lines, bytes.
        table: the table's name; its columns are typed by the schema, others stay text.

    Attributes:
        columns: the header's columns under today's names.
        untyped: cells by column that did not read as their type and so were kept as text
            (impossible dates, say), counted while iterating.

    Raises:
        TableError: no header, or a column in it twice.
    """

    def __init__(self, lines: Iterable[bytes], table: str) -> None:
        self._lines = iter(lines)
        header = next(self._lines, b"").rstrip(b"\n").decode("utf-8", "replace")
        if not header:
            raise TableError("it is empty: not even a header")
        self.columns = column_names(table, [_unescape(name) for name in header.split("\t")])
        if len(set(self.columns)) < len(self.columns):
            raise TableError("its header names a column twice")
        self.untyped: Counter[str] = Counter()
        known = tables().get(table, {})
        self._converts = [
            _CONVERT[known[name].type] if name in known else _text for name in self.columns
        ]

    def __iter__(self) -> Iterator[Document | BadLine]:
        """Each row as a document, with its line number as `_id`, or as a `BadLine`.

        Source of the escaping: the mysql client's batch mode until November 2015, since then edX's
        exporter, which writes the same two-character escapes and leaves quotes alone.
        """
        width = len(self.columns)
        for number, line in numbered(self._lines, start=2):
            cells = line.decode("utf-8", "replace").split("\t")
            if len(cells) != width:
                yield BadLine(number, "wrong_number_of_fields", line)
                continue
            row: Document = {"_id": number}
            for name, convert, cell in zip(self.columns, self._converts, cells, strict=True):
                row[name] = None if cell == "NULL" else self._typed(name, convert, cell)
            yield row

    def _typed(self, name: str, convert: Convert, cell: str) -> Any:
        try:
            return convert(cell)
        except (ValueError, OverflowError):
            self.untyped[name] += 1
            return _unescape(cell)


def _unescape(cell: str) -> str:
    return _ESCAPE.sub(lambda found: _PLAIN[found[1]], cell) if "\\" in cell else cell


_text = _unescape


def _integer(cell: str) -> int | None:
    if not cell:
        return None
    value = int(_digits(cell))
    if not -(2**63) <= value < 2**63:
        raise OverflowError
    return value


def _digits(cell: str) -> str:
    if "_" in cell:  # Python would take it for a separator of digits
        raise ValueError
    return cell


def _number(cell: str) -> float | None:
    if not cell:
        return None
    if not isfinite(value := float(_digits(cell))):
        raise ValueError
    return value


def _moment(cell: str) -> datetime | None:
    if not cell:
        return None
    moment = datetime.fromisoformat(cell)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_CONVERT: dict[str, Convert] = {
    "integer": _integer,
    "number": _number,
    "datetime": _moment,
    "date": _moment,
    "text": _text,
}
