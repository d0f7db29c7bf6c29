"""A course's tracking as a table of flat columns, `events`, which datasets are made from.

One row an event. What the columns are worth to a study is told in their meanings below.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa
from bson import decode

from edx_assets.datasets.definition import DatasetColumn

COLUMNS = (
    DatasetColumn("event_id", "VARCHAR", "`_id` of the record in `tracking`, 24 hex digits"),
    DatasetColumn("time", "TIMESTAMP", "when it happened (UTC, milliseconds)"),
    DatasetColumn("user_id", "BIGINT", "the learner; by the username where the event has no id"),
    DatasetColumn("username", "VARCHAR", "the learner's username, or empty"),
    DatasetColumn("event_type", "VARCHAR", "the event's type, or the address of a request"),
    DatasetColumn("event_source", "VARCHAR", "`server`, `browser`, `mobile`, ..."),
    DatasetColumn("module_id", "VARCHAR", "usage key of the block that it is about"),
    DatasetColumn("thread_id", "VARCHAR", "the forum's thread that it is about"),
    DatasetColumn("comment_id", "VARCHAR", "the response or comment that it is about"),
    DatasetColumn("chapter_id", "VARCHAR", "usage key of the chapter of its block"),
    DatasetColumn("sequential_id", "VARCHAR", "usage key of the sequential of its block"),
    DatasetColumn("vertical_id", "VARCHAR", "usage key of the vertical of its block"),
    DatasetColumn("session", "VARCHAR", "the browser session"),
    DatasetColumn("ip", "VARCHAR", "address of the learner's computer"),
    DatasetColumn("agent", "VARCHAR", "what the browser says of itself"),
    DatasetColumn("page", "VARCHAR", "the page that a browser's event was on"),
    DatasetColumn("path", "VARCHAR", "the address of the request (`context.path`)"),
    DatasetColumn("event", "JSON", "the event itself"),
)

SCHEMA = pa.schema(
    [
        (
            column.name,
            {"TIMESTAMP": pa.timestamp("ms"), "BIGINT": pa.int64()}.get(column.type, pa.string()),
        )
        for column in COLUMNS
    ]
)
_TEXTS = ("event_type", "event_source", "module_id", "thread_id", "comment_id")
_ASIDE = ("session", "ip", "agent", "page")
_BATCH = 20_000  # events: some 30 MB


def event_batches(records: Iterable[bytes]) -> Iterator[pa.RecordBatch]:
    """Tracking records (BSON) as batches of rows; `user_id` as the event tells it."""
    stream = iter(records)
    while rows := [_row(decode(record)) for record in islice(stream, _BATCH)]:
        columns = zip(*rows, strict=True)
        arrays = [
            pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)
        ]
        yield pa.record_batch(arrays, SCHEMA)


def _row(record: dict[str, Any]) -> tuple[Any, ...]:
    context = record.get("context")
    path = context.get("path") if type(context) is dict else None
    place = record.get("parent_data")
    place = place if type(place) is dict else {}
    event = record.get("event")
    return (
        str(record["_id"]),
        record["timestamp"],
        record.get("user_id"),
        _text(record.get("username")) or "",
        *(_text(record.get(name)) for name in _TEXTS),
        place.get("chapter_id"),
        place.get("sequential_id"),
        place.get("vertical_id"),
        *(_text(record.get(name)) for name in _ASIDE),
        _text(path),
        orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode(),
    )


def _text(value: Any) -> str | None:
    """A text; what an odd event has in its place is left out."""
    return value if type(value) is str else None
