"""Datasets made from events and tables that a test has made up, without a server."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pyarrow as pa
import pyarrow.parquet as pq
from bson import ObjectId

from edx_assets.datasets.definition import EVENTS, PLACES, datasets
from edx_assets.datasets.engine import attach, engine, make, sort_events, tell_sources
from edx_assets.datasets.events import SCHEMA, event_batches
from edx_assets.datasets.places import write_places
from edx_assets.datasets.tables import table_batches, table_schema
from edx_assets.resources.geoip import GeoIp
from edx_assets_tests.datasets.plain import Event, Row

_USERS = "auth_user"

Tables = Mapping[str, Sequence[dict[str, Any]]]
"""Documents of collections, as the loading leaves them; what is not named is not there."""


def made(
    wanted: Iterable[str],
    events: Sequence[Event] = (),
    tables: Tables | None = None,
    geoip: GeoIp | None = None,
) -> dict[str, list[Row]]:
    """The rows of datasets and of all that they need."""
    tables = tables or {}
    names = set(wanted)
    for name, dataset in reversed(datasets().items()):
        if name in names:
            names.update(dataset.needs)
    rows = {}
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder)) as session:
        here = Path(folder)
        for name in (names | {_USERS}) - datasets().keys() - {EVENTS, PLACES}:
            batches = table_batches(name, tables.get(name, ()))
            _write(here / f"{name}.parquet", table_schema(name), batches)
            attach(session, {name: here / f"{name}.parquet"})
        tell_sources(session, [*tables, PLACES] if geoip else tables)
        _write(here / "told.parquet", SCHEMA, event_batches(map(_record, events)))
        sort_events(session, here / "told.parquet", _USERS, here / "events.parquet")
        attach(session, {EVENTS: here / "events.parquet"})
        if PLACES in names:
            write_places(session, geoip or GeoIp(), here / "places.parquet")
            attach(session, {PLACES: here / "places.parquet"})
        for name, dataset in datasets().items():
            if name in names:
                path = here / f"{name}.parquet"
                make(session, dataset, path)
                attach(session, {name: path})
                rows[name] = pq.read_table(path).to_pylist()
    return rows


def as_made(name: str, rows: list[Row]) -> list[list[Any]]:
    """Rows of a dataset as its file has them: its columns, in the order of all of them."""
    columns = [column.name for column in datasets()[name].columns]
    found = [[row[column] for column in columns] for row in rows]
    return sorted(found, key=lambda row: [(value is not None, value) for value in row])


def _write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _record(event: Event) -> bytes:
    """An event as a course's tracking holds it."""
    fields = {
        "_id": ObjectId(event.event_id),
        "timestamp": datetime.fromtimestamp(event.at / 1000, UTC),
        "username": "ana",
        "event_type": event.type,
        "event_source": event.source,
        "event": event.told,
    }
    known = {"user_id": event.user_id, "module_id": event.module}
    told = {name: value for name, value in known.items() if value}
    return bson.encode(fields | told | event.fields)
