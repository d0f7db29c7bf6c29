"""Jobs named for what people do; each asks for its partitions, and its form has defaults."""

from collections.abc import Sequence
from typing import Any

from dagster import AssetsDefinition, AssetSelection, RunConfig, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.edx.file_names import SITES

_STAGES = ("raw_log", "daily_log", "master_tracking")


def jobs(assets: Sequence[AssetsDefinition]) -> list[UnresolvedAssetJobDefinition]:
    """The jobs over the pipeline's assets."""
    return [
        *(_load_days(site) for site in SITES),
        define_asset_job(
            "load_a_package",
            AssetSelection.assets("packages/database_package", "packages/course_files"),
            description="Download a delivery date's database package, and sort its files by"
            " course; switch `anew` on in the form to do so again. Partitions: the delivery dates"
            " that packages/delivered has found.",
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
            config=anew(assets),
            description="Load every collection of a course's database again, whether it changed or"
            " not: `anew` is on in the form of each. Partitions: courses.",
        ),
        define_asset_job(
            "extract_tracking",
            AssetSelection.assets("course/tracking"),
            description="Take a course's events out of the master collection, and bind them to its"
            " structure. Partitions: courses.",
        ),
    ]


def _load_days(site: str) -> UnresolvedAssetJobDefinition:
    return define_asset_job(
        f"load_a_range_of_days_{site}",
        AssetSelection.assets(*(f"{site}/{stage}" for stage in _STAGES)),
        description=f"Download, decrypt and load the tracking logs of {site}, a day or a range of"
        " days. Days that are loaded already cost little, and change nothing unless edX has"
        " delivered them anew, or `anew` is switched on in the form. Partitions: days.",
    )


def anew(assets: Sequence[AssetsDefinition]) -> RunConfig:
    """The form of every course asset that can be rebuilt, with `anew` switched on."""
    config: dict[str, Any] = {}
    for definition in assets:
        of_a_course = all(key.path[0] == "course" for key in definition.keys)
        if of_a_course and "anew" in _fields(definition):
            config[definition.op.name] = {"config": {"anew": True}}
    return RunConfig(ops=config)


def _fields(definition: AssetsDefinition) -> set[str]:
    """Names in an asset's typed form."""
    schema = definition.op.config_schema
    fields = getattr(schema.config_type, "fields", None) if schema else None
    return set(fields or ())
