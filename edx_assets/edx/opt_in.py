"""The e-mail opt-in list (CSV): which of an institution's learners agreed to receive e-mail."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from edx_assets.edx.cells import CONVERT
from edx_assets.edx.collections import OPT_IN
from edx_assets.edx.keys import course_key
from edx_assets.edx.lines import BadLine, LongLine, Row, row_of
from edx_assets.edx.reasons import Reason
from edx_assets.edx.schema import column_names, tables
from edx_assets.edx.tables import TableError
from edx_assets.edx.values import unlike

_LONGEST = 2**31 - 1  # characters of a field: the most that a C long holds everywhere
_MOST_LINES = 100  # of one row: a quoted field holds line feeds, but a stray quote ends nowhere


def read_opt_in(lines: Iterable[bytes], course: str) -> Iterator[Row | BadLine]:
    """A course's rows in the list, each with the number of its line (the header is 1) as `_id`.

    There is one list per institution and site: rows of other courses are skipped. A line that
    cannot be read costs no other: each row is read by itself, with the lines that follow only where
    a quoted field holds line feeds. A file without a byte has no rows.

    Raises:
        TableError: the header has no column `course_id`.
    """
    csv.field_size_limit(_LONGEST)  # of the process: the default is 128 KB
    remaining = iter(lines)
    header = next(remaining, None)
    if header is None:
        return
    columns = _columns(header)
    if "course_id" not in columns:
        raise TableError("it has no column course_id")
    place = columns.index("course_id")
    known = tables()[OPT_IN]
    kinds = [known[name].type if name in known else "text" for name in columns]
    for number, raw, cells in _rows(remaining, len(columns)):
        if isinstance(cells, Reason):
            yield BadLine(number, cells, raw)
        elif course_key(cells[place]) == course:
            row: dict[str, Any] = {"_id": number}
            for name, kind, cell in zip(columns, kinds, cells, strict=True):
                row[name] = _typed(cell, kind)
            yield row_of(number, raw, row)


def _columns(header: bytes) -> list[str]:
    """The header's columns, under today's names; one that is named twice is numbered."""
    columns: list[str] = []
    text = header.decode("utf-8-sig", "replace")
    cells = _cells(text)
    if cells is None:
        cells = text.rstrip("\r\n").split(",")
    for name in column_names(OPT_IN, cells):
        columns.append(unlike(name.replace("\0", "\ufffd"), {"_id", *columns}))
    return columns


def _rows(lines: Iterator[bytes], width: int) -> Iterator[tuple[int, bytes, list[str] | Reason]]:
    """Each row's line, bytes, and cells or the reason why it has none. Blank lines are no rows."""
    number = 2
    ahead: list[bytes] = []
    while (line := ahead.pop(0) if ahead else next(lines, None)) is not None:
        raw, used = line, 1
        if type(line) is LongLine:
            yield number, line, Reason.LINE_TOO_LONG
            number += 1
            continue
        cells = _cells(line.decode("utf-8", "replace"))
        if cells is None and b'"' in line:
            ahead += islice(lines, _MOST_LINES - len(ahead))
            raw, used, cells = _joined(line, ahead, width)
            del ahead[: used - 1]
        plain = raw.removesuffix(b"\n")
        if cells is None:
            yield number, plain, Reason.NOT_A_ROW
        elif len(cells) == width:
            yield number, plain, cells
        elif cells:
            yield number, plain, Reason.WRONG_NUMBER_OF_FIELDS
        number += used


def _joined(line: bytes, following: list[bytes], width: int) -> tuple[bytes, int, list[str] | None]:
    """A row over several lines: its bytes, lines and cells; the first line alone if it is none."""
    raw = line
    for used, more in enumerate(following, 2):
        if type(more) is LongLine:
            break
        raw += more
        if b'"' in more:
            cells = _cells(raw.decode("utf-8", "replace"))
            if cells is not None and len(cells) == width:
                return raw, used, cells
    return line, 1, None


def _cells(text: str) -> list[str] | None:
    """The cells of one row, or None if it is not one whole row."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return None


def _typed(cell: str, kind: str) -> Any:
    if kind in ("text", "json"):
        return cell
    try:
        return CONVERT[kind](cell)
    except (ValueError, OverflowError):
        return cell
