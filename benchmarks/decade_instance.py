"""Dagster's own records of ten years: every day, package and course was materialized once.

Dagster writes those of the first and the last partition of an asset, and the rows of the first are
copied for all between: 40 ms for each would make it an hour. Runs are not recorded.
"""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from dagster import AssetMaterialization, AssetsDefinition, DagsterInstance

from benchmarks.decade_ledger import Years
from benchmarks.measure import Measure
from edx_assets.definitions import build_defs
from edx_assets.partitions import courses_partitions, packages_partitions
from edx_assets.settings import Settings


def assets_of(of: Years) -> list[AssetsDefinition]:
    """The assets that have partitions."""
    defs = build_defs(Settings(start_date=of.first, end_date=of.today - timedelta(days=1)))
    known = [each for each in defs.assets or () if isinstance(each, AssetsDefinition)]
    return [each for each in known if each.partitions_def]


def record(home: Path, of: Years) -> Measure:
    """Write the records into a new instance of SQLite."""
    with DagsterInstance.local_temp(str(home)) as instance:
        courses = [of.partition(number) for number in range(of.courses)]
        instance.add_dynamic_partitions(str(courses_partitions.name), courses)
        packages = [str(of.delivered(number)) for number in range(of.packages)]
        instance.add_dynamic_partitions(str(packages_partitions.name), packages)
        measure = Measure()
        for definition in assets_of(of):
            names = _names(definition, instance)
            for key in definition.keys:
                instance.report_runless_asset_event(AssetMaterialization(key, partition=names[0]))
                _copy(home / "history" / "runs" / "index.db", names[0], names[1:-1])
                instance.report_runless_asset_event(AssetMaterialization(key, partition=names[-1]))
                measure.events += len(names)
    return measure


def _names(definition: AssetsDefinition, instance: DagsterInstance) -> list[str]:
    partitions = definition.partitions_def
    return [*partitions.get_partition_keys(dynamic_partitions_store=instance)] if partitions else []


def _copy(database: Path, first: str, others: Sequence[str]) -> None:
    """Copy the newest event, which is of the partition `first`, for the other partitions."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    with connection:
        [row] = connection.execute("SELECT * FROM event_logs ORDER BY id DESC LIMIT 1")
        event = {name: row[name] for name in row.keys() if name != "id"}  # noqa: SIM118
        rows = [
            {**event, "partition": other, "event": event["event"].replace(first, other)}
            for other in others
        ]
        values = ", ".join(f":{name}" for name in event)
        connection.executemany(
            f"INSERT INTO event_logs ({', '.join(event)}) VALUES ({values})",  # noqa: S608
            rows,
        )
    connection.close()
