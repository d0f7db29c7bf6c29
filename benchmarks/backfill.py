"""A backfill of days through Dagster itself: what it costs beside the work in the stages.

A real one: `dagster dev` over the embedded servers, launched through its GraphQL. One run at a
time, so that the time in the stages and that of Dagster add up to the span. The day in the middle
is not GPG: it has to fail alone. The last day is of 20,000 events, whatever the others are.
"""

import os
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any

from dagster import AssetKey, DagsterInstance
from isal import igzip

from benchmarks.dagster_dev import dagster_dev
from benchmarks.generator import lines
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import empty
from edx_assets.assets.tracking_logs import DAYS_PER_RUN
from edx_assets.loading.ledger import MASTER, TRACKING
from edx_assets.local.environment import local_environment
from edx_assets.local.sample.delivery import Key, new_key
from edx_assets.resources.mongo import connect

STAGES = ("raw_log", "daily_log", "master_tracking")
FIRST = date(2014, 2, 3)
LARGE = 20_000  # events of the last day, by which Dagster's share is told
YEAR = 365
SHARE = 0.1
_PATIENCE = 6 * 3600  # seconds


@dataclass(frozen=True)
class Step:
    """A stage of a day, materialized: it ended at `ended` (seconds since 1970)."""

    run: str
    stage: str
    day: str
    ended: float
    seconds: float
    loaded: int


def deliver(data: Path, days: int, events: int) -> None:
    """Put days of logs into the bucket of an institution made anew."""
    shutil.rmtree(data, ignore_errors=True)
    institution = data / "institution"
    institution.mkdir(mode=0o700, parents=True)
    (institution / "courses.yaml").write_text("courses: []\n")
    (institution / "buckets" / "course-data").mkdir(parents=True)
    with new_key(institution) as key:
        for number in range(days):
            count = LARGE if number == days - 1 and events >= 1000 else events
            _deliver_day(institution, key, number, count, wrong=number == days // 2)


def _deliver_day(institution: Path, key: Key, number: int, events: int, wrong: bool) -> None:
    day = FIRST + timedelta(days=number)
    moment = datetime(day.year, day.month, day.day)
    content = b"no message of GPG's"
    if not wrong:
        content = key.encrypted(igzip.compress(b"".join(lines(events, seed=number, day=moment))))
    folder = institution / "buckets" / "edx-course-data" / "mcgillx" / "edx" / "events"
    path = folder / str(day.year) / f"mcgillx-edx-events-{day}.log.gz.gpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def backfill(data: Path, mongo: str | None, days: int) -> tuple[list[Step], float, float]:
    """Launch the backfill and wait for its end; its steps, when it began, and its span (seconds).

    Raises:
        RuntimeError: not the bad day alone failed, or the records are not all there.
    """
    with local_environment(data, mongo) as variables:
        last = FIRST + timedelta(days=days - 1)
        os.environ["EDX_START_DATE"], os.environ["EDX_END_DATE"] = str(FIRST), str(last)
        home = Path(variables["DAGSTER_HOME"])
        settings = (home / "dagster.yaml").read_text()
        one = settings.replace("max_concurrent_runs: 2", "max_concurrent_runs: 1")
        if one == settings:
            raise RuntimeError("dagster.yaml does not limit the runs as it did")
        (home / "dagster.yaml").write_text(one)
        partitions = [str(FIRST + timedelta(days=number)) for number in range(days)]
        with dagster_dev(data) as dagster:
            began, clock = datetime.now().timestamp(), monotonic()
            launched = dagster.backfill([("edx", stage) for stage in STAGES], partitions)
            dagster.wait(launched, _PATIENCE)
            span = monotonic() - clock
        with DagsterInstance.from_config(str(home)) as instance:
            steps = _steps(instance)
        landed = [step.day for step in steps if step.stage == STAGES[-1]]
        loaded = sum(step.loaded for step in steps if step.stage == STAGES[-1])
        held = connect(variables["EDX_MONGO_URI"]).count(MASTER, TRACKING)
    bad = partitions[days // 2]
    if sorted(landed) != [day for day in partitions if day != bad] or held != loaded:
        raise RuntimeError(f"{len(landed)} of {days} days landed, {held} records of {loaded}")
    return steps, began, span


def _steps(instance: DagsterInstance) -> list[Step]:
    """What was materialized, in its order."""
    steps = []
    for stage in STAGES:
        cursor, more = None, True
        while more:
            found = instance.fetch_materializations(AssetKey(["edx", stage]), 1000, cursor)
            cursor, more = found.cursor, found.has_more
            for record in found.records:
                told: dict[str, Any] = {
                    name: value.value
                    for name, value in record.asset_materialization.metadata.items()  # type: ignore[union-attr]
                }
                steps.append(
                    Step(
                        record.run_id,
                        stage,
                        str(record.partition_key),
                        record.timestamp,
                        float(told["seconds"]),
                        int(told.get("loaded", 0)),
                    )
                )
    return sorted(steps, key=lambda step: step.ended)


def rows(plan: Plan) -> list[Row]:
    """Dagster's own time: by run and by day, as a share of this backfill and of a year's."""
    days, events = plan.backfill_days, plan.backfill_events
    data = plan.work / "backfill"
    deliver(data, days, events)
    if plan.mongo:
        empty(plan.mongo)
    try:
        steps, _began, span = backfill(data, plan.mongo, days)
    finally:
        if plan.mongo:
            empty(plan.mongo)
    shutil.rmtree(data, ignore_errors=True)
    inside = sum(step.seconds for step in steps)
    runs: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        runs[step.run].append(step)
    spans = [told[-1].ended - told[0].ended + told[0].seconds for told in runs.values()]
    by_day = (sum(spans) - inside) / days
    by_run = (span - sum(spans)) / len(runs)
    stage = f"backfill, {days} days of {events:,} events"
    rows = [
        Row(stage, "days that landed, the bad one alone not", days - 1.0, "days", days - 1.0),
        Row(stage, "span", span, "s"),
        Row(stage, "in the stages", inside, "s"),
        Row(stage, f"Dagster's own, by run (of up to {DAYS_PER_RUN} days)", by_run, "s"),
        Row(stage, "Dagster's own, by day", by_day, "s"),
    ]
    full = days >= YEAR and events >= LARGE
    share = Row(stage, "Dagster's own share", 1 - inside / span, "of the span")
    if full:
        return [*rows, Row(*_four(share), SHARE, at_most=True)]
    if events < 1000:
        return [*rows, share]
    large = sum(step.seconds for step in steps if step.day == max(s.day for s in steps))
    own = by_run * ceil(YEAR / DAYS_PER_RUN) + by_day * YEAR
    note = f"reckoned from these days and one of {LARGE:,} events; measured with --backfill-days"
    return [
        *rows,
        share,
        Row(stage, f"in the stages, the day of {LARGE:,} events", large, "s"),
        Row(
            stage,
            f"the share in {YEAR} days of {LARGE:,}",
            own / (own + large * YEAR),
            "of the span",
            SHARE,
            at_most=True,
            note=note,
        ),
    ]


def _four(row: Row) -> tuple[str, str, float | None, str]:
    return row.stage, row.figure, row.value, row.unit
