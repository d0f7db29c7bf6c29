"""The rows of a package's file: read as documents, counted and encoded. Nothing is stored here."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bson import encode
from bson.errors import BSONError

from edx_assets.edx.collections import COURSE_EXPORT, COURSE_STRUCTURE, FORUM, OPT_IN
from edx_assets.edx.course_export import read_export
from edx_assets.edx.course_structure import StructureError, read_blocks, root_of
from edx_assets.edx.courses import partition_course
from edx_assets.edx.documents import MAX_DOCUMENT
from edx_assets.edx.forum import read_forum
from edx_assets.edx.lines import MAX_LINE, BadLine, Row, bounded, row_of
from edx_assets.edx.opt_in import read_opt_in
from edx_assets.edx.reasons import Reason
from edx_assets.edx.schema import PARSED, drift
from edx_assets.edx.tables import TableReader, is_column_name
from edx_assets.loading.quarantine import RAW_KEPT, BadLines
from edx_assets.loading.retired.loads import RetiredRows
from edx_assets.loading.stage import Metadata

Rows = Iterable[Row | BadLine]
Findings = Callable[[], Metadata]

_NOT_ENCODED = (BSONError, ValueError, OverflowError, RecursionError, TypeError)


@dataclass
class RowCounts:
    """How many of a file's rows were loaded, duplicate, rejected or retired.

    `sent` has the number and the bytes of each row that was encoded, in order, until it is known
    what became of it. `without_parsed`: rows that were too large with their parsed values.
    """

    rows: int = 0
    loaded: int = 0
    duplicates: list[int] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    retired: int = 0
    without_parsed: int = 0
    sent: deque[tuple[int, bytes]] = field(default_factory=deque)


@contextmanager
def rows_of(
    path: Path | None, partition: str, collection: str, label: str, most: int = MAX_LINE
) -> Iterator[tuple[Rows, Findings]]:
    """A file's documents as a stream, and a function that returns the findings afterwards.

    A line of more than `most` bytes is not read whole.
    """
    if path is None:
        yield [], dict
    elif collection == COURSE_EXPORT:
        facts = {"_id": partition, "export": label, **read_export(path)}
        with path.open("rb") as archive:
            row = row_of(1, archive.read(RAW_KEPT), facts)
        yield [row], lambda: {"files_in_export": sum(facts["files"].values())}
    else:
        with path.open("rb") as lines:
            if collection == COURSE_STRUCTURE:
                set_aside: list[BadLine] = []
                blocks = read_blocks(lines.read(), set_aside)
                if root_of(blocks) is None:
                    raise StructureError("it has no course block, or that one cannot be read")
                categories = Counter(block["category"] for block in blocks.values())
                yield (
                    cast(Rows, [*blocks.values(), *set_aside]),
                    lambda: {"categories": dict(categories.most_common())},
                )
            elif collection == FORUM:
                yield read_forum(bounded(lines, most)), dict
            elif collection == OPT_IN:
                yield read_opt_in(bounded(lines, most), partition_course(partition)[0]), dict
            else:
                table = TableReader(bounded(lines, most), collection)
                yield table, lambda: _findings(collection, table)


def _findings(collection: str, table: TableReader) -> Metadata:
    """A table's columns, and what the schema did not expect: drift, cells kept as text, repairs.

    A column whose name cannot be one is told by its place: a header can be glued to a row.
    """
    if not table.columns:
        return {"warning": "the file has no bytes, not even a header"}
    told = {
        name: name if is_column_name(name) else f"column {place}"
        for place, name in enumerate(table.columns, 1)
    }
    names = {
        **drift(collection, table.columns),
        **({"twice": table.twice} if table.twice else {}),
    }
    found = {
        "drift": {kind: [told.get(name, name) for name in each] for kind, each in names.items()},
        "columns": {told[name]: table.types[name] for name in table.columns},
        "inferred_types": {told[name]: table.types[name] for name in table.inferred},
        "untyped_cells": {told[name]: cells for name, cells in table.untyped.items()},
        "mended_rows": {kind: rows for kind, rows in table.mended.items() if rows},
    }
    return {name: value for name, value in found.items() if value}


def encoded(
    rows: Rows, counts: RowCounts, bad: BadLines, retirement: RetiredRows | None = None
) -> Iterator[bytes]:
    """Encode rows as BSON; those that cannot be encoded go to `bad`. All are counted.

    A row that cannot be stored with its parsed values is stored without them. With `retirement`,
    retired learners are left out.
    """
    sent = counts.sent.append
    for row in rows:
        counts.rows += 1
        if retirement:
            left = retirement.left(row)
            if left is None:
                counts.retired += 1
                continue
            row = left
        if isinstance(row, BadLine):
            counts.rejected[row.reason] += 1
            bad.append((row.number, row.reason, row.raw))
            continue
        try:
            document = encode(row)
        except _NOT_ENCODED:
            document = None
        if document is None or len(document) > MAX_DOCUMENT:
            document = _document(_without_parsed(row))
            if document is None:
                counts.rejected[Reason.NOT_STORABLE] += 1
                bad.append((row.number, Reason.NOT_STORABLE, row.raw))
                continue
            counts.without_parsed += 1
        sent((row.number, row.raw))
        yield document


def _document(row: dict[str, Any]) -> bytes | None:
    try:
        document = encode(row)
    except _NOT_ENCODED:
        return None
    return document if len(document) <= MAX_DOCUMENT else None


def _without_parsed(row: Row) -> dict[str, Any]:
    """The row without the values that were parsed from another of its fields."""
    return {
        name: value
        for name, value in row.items()
        if not (name.endswith(PARSED) and name.removesuffix(PARSED) in row)
    }
