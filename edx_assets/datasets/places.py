"""Where the addresses of a course's events are: the table `places`, which datasets can read.

The database that tells it is a resource, `resources.geoip`.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection
from maxminddb import Reader

from edx_assets.datasets.definition import DatasetColumn
from edx_assets.resources.geoip import GeoIp

COLUMNS = (
    DatasetColumn("ip", "VARCHAR", "the address, as the events have it", "identifier: address"),
    DatasetColumn("cc_by_ip", "VARCHAR", "the country, two letters (ISO 3166)", "quasi-identifier"),
    DatasetColumn("countryLabel", "VARCHAR", "the country's name in English", "quasi-identifier"),
    DatasetColumn("continent", "VARCHAR", "the continent's name in English", "quasi-identifier"),
    DatasetColumn(
        "region",
        "VARCHAR",
        "code of the smallest subdivision that is known (ISO 3166-2)",
        "quasi-identifier",
    ),
    DatasetColumn(
        "subdivision", "VARCHAR", "that subdivision's name in English", "quasi-identifier"
    ),
    DatasetColumn("city", "VARCHAR", "the city's name in English", "quasi-identifier"),
    DatasetColumn("postalCode", "VARCHAR", "the postal code", "quasi-identifier"),
    DatasetColumn(
        "latitude", "DOUBLE", "latitude in degrees, of the city or the like", "quasi-identifier"
    ),
    DatasetColumn("longitude", "DOUBLE", "longitude in degrees", "quasi-identifier"),
)

_SCHEMA = pa.schema(
    [(each.name, pa.float64() if each.type == "DOUBLE" else pa.string()) for each in COLUMNS]
)
_BATCH = 20_000  # addresses


def write_places(session: DuckDBPyConnection, geoip: GeoIp, target: Path) -> None:
    """Write what the database of places says of each address in the table of events.

    An address that it does not know, or that is none, has no row.

    Raises:
        InvalidSettingError: the database cannot be read.
    """
    found = session.execute("SELECT DISTINCT ip FROM events WHERE ip <> '' ORDER BY ip")
    addresses = (ip for batch in iter(lambda: found.fetchmany(_BATCH), []) for (ip,) in batch)
    with geoip.opened() as reader, pq.ParquetWriter(target, _SCHEMA) as writer:
        rows = _rows(reader, addresses) if reader else iter(())
        while batch := list(islice(rows, _BATCH)):
            columns = zip(*batch, strict=True)
            arrays = [pa.array(v, field.type) for v, field in zip(columns, _SCHEMA, strict=True)]
            writer.write_batch(pa.record_batch(arrays, _SCHEMA))


def _rows(reader: Reader, addresses: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    for ip in addresses:
        try:
            record = reader.get(ip)
        except ValueError:  # it is none, or of version 6 where the database has version 4
            continue
        if isinstance(record, dict):
            yield ip, *_place(record)


def _place(record: dict[str, Any]) -> tuple[Any, ...]:
    """The facts of a record of GeoIP2 or GeoLite2 (City or Country), in the columns' order."""
    subdivisions = record.get("subdivisions")
    smallest = {"subdivision": subdivisions[-1]} if subdivisions else {}
    return (
        _at(record, "country", "iso_code"),
        _at(record, "country", "names", "en"),
        _at(record, "continent", "names", "en"),
        _at(smallest, "subdivision", "iso_code"),
        _at(smallest, "subdivision", "names", "en"),
        _at(record, "city", "names", "en"),
        _at(record, "postal", "code"),
        _at(record, "location", "latitude"),
        _at(record, "location", "longitude"),
    )


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
