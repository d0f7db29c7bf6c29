"""Reading a course's tables for the identifiers that they hold, and for the words that are its own.

The tables are the Parquet files that an export writes first. What is done with the identifiers
belongs in `known`, `texts` and `rows`.
"""

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from edx_assets.edx.collections import COURSE_EXPORT, COURSE_STRUCTURE, TRACKING
from edx_assets.edx.field_rules import Field, document_field
from edx_assets.edx.mentions import folded, mentions, pieces
from edx_assets.edx.personal import Personal, personal_fields, read_personal
from edx_assets.edx.schema import tables as schema_tables
from edx_assets.exports.pseudonyms.known import Known
from edx_assets.exports.tables import CourseTable
from edx_assets.exports.tables import Kind as TableKind

_BATCH = 5_000  # rows
_LEARNERS = 5  # who have the same one word in their events: it is a value of the data's format
_VALUES = 200_000  # different words that are counted at most
_LEVELS = 200
_MATERIAL = (COURSE_STRUCTURE, COURSE_EXPORT)
_OWN_WORDS = ("module_id", "chapter_id", "sequential_id", "vertical_id", "course_id")


def json_field() -> Field:
    """The fields of a JSON in a cell: what an event has below `event`, wherever it is copied to."""
    return tracking_field().below("event")


def tracking_field() -> Field:
    """The fields of a tracking record."""
    return document_field(personal_fields(TRACKING) or {})


def cell_class(table: CourseTable, column: str) -> Personal | None:
    """The class of a column; None where nobody has told it."""
    for each in table.columns:
        if each.name == column:
            return read_personal(each.personal) if each.personal else None
    return None


def gather(sources: dict[str, tuple[CourseTable, Path]], known: Known) -> None:
    """Add what the tables hold to what is known, and settle it.

    Args:
        sources: for each table's name, the table and its Parquet file.
        known: where to add to.
    """
    counted = _Counted()
    derived = TRACKING in sources  # then what datasets and events say in JSON is in there
    for name, columns in schema_tables().items():
        known.format_words |= {name, *columns}
    for table, path in sources.values():
        known.format_words |= _told_words(table)
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                if table.documents:
                    _add_documents(table.name, batch, known, counted)
                else:
                    _add_columns(table, batch, known)
                    if table.kind == TableKind.COLLECTION or not derived:
                        _add_json(table, batch, known, counted)
    known.format_words |= counted.common()
    known.vocabulary |= {piece for word in known.format_words for piece in pieces(word)}
    known.settle()


def _told_words(table: CourseTable) -> set[str]:
    """The words that the export's dictionary tells of a table."""
    told = [table.name, table.description]
    told += [word for column in table.columns for word in (column.name, column.meaning)]
    return {word for text in told for _start, _end, word in mentions(text)}


class _Counted:
    """One-word values and names in JSON, with the learners that have them, up to a few."""

    def __init__(self) -> None:
        self._seen: dict[str, set[Any]] = {}

    def add(self, word: str, learner: Any) -> None:
        seen = self._seen.get(word)
        if seen is None:
            if len(self._seen) >= _VALUES:
                return
            seen = self._seen[word] = set()
        if len(seen) < _LEARNERS:
            seen.add(learner)

    def common(self) -> set[str]:
        return {folded(word) for word, seen in self._seen.items() if len(seen) >= _LEARNERS}


def _add_columns(table: CourseTable, batch: pa.RecordBatch, known: Known) -> None:
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        personal = cell_class(table, name)
        if personal is not None and personal.identity is not None:
            for value in pc.unique(column).to_pylist():
                known.add(personal.identity, value)
        elif name in _OWN_WORDS and personal is not None:
            for value in pc.unique(column).to_pylist():
                known.vocabulary |= pieces(value or "")
        elif table.kind == TableKind.EVENTS and name == "event_type":
            types = {value for value in pc.unique(column).to_pylist() if value}
            known.format_words |= {folded(value) for value in types if "/" not in value}


def _add_json(table: CourseTable, batch: pa.RecordBatch, known: Known, counted: _Counted) -> None:
    field = json_field()
    for column in table.columns:
        if column.type == "JSON" and column.name in batch.schema.names:
            for row, text in enumerate(batch.column(column.name).to_pylist()):
                if text:
                    _add_value(inner_json(text), field, known, counted, (table.name, row))


def _add_documents(name: str, batch: pa.RecordBatch, known: Known, counted: _Counted) -> None:
    patterns = personal_fields(name)
    if patterns is None:
        return
    field = document_field(patterns)
    for text in batch.column("document").to_pylist():
        if name in _MATERIAL:
            known.vocabulary |= pieces(text)
        document = orjson.loads(text)
        whose = document.get("username") or document.get("user_id") or document.get("_id")
        _add_value(document, field, known, counted, str(whose))


def _add_value(value: Any, field: Field, known: Known, counted: _Counted, learner: Any) -> None:
    if isinstance(value, dict):
        for name, each in value.items():
            counted.add(name, learner)
            _add_value(each, field.below(name), known, counted, learner)
    elif isinstance(value, list):
        for each in value:
            _add_value(each, field, known, counted, learner)
    elif field.personal.identity is not None:
        known.add(field.personal.identity, value)
    elif isinstance(value, str):
        if (inner := inner_json(value)) is not None:
            _add_value(inner, field, known, counted, learner)
        elif len(value) <= 40 and " " not in value:
            counted.add(value, learner)


def inner_json(text: str) -> Any | None:
    """The object or list of a JSON that is kept as a text; None if it is none, or too deep."""
    if text[:1] not in ("{", "["):
        return None
    try:
        found = orjson.loads(text)
    except ValueError:
        return None
    return found if _levels(found) else None


def _levels(value: Any, left: int = _LEVELS) -> bool:
    """Whether a value has no more levels than documents can have."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return left > 0 and all(_levels(each, left - 1) for each in inner)
