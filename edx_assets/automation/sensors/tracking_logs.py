"""The tracking-logs sensor of a site: requests each new, late or overwritten file, once."""

import json
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import monotonic

from dagster import (
    AssetSelection,
    DagsterInstance,
    DagsterRun,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from edx_assets.automation.due.days import days_due, days_in_ledger, days_waiting
from edx_assets.automation.requests import RECENT, day_requests, days_asked, is_history
from edx_assets.automation.runs import HISTORY, days_of, runs_in_flight, runs_of, to_ask
from edx_assets.automation.ticks import INTERVAL_SECONDS, default_status, plain_ticks
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import Delivered
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.store import Store
from edx_assets.settings import Settings

LISTING_SECONDS = 10.0
"""How long a tick may list years of history: Dagster allows a tick 60 s in all."""
YEARS_PER_TICK = 2
"""Years of history that a tick lists: each LIST is billed."""
HISTORY_IN_FLIGHT = 3
"""Runs of history requested at a time at least; the other files can wait on S3."""

Files = dict[int, list[tuple[Delivered, date]]]
"""S3's files with their days, by year."""


@dataclass(frozen=True)
class DaysDue:
    """Runs to request, and how many due days were requested before or are in flight."""

    requests: list[RunRequest]
    asked_before: int
    in_flight: int


@dataclass(frozen=True)
class DaysFound:
    """Due days that no run is at work on, each with its version on S3; and those in flight.

    `newest` is the newest day that is known to have a file.
    """

    free: dict[date, str]
    in_flight: Set[date]
    newest: date


def tracking_logs_sensor(site: str, settings: Settings) -> SensorDefinition:
    """The sensor of a site's tracking logs."""

    @sensor(
        name=sensor_name(site),
        asset_selection=AssetSelection.groups(f"{site}_tracking_logs"),
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=default_status(settings),
        description=f"Requests the tracking logs of {site} that S3 has and the ledger does not.",
    )
    def new_files(context: SensorEvaluationContext, buckets: Buckets, mongo: Mongo) -> SensorResult:
        with plain_ticks(settings):
            return tick(context.instance, buckets, mongo.store(), site, settings, context.cursor)

    return new_files


def tick(
    instance: DagsterInstance,
    buckets: Buckets,
    store: Store,
    site: str,
    settings: Settings,
    cursor: str | None,
) -> SensorResult:
    """What to request now: from the years of recent weeks, and some more years from the cursor on.

    The cursor is the year of history to continue with. It goes round, so that files that are late
    or delivered again are found in every year. It does not pass a year while days of it are due and
    have not been requested.
    """
    last = last_day(settings)
    recent = years(last - RECENT, last)
    history = [year for year in years(settings.start_date, last) if year not in recent]
    start = json.loads(cursor)["year"] if cursor else 0
    turned = [y for y in history if y >= start] + [y for y in history if y < start]
    until = monotonic() + LISTING_SECONDS
    listed = {year: buckets.events_files(site, year) for year in recent}
    for year in turned[:YEARS_PER_TICK]:
        listed[year] = buckets.events_files(site, year)
        if monotonic() > until:
            break
    runs = runs_of(runs_in_flight(instance), site)
    found = due(instance, runs, store, site, listed, settings)
    room = max(0, history_in_flight(instance) - sum(HISTORY in run.tags for run in runs))
    left = [request for request in found.requests if is_history(request)][room:]
    waiting = {day.year for request in left for day in days_asked(request)}
    passed = listed.keys() - waiting
    following = next((year for year in turned if year not in passed), turned[0] if turned else 0)
    requests = [request for request in found.requests if request not in left]
    return SensorResult(
        run_requests=requests,
        skip_reason=None if requests else SkipReason(_skip_reason(site, found, len(left), listed)),
        cursor=json.dumps({"year": following}),
    )


def due(
    instance: DagsterInstance,
    runs: Sequence[DagsterRun],
    store: Store,
    site: str,
    listed: Files,
    settings: Settings,
    night: str = "",
) -> DaysDue:
    """The runs for the days that are due in the listed years.

    Args:
        instance: the Dagster instance.
        runs: the site's runs in flight, read after S3 was listed and before the ledger is.
        store: the document store.
        site: `edx` or `edge`.
        listed: S3's files by year.
        settings: the settings.
        night: as in `to_ask`.
    """
    found = days_found(runs, store, site, listed, settings)
    requests = {str(r.run_key): r for r in day_requests(site, found.free, found.newest)}
    keys = to_ask(instance, sensor_name(site), requests.keys(), night)
    new = [requests[key].with_replaced_attrs(run_key=asked) for key, asked in keys.items()]
    asked = sum(len(days_asked(request)) for request in new)
    return DaysDue(new, len(found.free) - asked, len(found.in_flight))


def days_found(
    runs: Sequence[DagsterRun], store: Store, site: str, listed: Files, settings: Settings
) -> DaysFound:
    """The days that are due in the listed years, whoever asked for them before; args as `due`."""
    last = last_day(settings)
    ledger = days_in_ledger(store, site)
    files = [
        (item, day)
        for year in listed.values()
        for item, day in year
        if settings.start_date <= day <= last
    ]
    wanted = days_due(site, listed, files, ledger, settings.start_date, last)
    busy = days_of(runs)
    busy |= days_waiting(ledger, busy)
    free = {day: version for day, version in wanted.items() if day not in busy}
    known = [day for _item, day in files] + [day for day, entry in ledger.items() if entry["file"]]
    return DaysFound(free, wanted.keys() - free.keys(), max(known, default=last))


def history_in_flight(instance: DagsterInstance) -> int:
    """How many runs of history a site may have in flight.

    Where the instance executes many runs at once, there is one more of each site than that: one
    site alone keeps all workers busy, and the next run is there when one ends.
    """
    queue = instance.get_concurrency_config().run_queue_config
    return max(HISTORY_IN_FLIGHT, queue.max_concurrent_runs + 1 if queue else 0)


def sensor_name(site: str) -> str:
    """The name of a site's sensor."""
    return f"{site}_tracking_logs_sensor"


def last_day(settings: Settings) -> date:
    """The last day that can have a file: yesterday (UTC), or EDX_END_DATE if that is earlier."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return min(yesterday, settings.end_date or yesterday)


def years(first: date, last: date) -> list[int]:
    """The years of a span of days."""
    return list(range(first.year, last.year + 1))


def _skip_reason(site: str, found: DaysDue, left: int, listed: Collection[int]) -> str:
    text = f"no new tracking log of {site} in {', '.join(map(str, sorted(listed)))}"
    if found.in_flight:
        text += f"; days in flight: {found.in_flight}"
    if left:
        text += f"; runs of history waiting: {left}"
    if found.asked_before:
        text += (
            f"; days requested before and not loaded (see their runs; the nightly reconcile"
            f" requests them again): {found.asked_before}"
        )
    return text
