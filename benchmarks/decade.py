"""The ledger of ten years of two sites: what the sensors and `status` take to read it."""

import logging
import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dagster import DagsterInstance, materialize

from benchmarks.decade_instance import assets_of, record
from benchmarks.decade_ledger import Years, fill
from benchmarks.measure import Measure, apart
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import scratch_store
from edx_assets.assets.failed_partitions import failed_partitions
from edx_assets.assets.overview import overview
from edx_assets.automation.due.course_days import CourseDays
from edx_assets.automation.due.courses import packages_due
from edx_assets.automation.due.datasets import datasets_due
from edx_assets.automation.due.days import days_in_ledger
from edx_assets.automation.due.loads import loads_of
from edx_assets.automation.due.tracking import tracking_due
from edx_assets.cli.status import status
from edx_assets.datasets.definition import datasets
from edx_assets.edx.file_names import SITES
from edx_assets.resources.mongo import Mongo, connect
from edx_assets.resources.store import Store

TARGETS = {
    "tracking_due": 1.0,
    "packages_due": 1.0,
    "courses sensor": 2.0,
    "days of a site": 2.0,
    "status": 3.0,
    "failed_partitions": 2.0,
    "overview": 10.0,
}
"""Seconds."""
MEMORY = 300  # MB


def looks(uri: str, of: Years) -> Measure:
    """The seconds of each look, in the order in which a sensor takes them; then once more.

    The first look of a process reads every day, a later one those that have changed.
    """
    store = connect(uri)
    days, of_sensor = CourseDays(), CourseDays()
    return _taken(
        {
            "tracking_due": lambda: tracking_due(
                store, None, of.today, (of.first, of.today), days=days
            ),
            "packages_due": lambda: packages_due(store),
            "datasets_due": lambda: datasets_due(store, datasets()),
            "courses sensor": lambda: _tick(store, of, of_sensor),
            "days of a site": lambda: days_in_ledger(store, SITES[0]) and None,
            "status": lambda: status(store) and None,
        }
    )


def upkeep(uri: str, home: Path, of: Years) -> Measure:
    """The seconds of what looks at Dagster's records as well; `overview` as a run of its own."""
    os.environ["EDX_MONGO_URI"] = uri
    logging.disable(logging.INFO)  # Dagster's of each step
    assets = assets_of(of)
    whole = overview(assets, of.today - timedelta(days=1))
    with DagsterInstance.local_temp(str(home)) as instance:
        made = partial(materialize, [whole], instance=instance, resources={"mongo": Mongo()})
        return _taken(
            {
                "failed_partitions": lambda: failed_partitions(instance, assets),
                "overview": lambda: [] if made().success else ["it failed"],
            }
        )


def _taken(parts: dict[str, Callable[[], Any]]) -> Measure:
    """Each look, taken twice."""
    looks: dict[str, Measure] = {}
    for again in ("first look", "later look"):
        for name, look in parts.items():
            measure = Measure()
            with measure.running():
                due = look()
            if due:
                raise RuntimeError(f"{name}: nothing is due, and it found {len(due)}")
            looks[f"{name}, {again}"] = measure
    return Measure(told=looks)


def _tick(store: Store, of: Years, days: CourseDays) -> Any:
    """What the sensor of the courses asks the ledger in a tick."""
    loads = loads_of(store)
    return (
        packages_due(store, loads)
        or tracking_due(store, None, of.today, (of.first, of.today), loads, days)
        or datasets_due(store, datasets(), loads)
    )


def rows(plan: Plan) -> list[Row]:
    """The seconds of each look at the ledger of ten years, and the memory of all."""
    of = Years(*plan.decade)
    with scratch_store(plan) as uri:
        filled = apart(fill, uri, of)
        measure = apart(looks, uri, of)
        with TemporaryDirectory(dir=plan.work) as home:
            recorded = apart(record, Path(home), of)
            others = apart(upkeep, uri, Path(home), of)
    stage = f"a ledger of {of.days:,} days, {of.courses} courses, {of.packages} packages"
    return [
        Row(stage, "courses in its packages", filled.events, ""),
        Row(stage, "partitions of assets in Dagster's records", recorded.events, ""),
        *(
            Row(
                stage,
                name,
                look.wall,
                "s",
                TARGETS.get(name.split(",")[0]),
                at_most=True,
                note=f"{look.cpu:.2f} s of our processor",
            )
            for name, look in (measure.told | others.told).items()
        ),
        Row(stage, "peak memory", measure.peak / 1e6, "MB", MEMORY, at_most=True),
        Row(stage, "peak memory of the overview", others.peak / 1e6, "MB"),
    ]
