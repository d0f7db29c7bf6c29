"""Real failed runs, and the sensors of notices that see them."""

from collections.abc import Callable
from typing import Any

from dagster import (
    DagsterEventType,
    DagsterInstance,
    SensorDefinition,
    asset,
    build_run_status_sensor_context,
    build_sensor_context,
    materialize,
)

from edx_assets.automation.notices import notice_sensors
from edx_assets.settings import Settings
from edx_assets_tests.automation.received import Received


def tell(instance: DagsterInstance, run_id: str, settings: Settings) -> Any:
    """Have the sensor see a failed run, as the daemon would."""
    return evaluate(notice_sensors(settings)[0], instance, run_id)


def evaluate(sensor: SensorDefinition, instance: DagsterInstance, run_id: str) -> Any:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    failures = instance.all_logs(run_id, of_type=DagsterEventType.RUN_FAILURE)
    failure = failures[0].dagster_event
    assert failure is not None
    context = build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_event=failure,
        dagster_instance=instance,
        dagster_run=run,
    )
    return sensor(context.for_run_failure())


def tell_late(instance: DagsterInstance, settings: Settings) -> str:
    """Have the sensor of unsent notices tick; what it says."""
    sensor = notice_sensors(settings)[1]
    with build_sensor_context(instance=instance) as context:
        return str(sensor.evaluate_tick(context).skip_message)


def hooked(web: Received, **settings: Any) -> Settings:
    return Settings(notice_webhook=web.address, **settings)


def fail_with(
    instance: DagsterInstance, error: Callable[[], Exception], tags: dict[str, str] | None = None
) -> str:
    """A real run that fails so."""

    @asset
    def broken() -> None:
        raise error()

    ran = materialize([broken], instance=instance, raise_on_error=False, tags=tags)
    assert not ran.success
    return ran.run_id
