"""The collections of a course's package as tables, which datasets are made from.

Tables of the schema have its columns. The other collections have two: `_id` and `document`, a JSON.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa

from edx_assets.edx.schema import PARSED, tables
from edx_assets.edx.values import read_json

_TYPES = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "datetime": pa.timestamp("ms"),
    "date": pa.date32(),
}
_KINDS: dict[pa.DataType, tuple[type, ...]] = {
    pa.int64(): (int,),
    pa.float64(): (int, float),
    pa.timestamp("ms"): (datetime,),
    pa.date32(): (datetime,),
    pa.string(): (str,),
}
_BATCH = 20_000  # rows
_DOCUMENT = pa.schema([("_id", pa.string()), ("document", pa.string())])


def table_schema(collection: str) -> pa.Schema:
    """The columns of a collection's table."""
    known = tables().get(collection)
    if known is None:
        return _DOCUMENT
    return pa.schema([(name, _TYPES.get(c.type, pa.string())) for name, c in known.items()])


def table_batches(collection: str, documents: Iterable[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Documents of a collection as batches of rows.

    A cell that is not of its column's type is null: the loading has left it as text. A JSON is
    written anew from its value, so that every query can read it.
    """
    schema = table_schema(collection)
    known = tables().get(collection, {})
    stream = iter(documents)
    while batch := list(islice(stream, _BATCH)):
        if schema is _DOCUMENT:
            columns: list[list[Any]] = [
                [str(document["_id"]) for document in batch],
                [as_json(document) for document in batch],
            ]
        else:
            columns = [
                [_json(each, field.name) for each in batch]
                if known[field.name].type == "json"
                else [_cell(each.get(field.name), field) for each in batch]
                for field in schema
            ]
        arrays = [
            pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)
        ]
        yield pa.record_batch(arrays, schema)


def as_json(document: dict[str, Any]) -> str:
    """A document as JSON; what JSON has no form for, above all the forum's ObjectIds, as text."""
    return orjson.dumps(document, default=str).decode()


def _cell(value: Any, field: pa.Field) -> Any:
    # not by the class itself: the driver has one of its own for numbers of more than 32 bits
    if not isinstance(value, _KINDS[field.type]) or isinstance(value, bool):
        return None
    if field.type == pa.date32() and isinstance(value, datetime):
        return date(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _json(document: dict[str, Any], column: str) -> str | None:
    """The JSON of a column; the value is not kept with rows that are too large."""
    if column + PARSED in document:
        value = document[column + PARSED]
    else:
        try:
            value = read_json(document[column])
        except (KeyError, TypeError, ValueError):
            return None
    return orjson.dumps(value).decode()
