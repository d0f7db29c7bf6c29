"""The sensor of the file of all courses: it is made again when a course's datasets have changed."""

from dagster import (
    AssetSelection,
    DagsterInstance,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from edx_assets.assets.warehouse import WAREHOUSE
from edx_assets.automation.runs import runs_in_flight, runs_of, to_ask
from edx_assets.automation.ticks import default_status, plain_ticks
from edx_assets.datasets.definition import Dataset
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import Settings

_SENSOR = "warehouse_sensor"
_INTERVAL_SECONDS = 60  # a night of a hundred courses is to make it a few times, not a hundred


def warehouse_sensor(settings: Settings, known: dict[str, Dataset]) -> SensorDefinition:
    """The sensor for datasets by name."""

    @sensor(
        name=_SENSOR,
        asset_selection=AssetSelection.assets(WAREHOUSE),
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=default_status(settings),
        description="Requests the file of all courses when datasets have changed and no course is"
        " being loaded.",
    )
    def warehouse_behind(
        context: SensorEvaluationContext, mongo: Mongo, storage: Storage
    ) -> SensorResult:
        with plain_ticks(settings):
            requests = warehouse_to_ask(context.instance, mongo.store(), storage, known)
        told = None if requests else "it is up to date, in flight, or courses are being loaded"
        return SensorResult(run_requests=requests, skip_reason=told)

    return warehouse_behind


def warehouse_to_ask(
    instance: DagsterInstance,
    store: Store,
    storage: Storage,
    known: dict[str, Dataset],
    night: str = "",
) -> list[RunRequest]:
    """The run that makes the file, if one is due.

    One that failed is due at the next change, or in the next `night` (see `to_ask`). What has not
    been asked for yet is left to the sensor: who has switched that off does without the file.
    """
    # loaded here: DuckDB takes a tenth of a second, which every process would wait for
    from edx_assets.exports.warehouse import made_state, warehouse_state

    runs = runs_in_flight(instance)
    if runs_of(runs, "course") or runs_of(runs, WAREHOUSE.path[0]):
        return []
    now, made = warehouse_state(store, known), made_state(storage)
    if now == made:
        return []
    key = f"warehouse:{made}:{now}"
    asked = to_ask(instance, _SENSOR, [key])
    if night:
        asked = {} if asked else to_ask(instance, _SENSOR, [key], night)
    return [RunRequest(run_key=key, asset_selection=[WAREHOUSE]) for key in asked.values()]
