"""The rows of a package's file: read as documents, counted and encoded. Nothing is stored here."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bson import encode
from bson.errors import InvalidDocument

from edx_assets.edx.collections import COURSE_EXPORT, COURSE_STRUCTURE, FORUM, OPT_IN
from edx_assets.edx.course_export import read_export
from edx_assets.edx.course_structure import read_blocks
from edx_assets.edx.courses import partition_course
from edx_assets.edx.events import MAX_DOCUMENT
from edx_assets.edx.forum import read_forum
from edx_assets.edx.lines import BadLine
from edx_assets.edx.opt_in import read_opt_in
from edx_assets.edx.reasons import Reason
from edx_assets.edx.schema import drift
from edx_assets.edx.tables import TableReader
from edx_assets.loading.quarantine import BadLines
from edx_assets.loading.stage import Metadata

Rows = Iterable[dict[str, Any] | BadLine]
Findings = Callable[[], Metadata]


@dataclass
class RowCounts:
    """How many of a file's rows were loaded, duplicate or rejected."""

    rows: int = 0
    loaded: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@contextmanager
def rows_of(
    path: Path | None, partition: str, collection: str, label: str
) -> Iterator[tuple[Rows, Findings]]:
    """A file's documents as a stream, and a function that returns the findings afterwards."""
    if path is None:
        yield [], dict
    elif collection == COURSE_EXPORT:
        facts = {"_id": partition, "export": label, **read_export(path)}
        yield [facts], lambda: {"files_in_export": sum(facts["files"].values())}
    else:
        with path.open("rb") as lines:
            if collection == COURSE_STRUCTURE:
                blocks = read_blocks(lines.read()).values()
                categories = Counter(block["category"] for block in blocks)
                yield blocks, lambda: {"categories": dict(categories.most_common())}
            elif collection == FORUM:
                yield read_forum(lines), dict
            elif collection == OPT_IN:
                yield read_opt_in(lines, partition_course(partition)[0]), dict
            else:
                table = TableReader(lines, collection)
                yield table, lambda: _findings(collection, table)


def _findings(collection: str, table: TableReader) -> Metadata:
    """What the schema did not expect of a table: drift, cells kept as text, repaired rows."""
    found = {
        "drift": drift(collection, table.columns),
        "inferred_types": {name: table.types[name] for name in table.inferred},
        "untyped_cells": dict(table.untyped),
        "mended_rows": {kind: rows for kind, rows in table.mended.items() if rows},
    }
    return {name: value for name, value in found.items() if value}


def encoded(rows: Rows, counts: RowCounts, bad: BadLines) -> Iterator[bytes]:
    """Encode rows as BSON; those that cannot be encoded go to `bad`. All are counted."""
    for row in rows:
        counts.rows += 1
        if isinstance(row, BadLine):
            counts.rejected[row.reason] += 1
            bad.append((row.number, row.reason, row.raw))
            continue
        try:
            document = encode(row)
        except (InvalidDocument, OverflowError, RecursionError, UnicodeEncodeError):
            document = b""
        if not document or len(document) > MAX_DOCUMENT:
            counts.rejected[Reason.NOT_STORABLE] += 1
            bad.append((counts.rows, Reason.NOT_STORABLE, b""))
            continue
        yield document
