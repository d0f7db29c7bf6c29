"""The asset checks of courses and of the whole. Each description says what to do on a failure.

The checks of days are in `assets.day_checks`: they run in the step that loads the days.
"""

from collections.abc import Sequence

from dagster import AssetChecksDefinition, AssetsDefinition

from edx_assets.checks.columns import columns_checks
from edx_assets.checks.courses import course_checks
from edx_assets.checks.credentials import credentials_checks
from edx_assets.checks.overview import upkeep_checks
from edx_assets.datasets.definition import Dataset
from edx_assets.settings import Settings


def checks(
    settings: Settings, assets: Sequence[AssetsDefinition], known: dict[str, Dataset]
) -> list[AssetChecksDefinition]:
    """Every check except those of days, which belong to the step that loads the days."""
    return [
        *course_checks(settings.start_date, settings.end_date),
        *credentials_checks(),
        *columns_checks(known),
        *upkeep_checks(assets, settings.end_date),
    ]
