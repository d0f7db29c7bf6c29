"""The nightly reconcile: lists all of S3 and requests whatever is due, including what has failed.

What is due is decided in `due`; the requests are built by the sensors' modules.
"""

from pathlib import Path

from dagster import (
    DagsterInstance,
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.assets.stages import courses_without_partition
from edx_assets.automation.runs import runs_in_flight, runs_of
from edx_assets.automation.sensors.courses import courses_to_ask
from edx_assets.automation.sensors.packages import packages_to_ask
from edx_assets.automation.sensors.tracking_logs import due, last_day, years
from edx_assets.automation.sensors.warehouse import warehouse_to_ask
from edx_assets.automation.ticks import plain_ticks
from edx_assets.dagster_internals import EVERY_ASSET
from edx_assets.datasets.definition import Dataset
from edx_assets.edx.file_names import SITES
from edx_assets.partitions import courses_partitions, packages_partitions
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.courses_file import CoursesFile
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import Settings


def schedules(settings: Settings, known: dict[str, Dataset]) -> list[ScheduleDefinition]:
    """The schedule of the reconcile, in a list; `known`: every dataset by name."""

    @schedule(
        cron_schedule="0 3 * * *",
        execution_timezone="UTC",
        job_name=EVERY_ASSET,
        default_status=(
            DefaultScheduleStatus.RUNNING if settings.automation else DefaultScheduleStatus.STOPPED
        ),
        description="Compares all of S3 with the ledger and requests whatever is due, including"
        " what has failed.",
    )
    def nightly_reconcile(
        context: ScheduleEvaluationContext,
        buckets: Buckets,
        mongo: Mongo,
        courses_file: CoursesFile,
        storage: Storage,
    ) -> list[RunRequest] | SkipReason:
        with plain_ticks(settings):
            night = f"@{context.scheduled_execution_time:%Y-%m-%d}"
            requests = to_reconcile(
                context.instance,
                buckets,
                mongo.store(),
                storage,
                courses_file.path(),
                settings,
                known,
                night,
            )
        graph = context.repository_def.asset_graph
        whole_course = sorted(WHOLE_COURSE.resolve(graph))
        return [
            request
            if request.asset_selection
            else request.with_replaced_attrs(asset_selection=whole_course)
            for request in requests
        ] or SkipReason("the ledger has all that S3 has, and every course is up to date")

    return [nightly_reconcile]


def to_reconcile(
    instance: DagsterInstance,
    buckets: Buckets,
    store: Store,
    storage: Storage,
    courses_file: Path | None,
    settings: Settings,
    known: dict[str, Dataset],
    night: str,
) -> list[RunRequest]:
    """Runs for what is due and not in flight, with run keys of this night (see `to_ask`).

    New partitions are added. A course's tracking is requested as the ledger is now: days that are
    loaded this night reach it by the sensor, or on the next night.
    """
    requests = packages_to_ask(instance, buckets, store, night)
    instance.add_dynamic_partitions(
        str(packages_partitions.name), [str(request.partition_key) for request in requests]
    )
    for site in SITES:
        span = years(settings.start_date, last_day(settings))
        listed = {year: buckets.events_files(site, year) for year in span}
        runs = runs_of(runs_in_flight(instance), site)
        requests += due(instance, runs, store, site, listed, settings, night).requests
    instance.add_dynamic_partitions(
        str(courses_partitions.name), courses_without_partition(instance, store)
    )
    requests += courses_to_ask(instance, store, courses_file, settings.log_days, known, night)
    return requests + warehouse_to_ask(instance, store, storage, known, night)
