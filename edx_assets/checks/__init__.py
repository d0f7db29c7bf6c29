"""Asset checks: what each failure means, and what to do, stands in its description."""

from collections.abc import Sequence

from dagster import AssetChecksDefinition, AssetsDefinition

from edx_assets.checks.courses import course_checks
from edx_assets.checks.overview import upkeep_checks
from edx_assets.settings import Settings


def checks(settings: Settings, assets: Sequence[AssetsDefinition]) -> list[AssetChecksDefinition]:
    """Every check but those of days, which are a part of the step that loads them."""
    return [
        *course_checks(settings.start_date, settings.end_date),
        *upkeep_checks(assets, settings.end_date),
    ]
