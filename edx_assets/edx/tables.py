"""The tables of a database package: `.sql` files, which are tab-separated with a header."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from edx_assets.edx.cells import (
    CONVERT,
    NULL,
    Convert,
    infer_type,
    parse_json,
    unescape,
    without_bytes_literals,
)
from edx_assets.edx.lines import BadLine, numbered
from edx_assets.edx.reasons import Reason
from edx_assets.edx.schema import PARSED, column_names, tables

Document = dict[str, Any]

_SAMPLE = 1000  # rows used to infer an unknown column's type


class TableError(ValueError):
    """The file is not such a table; the message says why and contains no data."""


class TableReader:
    """Stream a table's rows as documents, read by its header.

    Args:
        lines: the file's lines, as bytes.
        table: the table's name. The schema gives the types of its columns; for columns that the
            schema does not know, they are inferred from the first rows.

    Attributes:
        columns: the header's columns, under today's names.
        types: each column's type.
        inferred: columns whose type was inferred.
        untyped: number of cells per column that could not be read as their type and were kept as
            text (impossible dates, for example), counted while iterating.
        mended: number of rows per kind of repair: `bytes_literals`, `not_utf8`, `carriage_return`.

    Raises:
        TableError: the header is missing, or names a column twice.
    """

    def __init__(self, lines: Iterable[bytes], table: str) -> None:
        remaining = iter(lines)
        header = next(remaining, b"").rstrip(b"\n").decode("utf-8", "replace")
        self._ends_with_cr = header.endswith("\r")
        header = header.removesuffix("\r")
        if not header:
            raise TableError("it is empty, without even a header")
        self.columns = column_names(table, [unescape(name) for name in header.split("\t")])
        if len(set(self.columns)) < len(self.columns):
            raise TableError("its header names a column twice")
        self.untyped: Counter[str] = Counter()
        self.mended: Counter[str] = Counter()
        known = tables().get(table, {})
        self.types = {name: known[name].type for name in self.columns if name in known}
        self.inferred = [name for name in self.columns if name not in known]
        if self.inferred:
            sample = list(islice(remaining, _SAMPLE))
            remaining = chain(sample, remaining)
            self._infer(sample)
        self._lines = remaining

    def __iter__(self) -> Iterator[Document | BadLine]:
        """Each row as a document, with its line number as `_id`, or as a `BadLine`.

        A JSON column keeps its text; its value is in an additional field named `…_parsed`.
        """
        columns, width = self.columns, len(self.columns)
        converts = [CONVERT[self.types[name]] for name in columns]
        json_columns = [name for name in columns if self.types[name] == "json"]
        for number, line in numbered(self._lines, start=2):
            cells = self._cells(line)
            if len(cells) != width:
                yield BadLine(number, Reason.WRONG_NUMBER_OF_FIELDS, line)
                continue
            row: Document = {"_id": number}
            try:
                for name, convert, cell in zip(columns, converts, cells):  # noqa: B905 - for speed
                    row[name] = None if cell == NULL else convert(cell)
            except (ValueError, OverflowError):
                row |= zip(columns, map(self._typed, columns, converts, cells), strict=True)
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
        if text.startswith(("b'", 'b"')):
            plain = without_bytes_literals(cells)
            self.mended["bytes_literals"] += plain is not cells
            cells = plain
        return cells

    def _infer(self, sample: list[bytes]) -> None:
        rows = [self._cells(line.rstrip(b"\n")) for line in sample]
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

    def _parse(self, row: Document, name: str) -> None:
        text = row[name]
        if not text:
            return
        try:
            row[name + PARSED] = parse_json(text)
        except ValueError:
            self.untyped[name] += 1
