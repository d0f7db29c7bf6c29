"""A backfill of days through Dagster itself: what it costs beside the work in the stages.

A real one: `dagster dev` over the embedded servers, launched through its GraphQL. One run at a
time, so that the time in the stages and that of Dagster add up to the span. The day in the middle
is not GPG: it has to fail alone. The last day is of 20,000 events, whatever the others are.
"""

import os
import shutil
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
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.local.environment import local_environment
from edx_assets.local.sample.delivery import Key, new_key
from edx_assets.resources.mongo import connect

STAGES = ("raw_log", "daily_log", "master_tracking")
FIRST = date(2014, 2, 3)
LARGE = 20_000  # events of the last day, by which Dagster's share is told
YEAR = 365
SHARE = 0.1
_WITH_LARGE = 1_000  # events of a day from which on there is such a last day
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


@dataclass(frozen=True)
class Run:
    """A run of the backfill: when it was made and when it ended (seconds since 1970)."""

    id: str
    made: float
    ended: float


@dataclass(frozen=True)
class Took:
    """Seconds: the span, in the stages, Dagster's own by day, run and backfill; the large day's."""

    span: float
    inside: float
    by_day: float
    by_run: float
    by_backfill: float
    large: float


def deliver(data: Path, days: int, events: int) -> None:
    """Put days of logs into the bucket of an institution made anew."""
    shutil.rmtree(data, ignore_errors=True)
    institution = data / "institution"
    institution.mkdir(mode=0o700, parents=True)
    (institution / "courses.yaml").write_text("courses: []\n")
    (institution / "buckets" / "course-data").mkdir(parents=True)
    with new_key(institution) as key:
        for number in range(days):
            count = LARGE if number == days - 1 and events >= _WITH_LARGE else events
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


def backfill(data: Path, mongo: str | None, days: int) -> Took:
    """Launch the backfill and wait for its end; what it took.

    Raises:
        RuntimeError: not the bad day alone failed, or the records are not all there.
    """
    with local_environment(data, mongo) as variables:
        last = FIRST + timedelta(days=days - 1)
        os.environ["EDX_START_DATE"], os.environ["EDX_END_DATE"] = str(FIRST), str(last)
        os.environ["EDX_AUTOMATION"] = "false"  # the sensors would load the same days beside it
        home = Path(variables["DAGSTER_HOME"])
        _one_run_at_a_time(home / "dagster.yaml")
        partitions = [str(FIRST + timedelta(days=number)) for number in range(days)]
        with dagster_dev(data) as dagster:
            clock = monotonic()
            launched = dagster.backfill([("edx", stage) for stage in STAGES], partitions)
            dagster.wait(launched, _PATIENCE)
            span = monotonic() - clock
        with DagsterInstance.from_config(str(home)) as instance:
            steps = _steps(instance)
            runs = [
                Run(record.dagster_run.run_id, record.create_timestamp.timestamp(), record.end_time)
                for record in instance.get_run_records(ascending=True)
                if record.end_time is not None
            ]
        landed = [step for step in steps if step.stage == STAGES[-1]]
        loaded = sum(step.loaded for step in landed)
        held = connect(variables["EDX_MONGO_URI"]).count(MASTER_TRACKING, {"site": "edx"})
    bad = partitions[days // 2]
    if sorted(step.day for step in landed) != [day for day in partitions if day != bad]:
        raise RuntimeError(f"{len(landed)} of {days} days landed, one of which is wrong")
    if held != loaded:
        raise RuntimeError(f"{loaded} records loaded, {held} in the collection")
    return _took(steps, runs, span, days)


def _one_run_at_a_time(settings: Path) -> None:
    text = settings.read_text()
    one = text.replace("max_concurrent_runs: 2", "max_concurrent_runs: 1")
    if one == text:
        raise RuntimeError("dagster.yaml does not limit the runs as it did")
    settings.write_text(one)


def _took(steps: list[Step], runs: list[Run], span: float, days: int) -> Took:
    """Tell the span's parts: in the stages, and Dagster's by day, by run and by backfill.

    A run's own part is from its making, or the end of the run before it, to its first stage, and
    from its last stage to its end; the backfill's is what is left: the daemon looks at it every
    half a minute, at its begin and at its end.
    """
    inside = sum(step.seconds for step in steps)
    between = around = before = 0.0
    for run in runs:
        own = [step for step in steps if step.run == run.id]
        first, last = own[0].ended - own[0].seconds, own[-1].ended
        between += last - first - sum(step.seconds for step in own)
        around += first - max(run.made, before) + run.ended - last
        before = run.ended
    large = sum(step.seconds for step in steps if step.day == max(step.day for step in steps))
    left = span - inside - between - around
    return Took(span, inside, between / days, around / len(runs), left, large)


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
    """Dagster's own time: by backfill, run and day; as a share of this backfill and of a year's."""
    days, events = plan.backfill_days, plan.backfill_events
    data = plan.work / "backfill"
    deliver(data, days, events)
    if plan.mongo:
        empty(plan.mongo)
    try:
        took = backfill(data, plan.mongo, days)
    finally:
        if plan.mongo:
            empty(plan.mongo)
    shutil.rmtree(data, ignore_errors=True)
    stage = f"backfill, {days} days of {events:,} events"
    found = [
        Row(stage, "days that landed, the bad one alone not", days - 1.0, "days", days - 1.0),
        Row(stage, "span", took.span, "s"),
        Row(stage, "in the stages", took.inside, "s"),
        Row(stage, "Dagster's own, once a backfill", took.by_backfill, "s"),
        Row(stage, f"Dagster's own, a run of up to {DAYS_PER_RUN} days", took.by_run, "s"),
        Row(stage, "Dagster's own, a day", took.by_day, "s"),
    ]
    share, unit = 1 - took.inside / took.span, "of the span"
    if days >= YEAR and events >= LARGE:
        return [*found, Row(stage, "Dagster's own share", share, unit, SHARE, at_most=True)]
    found.append(Row(stage, "Dagster's own share, days as short as these", share, unit))
    if events < _WITH_LARGE:
        return found
    own = took.by_backfill + took.by_run * ceil(YEAR / DAYS_PER_RUN) + took.by_day * YEAR
    share = own / (own + took.large * YEAR)
    figure = f"Dagster's own share, {YEAR} days of {LARGE:,}"
    note = f"reckoned from the rows above; measured by --backfill-days {YEAR}"
    return [
        *found,
        Row(stage, f"in the stages, the day of {LARGE:,} events", took.large, "s"),
        Row(stage, figure, share, unit, SHARE, at_most=True, note=note),
    ]
