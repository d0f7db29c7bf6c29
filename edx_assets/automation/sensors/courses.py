"""The courses sensor: a new package refreshes its courses; their tracking follows the master."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path

from dagster import (
    AssetKey,
    DagsterInstance,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.assets.datasets import dataset_keys
from edx_assets.assets.report import REPORT
from edx_assets.assets.stages import courses_without_partition
from edx_assets.automation.due.course_days import CourseDays
from edx_assets.automation.due.courses import packages_due
from edx_assets.automation.due.datasets import datasets_due
from edx_assets.automation.due.loads import loads_of
from edx_assets.automation.due.tracking import tracking_due
from edx_assets.automation.runs import Ask, partitions_of, runs_in_flight, runs_of, to_ask
from edx_assets.automation.ticks import default_status, plain_ticks
from edx_assets.datasets.definition import Dataset
from edx_assets.edx.collections import TRACKING
from edx_assets.edx.courses import partition_course
from edx_assets.edx.file_names import SITES
from edx_assets.loading.ledger import day_entries, tracking_load
from edx_assets.loading.upgrade import upgrade
from edx_assets.partitions import courses_partitions
from edx_assets.resources.courses_file import CoursesFile
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.store import Store
from edx_assets.settings import Settings

SENSOR = "courses_sensor"
RUNS_PER_TICK = 10
FULL_LOOK = timedelta(minutes=10)
"""The sensor reads the ledger after this time, even if nothing has run."""
_OVERLAP = timedelta(seconds=2)  # the clocks of the instance's database and of the daemon differ
_INTERVAL_SECONDS = 4  # more often than the others: it reads only the ledger, and follows them


def courses_sensor(settings: Settings, known: dict[str, Dataset]) -> SensorDefinition:
    """The sensor of the institution's courses, for datasets by name."""
    days = CourseDays()

    @sensor(
        name=SENSOR,
        asset_selection=WHOLE_COURSE,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=default_status(settings),
        description="Requests courses whose newest package is not loaded, and the tracking of"
        " courses whose days have changed; and datasets whose definitions have.",
    )
    def courses_behind(
        context: SensorEvaluationContext, mongo: Mongo, courses_file: CoursesFile
    ) -> SensorResult:
        now = datetime.now(UTC)
        if nothing_ran(context.instance, context.cursor, now):
            return SensorResult(skip_reason="no run has begun or ended since the last look")
        with plain_ticks(settings):
            store = mongo.store()
            requests = courses_to_ask(
                context.instance, store, courses_file.path(), settings.log_days, known, days=days
            )
            new = courses_without_partition(context.instance, store)
        return SensorResult(
            run_requests=requests[:RUNS_PER_TICK],
            skip_reason=None if requests else SkipReason("every course is up to date or in flight"),
            dynamic_partitions_requests=[courses_partitions.build_add_request(new)] if new else [],
            cursor=now.isoformat(),
        )

    return courses_behind


def nothing_ran(instance: DagsterInstance, cursor: str | None, now: datetime) -> bool:
    """Whether no run has begun or ended since the sensor last looked (`cursor`, a time).

    The ledger is then unchanged, and with some hundred courses reading it takes seconds. Changes
    that no run makes, above all to the courses file, are seen at the next full look.
    """
    looked = datetime.fromisoformat(cursor) if cursor else datetime.min.replace(tzinfo=UTC)
    if now - looked > FULL_LOOK or now.date() != looked.date():
        return False
    since = RunsFilter(updated_after=looked - _OVERLAP)
    return not instance.get_run_records(since, limit=1)


def courses_to_ask(
    instance: DagsterInstance,
    store: Store,
    courses_file: Path | None,
    log_days: tuple[date, date],
    known: dict[str, Dataset],
    night: str = "",
    days: CourseDays | None = None,
) -> list[RunRequest]:
    """The runs that bring courses up to date; `known`: datasets by name, `night` as in `to_ask`.

    `days` are the days by course, as the last look left them.

    A refresh waits for packages in flight, and tracking for days of its site in flight: otherwise
    the course would be loaded again when they are done. A failed course is not requested again
    until its package has changed, its tracking not until the ledger has, and its datasets not until
    their definitions have.
    """
    ask = partial(to_ask, instance, SENSOR, night=night)
    return requests_of_due(instance, store, courses_file, log_days, known, ask, days)


def requests_of_due(
    instance: DagsterInstance,
    store: Store,
    courses_file: Path | None,
    log_days: tuple[date, date],
    known: dict[str, Dataset],
    ask: Ask,
    days: CourseDays | None = None,
) -> list[RunRequest]:
    """The runs of `courses_to_ask`, where `ask` says which of those that are due are wanted."""
    upgrade(store)
    runs = runs_in_flight(instance)
    busy = partitions_of(runs_of(runs, "course"))
    sorting = runs_of(runs, "packages")
    loads = loads_of(store)
    refresh = {} if sorting else packages_due(store, loads)
    whole = {f"{course}:{version}": course for course, version in refresh.items()}
    keys = ask(whole.keys())
    requests = {
        whole[key]: RunRequest(run_key=asked, partition_key=whole[key])
        for key, asked in keys.items()
        if whole[key] not in busy
    }
    due = tracking_due(store, courses_file, datetime.now(UTC).date(), log_days, loads, days)
    loading = {site for site in SITES if runs_of(runs, site)}
    behind = {
        f"{course}/tracking:{state}": course
        for course, (site, state) in _states(store, courses_file, due).items()
        if site not in loading and course not in busy | requests.keys()
    }
    changing = busy | refresh.keys() | set(due)
    redefined = {
        f"{course}/datasets:{definitions}": course
        for course, definitions in ({} if sorting else datasets_due(store, known, loads)).items()
        if course not in changing
    }
    datasets = [*dataset_keys(known), REPORT]
    tracking = [AssetKey(["course", TRACKING]), *datasets]
    return [
        *requests.values(),
        *_requests(ask(behind.keys()), behind, tracking),
        *_requests(ask(redefined.keys()), redefined, datasets),
    ]


def _requests(
    to_ask: dict[str, str], courses: dict[str, str], assets: list[AssetKey]
) -> list[RunRequest]:
    return [
        RunRequest(run_key=asked, partition_key=courses[key], asset_selection=assets)
        for key, asked in to_ask.items()
    ]


def _states(store: Store, courses_file: Path | None, due: list[str]) -> dict[str, tuple[str, str]]:
    """For courses whose tracking is due: the site, and a digest of everything it is made from.

    That is the loaded days of the site, what the course has now, and the courses file.
    """
    windows = courses_file.read_bytes() if courses_file and due else b""
    days: dict[str, list[str]] = {}
    fields = ["site", "etag", "state", "loaded_at"]
    for entry in day_entries(store, fields=fields) if due else ():
        days.setdefault(entry["site"], []).append(repr(sorted(entry.items())))
    states = {}
    for course in due:
        site = partition_course(course)[1]
        load = tracking_load(store, course)
        held = (load["source"], load["loaded_at"]) if load else None
        state = repr((windows, days.get(site), held))
        states[course] = site, blake2b(state.encode(), digest_size=16).hexdigest()
    return states
