"""The tables of a database package: `.sql` files, which are tab-separated with a header."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from edx_assets.edx.cells import (
    CONVERT,
    NULL,
    Convert,
    infer_type,
    unescape,
    without_bytes_literals,
    without_quotes,
)
from edx_assets.edx.documents import MAX_DEPTH
from edx_assets.edx.lines import BadLine, LongLine, Row, batches, numbered
from edx_assets.edx.reasons import Reason
from edx_assets.edx.schema import PARSED, column_names, tables
from edx_assets.edx.values import read_json, unlike

_SAMPLE, _SAMPLE_BYTES = 1000, 2**24  # rows used to infer an unknown column's type; a cell has MBs
_LEVELS = MAX_DEPTH - 1  # of a cell's value: the row itself is one
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class TableError(ValueError):
    """The file is not such a table; the message says why and contains no data."""


def is_column_name(text: str) -> bool:
    """Whether a cell of a header can be a column's name; a learner's e-mail, say, cannot."""
    return _NAME.fullmatch(text) is not None


class TableReader:
    """Stream a table's rows as documents, read by its header.

    Args:
        lines: the file's lines, as bytes.
        table: the table's name. The schema gives the types of its columns; for columns that the
            schema does not know, they are inferred from the first rows.

    Attributes:
        columns: the header's columns, under today's names; none if the file has no bytes at all.
        twice: names that the header has more than once. The second is numbered (`name_2`), and so
            is a column with the name of a field that is added to each row.
        types: each column's type.
        inferred: columns whose type was inferred.
        untyped: number of cells per column that could not be read as their type and were kept as
            text (impossible dates, for example), counted while iterating.
        mended: number of rows per kind of repair: `bytes_literals`, `not_utf8`, `carriage_return`,
            `quoted_json`.

    Raises:
        TableError: the header is missing: the first line is empty, or a row.
    """

    def __init__(self, lines: Iterable[bytes], table: str) -> None:
        remaining = iter(lines)
        first = next(remaining, b"")
        header = first.rstrip(b"\n").decode("utf-8-sig", "replace")
        self._ends_with_cr = header.endswith("\r")
        header = header.removesuffix("\r")
        if (first and not header) or type(first) is LongLine:
            raise TableError("it has no header")
        self.untyped: Counter[str] = Counter()
        self.mended: Counter[str] = Counter()
        self.columns: list[str] = []
        self.twice: list[str] = []
        self.types: dict[str, str] = {}
        if header:
            self._name(table, header)
        self.inferred = [name for name in self.columns if name not in self.types]
        if self.inferred:
            sample = next(batches(remaining, _SAMPLE, _SAMPLE_BYTES), [])
            remaining = chain(sample, remaining)
            self._infer(sample)
        self._lines = remaining

    def _name(self, table: str, header: str) -> None:
        known = tables().get(table, {})
        header = header.replace("\0", "\ufffd")  # as in BSON's keys
        names = column_names(table, [unescape(name) for name in header.split("\t")])
        if known.keys().isdisjoint(names) and not all(map(is_column_name, names)):
            raise TableError("its first line is a row: it has no header")
        added = {"_id"} | {
            name + PARSED for name in names if name in known and known[name].type == "json"
        }
        self.twice = [name for place, name in enumerate(names) if name in names[:place]]
        for name in names:
            column = unlike(name, {*self.columns, *added})
            if name in known:
                self.types[column] = known[name].type
            self.columns.append(column)

    def __iter__(self) -> Iterator[Row | BadLine]:
        """Each row as a document, with its line number as `_id`, or as a `BadLine`.

        A JSON column keeps its text; its value is in an additional field named `…_parsed`.
        """
        columns, width = self.columns, len(self.columns)
        converts = [CONVERT[self.types[name]] for name in columns]
        json_columns = [name for name in columns if self.types[name] == "json"]
        for number, line in numbered(self._lines, start=2):
            if type(line) is LongLine:
                yield BadLine(number, Reason.LINE_TOO_LONG, line)
                continue
            cells = self._cells(line)
            if len(cells) != width:
                yield BadLine(number, Reason.WRONG_NUMBER_OF_FIELDS, line)
                continue
            row = Row()
            row.number = number
            row.raw = line
            row["_id"] = number
            try:
                for name, convert, cell in zip(columns, converts, cells):  # noqa: B905 - for speed
                    row[name] = None if cell == NULL else convert(cell)
            except (ValueError, OverflowError):
                row.update(zip(columns, map(self._typed, columns, converts, cells), strict=True))
            for name in json_columns:
                self._parse(row, name)
            yield row

    def _cells(self, line: bytes) -> list[str]:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", "replace")
            self.mended["not_utf8"] += 1
        if self._ends_with_cr:
            text = text.removesuffix("\r")
            self.mended["carriage_return"] += 1
        cells = text.split("\t")
        if text[:1] == "b" and text.startswith(("b'", 'b"')):
            plain = without_bytes_literals(cells)
            self.mended["bytes_literals"] += plain is not cells
            cells = plain
        return cells

    def _infer(self, sample: list[bytes]) -> None:
        rows = [self._cells(line.rstrip(b"\n")) for line in sample if type(line) is not LongLine]
        self.mended.clear()
        for position, name in enumerate(self.columns):
            if name not in self.types:
                cells = (cells[position] for cells in rows if len(cells) == len(self.columns))
                self.types[name] = infer_type(cells)

    def _typed(self, name: str, convert: Convert, cell: str) -> Any:
        try:
            return None if cell == NULL else convert(cell)
        except (ValueError, OverflowError):
            self.untyped[name] += 1
            return unescape(cell)

    def _parse(self, row: Row, name: str) -> None:
        text = row[name]
        if not text:
            return
        try:
            row[name + PARSED] = read_json(text, _LEVELS)
        except ValueError:
            if (inner := without_quotes(text)) is None or not self._parse_inner(row, name, inner):
                self.untyped[name] += 1

    def _parse_inner(self, row: Row, name: str, inner: str) -> bool:
        try:
            row[name + PARSED] = read_json(inner, _LEVELS)
        except ValueError:
            return False
        row[name] = inner
        self.mended["quoted_json"] += 1
        return True
