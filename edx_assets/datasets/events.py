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
    DatasetColumn(
        "event_id", "VARCHAR", "`_id` of the record in `tracking`, 24 hex digits", "none"
    ),
    DatasetColumn("time", "TIMESTAMP", "when it happened (UTC, milliseconds)", "none"),
    DatasetColumn(
        "user_id",
        "BIGINT",
        "the learner; by the username where the event has no id",
        "identifier: user id",
    ),
    DatasetColumn(
        "username", "VARCHAR", "the learner's username, or empty", "identifier: username"
    ),
    DatasetColumn(
        "event_type", "VARCHAR", "the event's type, or the address of a request", "free text"
    ),
    DatasetColumn("event_source", "VARCHAR", "`server`, `browser`, `mobile`, ...", "none"),
    DatasetColumn("module_id", "VARCHAR", "usage key of the block that it is about", "none"),
    DatasetColumn("thread_id", "VARCHAR", "the forum's thread that it is about", "none"),
    DatasetColumn("comment_id", "VARCHAR", "the response or comment that it is about", "none"),
    DatasetColumn("chapter_id", "VARCHAR", "usage key of the chapter of its block", "none"),
    DatasetColumn("sequential_id", "VARCHAR", "usage key of the sequential of its block", "none"),
    DatasetColumn("vertical_id", "VARCHAR", "usage key of the vertical of its block", "none"),
    DatasetColumn("session", "VARCHAR", "the browser session", "identifier: session"),
    DatasetColumn("ip", "VARCHAR", "address of the learner's computer", "identifier: address"),
    DatasetColumn("agent", "VARCHAR", "what the browser says of itself", "quasi-identifier"),
    DatasetColumn("page", "VARCHAR", "the page that a browser's event was on", "free text"),
    DatasetColumn("path", "VARCHAR", "the address of the request (`context.path`)", "free text"),
    DatasetColumn("event", "JSON", "the event itself", "free text"),
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
