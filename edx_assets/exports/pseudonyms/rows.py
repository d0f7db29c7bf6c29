"""A table's Parquet file written again, with pseudonyms. What is in a text belongs in `texts`.

A field that nobody has classed can hold anything: it is left out, and its name is told.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from edx_assets.edx.field_rules import Field, document_field
from edx_assets.edx.personal import Identity, Kind, Personal, personal_fields
from edx_assets.edx.pseudonyms import Pseudonyms
from edx_assets.exports.pseudonyms.gathering import cell_class, inner_json, json_field
from edx_assets.exports.pseudonyms.texts import Texts
from edx_assets.exports.tables import OTHER, CourseTable

_BATCH = 5_000  # rows


def without_unclassed(table: CourseTable) -> tuple[CourseTable | None, list[str]]:
    """The table without what nobody has classed, and the names of these columns.

    None of a table where nothing else would be left.
    """
    if table.documents:
        known = personal_fields(table.name) is not None
        return (table, []) if known else (None, [column.name for column in table.columns])
    kept = tuple(c for c in table.columns if c.personal and c.name != OTHER)
    gone = [column.name for column in table.columns if column not in kept]
    return (replace(table, columns=kept) if kept else None), gone


class Rewriting:
    """Tables with pseudonyms in place of identifiers."""

    def __init__(self, pseudonyms: Pseudonyms, texts: Texts) -> None:
        self._pseudonyms = pseudonyms
        self._texts = texts
        self._json = json_field()

    def write(self, table: CourseTable, source: Path, target: Path) -> None:
        """Write a table's rows from one Parquet file to another, in the same order.

        Args:
            table: the table without its unclassed columns, which are not written.
            source: the file as it was read.
            target: the file to write.
        """
        names = [column.name for column in table.columns]
        with pq.ParquetFile(source) as file:
            schema = pa.schema([file.schema_arrow.field(name) for name in names])
            root = document_field(personal_fields(table.name) or {}) if table.documents else None
            with pq.ParquetWriter(target, schema, compression="zstd") as writer:
                for batch in file.iter_batches(_BATCH, columns=names):
                    arrays = (
                        self._documents(batch, root)
                        if root
                        else [self._column(table, batch, field) for field in schema]
                    )
                    writer.write_batch(pa.record_batch(arrays, schema))

    def _documents(self, batch: pa.RecordBatch, root: Field) -> list[pa.Array]:
        ids, documents = [], []
        for text in batch.column("document").to_pylist():
            document = self._value(orjson.loads(text), root)
            ids.append(str(document["_id"]))
            documents.append(orjson.dumps(document).decode())
        return [pa.array(ids, pa.string()), pa.array(documents, pa.string())]

    def _column(self, table: CourseTable, batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
        column = batch.column(field.name)
        personal = cell_class(table, field.name) or Personal(Kind.FREE_TEXT)
        extended = isinstance(field.type, pa.BaseExtensionType)  # as Parquet's JSON is
        stored = column.storage if extended else column
        if personal.identity is None and _is_plain(stored.type):
            return column
        if pa.types.is_nested(stored.type):  # of an institution's own dataset
            return pa.array([self._value(v, self._json) for v in stored.to_pylist()], stored.type)
        is_json = any(c.name == field.name and c.type == "JSON" for c in table.columns)
        encoded = pc.dictionary_encode(stored)  # most texts come again and again
        values = [
            value if value is None else self._cell(value, personal, is_json)
            for value in encoded.dictionary.to_pylist()
        ]
        found = pa.array(values, stored.type).take(encoded.indices)
        return pa.ExtensionArray.from_storage(field.type, found) if extended else found

    def _cell(self, value: Any, personal: Personal, is_json: bool) -> Any:
        if personal.identity is not None:
            return self._identifier(value, personal.identity)
        if is_json:
            return self._json_text(value, self._json)
        return self._texts(value, personal.kind == Kind.FREE_TEXT)

    def _json_text(self, text: str, field: Field) -> str:
        inner = inner_json(text)
        if inner is None:
            return self._texts(text)
        found = self._value(inner, field)
        return text if found == inner else orjson.dumps(found).decode()

    def _value(self, value: Any, field: Field) -> Any:
        if isinstance(value, dict):
            return {
                self._texts(name): self._value(each, field.below(name))
                for name, each in value.items()
            }
        if isinstance(value, list):
            return [self._value(each, field) for each in value]
        if field.personal.identity is not None:
            return self._identifier(value, field.personal.identity)
        if not isinstance(value, str):
            return value
        if value[:1] in ("{", "["):
            return self._json_text(value, field)
        # what nobody has classed can be free text
        return self._texts(value, field.personal.kind != Kind.QUASI)

    def _identifier(self, value: Any, identity: Identity) -> Any:
        if isinstance(value, str):
            return self._pseudonyms.of_text(identity, value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._pseudonyms.of_number(identity, value)
        return value


def _is_plain(kind: pa.DataType) -> bool:
    """Whether cells of a type hold no text."""
    types = pa.types
    return bool(types.is_primitive(kind) or types.is_null(kind) or types.is_decimal(kind))
