"""The sensors: they request what is due and not in flight. What is due is decided in `due`."""

from dagster import SensorDefinition

from edx_assets.automation.sensors.courses import courses_sensor
from edx_assets.automation.sensors.overview import overview_sensor
from edx_assets.automation.sensors.packages import packages_sensor
from edx_assets.automation.sensors.tracking_logs import tracking_logs_sensor
from edx_assets.automation.sensors.warehouse import warehouse_sensor
from edx_assets.datasets.definition import Dataset
from edx_assets.edx.file_names import SITES
from edx_assets.settings import Settings


def sensors(settings: Settings, known: dict[str, Dataset]) -> list[SensorDefinition]:
    """Every sensor: one per site, one for packages, one for courses, one for the file of all,
    and one for the overview.

    Args:
        settings: the settings.
        known: every dataset by name.
    """
    return [
        *(tracking_logs_sensor(site, settings) for site in SITES),
        packages_sensor(settings),
        courses_sensor(settings, known),
        warehouse_sensor(settings, known),
        overview_sensor(settings),
    ]
