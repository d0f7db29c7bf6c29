"""The e-mail opt-in list (CSV): which of an institution's learners agreed to receive e-mail."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from edx_assets.edx.cells import CONVERT
from edx_assets.edx.collections import OPT_IN
from edx_assets.edx.keys import course_key
from edx_assets.edx.lines import BadLine
from edx_assets.edx.reasons import Reason
from edx_assets.edx.schema import column_names, tables
from edx_assets.edx.tables import TableError


def read_opt_in(lines: Iterable[bytes], course: str) -> Iterator[dict[str, Any] | BadLine]:
    """A course's rows in the list, each with its row number (the header is 1) as `_id`.

    There is one list per institution and site: rows of other courses are skipped.

    Raises:
        TableError: the header has no column `course_id`.
    """
    rows = csv.reader(line.decode("utf-8", "replace") for line in lines)
    columns = column_names(OPT_IN, next(rows, []))
    if "course_id" not in columns:
        raise TableError("it has no column course_id")
    place = columns.index("course_id")
    known = tables()[OPT_IN]
    for number, cells in enumerate(rows, 2):
        if len(cells) != len(columns):
            if not cells:
                continue
            yield BadLine(number, Reason.WRONG_NUMBER_OF_FIELDS, ",".join(cells).encode())
        elif course_key(cells[place]) == course:
            row: dict[str, Any] = {"_id": number}
            for name, cell in zip(columns, cells, strict=True):
                row[name] = _typed(cell, known[name].type if name in known else "text")
            yield row


def _typed(cell: str, kind: str) -> Any:
    if kind in ("text", "json"):
        return cell
    try:
        return CONVERT[kind](cell)
    except (ValueError, OverflowError):
        return cell
