"""The jobs, named for what people do. Partitions are chosen at launch, and forms have defaults.

What the assets do belongs in `assets`.
"""

from collections.abc import Sequence
from typing import Any

from dagster import AssetsDefinition, AssetSelection, RunConfig, define_asset_job

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.assets.kept_files import KEPT_FILES
from edx_assets.assets.overview import OVERVIEW
from edx_assets.assets.quarantine_reasons import QUARANTINE_REASONS
from edx_assets.assets.tracking_logs import day_assets
from edx_assets.dagster_internals import UnresolvedAssetJobDefinition
from edx_assets.edx.file_names import SITES


def jobs(assets: Sequence[AssetsDefinition]) -> list[UnresolvedAssetJobDefinition]:
    """The jobs over the pipeline's assets."""
    return [
        *(_load_days(site) for site in SITES),
        define_asset_job(
            "load_a_package",
            AssetSelection.assets("packages/database_package", "packages/course_files"),
            description="Download a delivery date's database package and sort its files by course."
            " Switch `rebuild` on in the form to do it again. Partitions: the delivery dates that"
            " packages/delivered has found.",
        ),
        define_asset_job(
            "refresh_a_course",
            WHOLE_COURSE,
            description="Bring a course's database up to date: every table of its newest package,"
            " and its tracking. What has not changed is left alone. Partitions: courses.",
        ),
        define_asset_job(
            "rebuild_a_course_from_nothing",
            WHOLE_COURSE,
            config=rebuild(assets),
            description="Load every collection of a course's database again, whether it has changed"
            " or not: `rebuild` is on in the form of each. Partitions: courses.",
        ),
        define_asset_job(
            "extract_tracking",
            AssetSelection.assets("course/tracking"),
            description="Extract a course's events from the master collection and bind them to its"
            " structure. Partitions: courses.",
        ),
        define_asset_job(
            "make_the_overview",
            AssetSelection.assets(OVERVIEW, QUARANTINE_REASONS),
            description="Show what is loaded, missing, late or broken, and check it as a whole; and"
            " why lines were not loaded.",
        ),
        define_asset_job(
            "tidy_the_storage",
            AssetSelection.assets(KEPT_FILES),
            description="Remove files that EDX_KEEP_RAW_DAYS, EDX_KEEP_DECRYPTED_DAYS and"
            " EDX_KEEP_PACKAGES do not keep and nothing needs, and what killed runs left half"
            " written.",
        ),
    ]


def _load_days(site: str) -> UnresolvedAssetJobDefinition:
    return define_asset_job(
        f"load_a_range_of_days_{site}",
        AssetSelection.assets(*day_assets(site)),
        description=f"Download, decrypt and load the tracking logs of {site} for a day or a range"
        " of days. Days that are already loaded take little time and are left alone, unless edX has"
        " delivered them again or `rebuild` is switched on in the form. Partitions: days.",
    )


def rebuild(assets: Sequence[AssetsDefinition]) -> RunConfig:
    """The form of every course asset that can be rebuilt, with `rebuild` switched on."""
    config: dict[str, Any] = {}
    for definition in assets:
        of_a_course = all(key.path[0] == "course" for key in definition.keys)
        if of_a_course and "rebuild" in _fields(definition):
            config[definition.op.name] = {"config": {"rebuild": True}}
    return RunConfig(ops=config)


def _fields(definition: AssetsDefinition) -> set[str]:
    """The names of the fields in an asset's form."""
    schema = definition.op.config_schema
    fields = getattr(schema.config_type, "fields", None) if schema else None
    return set(fields or ())
