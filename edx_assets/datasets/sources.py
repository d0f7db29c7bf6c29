"""What the datasets of a course are made from: its collections, and how to tell what they hold.

Making datasets belongs in `course`.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

from edx_assets.datasets.definition import EVENTS, PLACES, Dataset
from edx_assets.datasets.engine import attach, sort_events, tell_sources
from edx_assets.datasets.events import SCHEMA, event_batches
from edx_assets.datasets.places import write_places
from edx_assets.datasets.tables import table_batches, table_schema
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.entries import CourseLoad, Source, TrackingLoad, TrackingState
from edx_assets.loading.ledger import made_from
from edx_assets.loading.registry import course_database
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.store import Collection, Store

_USERS = "auth_user"  # it has the ids of usernames

Loads = Mapping[str, CourseLoad]
"""What the ledger says of a course, by collection."""


def source_of(
    loads: Loads, partition: str, dataset: Dataset, known: dict[str, Dataset], geoip: GeoIp
) -> Source:
    """What a dataset is made from: its definition, and a digest of what each of its sources holds.

    Args:
        loads: what the ledger says of the course.
        partition: the course.
        dataset: the dataset.
        known: every dataset by name.
        geoip: the database of places.

    Raises:
        StageMissingError: the course's tracking has not been extracted.
        InvalidSettingError: the dataset needs places, and their database cannot be read.
    """
    held: list[Source | None] = []
    for need in dataset.needs:
        if need in known:
            held.append(source_of(loads, partition, known[need], known, geoip))
        elif need == PLACES:
            held.append([geoip.digest()])
        elif need == EVENTS:
            load = cast(TrackingLoad | None, loads.get(TRACKING))
            if load is None or load["state"] != TrackingState.LOADED:
                raise StageMissingError(
                    f"{partition} has no tracking yet: materialize course/tracking first"
                )
            users = loads.get(_USERS)
            held += [load["source"], made_from(users) if users else None]
        else:
            other = loads.get(need)
            held.append(made_from(other) if other else None)
    return [dataset.made_by, blake2b(repr(held).encode(), digest_size=16).hexdigest()]


def missing_sources(loads: Loads, dataset: Dataset, known: Mapping[str, Dataset]) -> list[str]:
    """The collections that a dataset, or one that it needs, is made from, and the course lacks."""
    found: set[str] = set()
    for need in dataset.needs:
        if need in known:
            found.update(missing_sources(loads, known[need], known))
        elif need not in (EVENTS, PLACES) and need not in loads:
            found.add(need)
    return sorted(found)


def attach_sources(
    store: Store,
    loads: Loads,
    session: DuckDBPyConnection,
    partition: str,
    events: Path,
    made: list[Dataset],
    known: dict[str, Dataset],
    geoip: GeoIp,
) -> None:
    """Write the collections that datasets are made from as Parquet files, readable by name.

    One that the course does not have is an empty table, and a query can ask for that: `there`.

    Raises:
        InvalidSettingError: places are needed, and their database cannot be read.
    """
    database = course_database(store, partition)
    needs = {need for each in made for need in each.needs if need not in known}
    tables = (needs | {_USERS}) - {EVENTS, PLACES}
    paths = {name: events.with_name(f"{name}.parquet") for name in sorted(tables)}
    for name, path in paths.items():
        documents = store.find(Collection(database, name), {}, sort=[("_id", 1)])
        _write(path, table_schema(name), table_batches(name, documents))
    attach(session, paths)
    there = [name for name in paths if name in loads]
    tell_sources(session, [*there, PLACES] if geoip.path() else there)
    if EVENTS in needs:
        told = events.with_name("told.parquet")
        records = store.find_raw(Collection(database, TRACKING), {})
        _write(told, SCHEMA, event_batches(records))
        sort_events(session, told, _USERS, events)
        attach(session, {EVENTS: events})
    if PLACES in needs:
        places = events.with_name(f"{PLACES}.parquet")
        write_places(session, geoip, places)
        attach(session, {PLACES: places})


def _write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_batch(batch)
