"""The packages sensor: requests each new or re-delivered database package, once."""

from dagster import (
    AddDynamicPartitionsRequest,
    AssetSelection,
    DagsterInstance,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from edx_assets.automation.due.packages import deliveries_due
from edx_assets.automation.requests import package_requests
from edx_assets.automation.runs import partitions_of, runs_in_flight, runs_of, to_ask
from edx_assets.automation.ticks import INTERVAL_SECONDS, default_status, plain_ticks
from edx_assets.partitions import packages_partitions
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.store import Store
from edx_assets.settings import Settings

SENSOR = "packages_sensor"


def packages_sensor(settings: Settings) -> SensorDefinition:
    """The sensor of the institution's packages."""

    @sensor(
        name=SENSOR,
        asset_selection=AssetSelection.assets("packages/database_package", "packages/course_files"),
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=default_status(settings),
        description="Requests the database packages that S3 has and the ledger does not.",
    )
    def new_packages(
        context: SensorEvaluationContext, buckets: Buckets, mongo: Mongo
    ) -> SensorResult:
        with plain_ticks(settings):
            requests = packages_to_ask(context.instance, buckets, mongo.store())
        return SensorResult(
            run_requests=requests,
            skip_reason=None if requests else SkipReason("no new package"),
            dynamic_partitions_requests=_partitions(context.instance, requests),
        )

    return new_packages


def packages_to_ask(
    instance: DagsterInstance, buckets: Buckets, store: Store, night: str = ""
) -> list[RunRequest]:
    """The runs for the packages on S3 that are due; `night` as in `to_ask`."""
    due = deliveries_due(
        buckets, store, partitions_of(runs_of(runs_in_flight(instance), "packages"))
    )
    keys = to_ask(instance, SENSOR, due.values(), night)
    return package_requests({day: keys[key] for day, key in due.items() if key in keys})


def _partitions(
    instance: DagsterInstance, requests: list[RunRequest]
) -> list[AddDynamicPartitionsRequest]:
    known = instance.get_dynamic_partitions(str(packages_partitions.name))
    new = [str(r.partition_key) for r in requests if r.partition_key not in known]
    return [packages_partitions.build_add_request(new)] if new else []
