"""Runs with their checks, and what the instance recorded of them."""

from collections.abc import Sequence
from typing import Any, cast

from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    DagsterEventType,
    Definitions,
    ExecuteInProcessResult,
    define_asset_job,
    materialize,
)

from edx_assets.definitions import build_defs
from edx_assets.settings import load_settings
from edx_assets_tests.institution import Institution


def run_with_checks(
    testx: Institution, *assets: str, partition: str | None = None
) -> ExecuteInProcessResult:
    """Materialize assets as the UI does, with their checks."""
    definitions = build_defs(load_settings())
    return materialize(
        cast(
            Sequence[AssetsDefinition],
            [*(definitions.assets or []), *(definitions.asset_checks or [])],
        ),
        selection=AssetSelection.assets(*assets),
        instance=testx.instance,
        resources=dict(definitions.resources or {}),
        partition_key=partition,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )


def checks_alone(testx: Institution, partition: str) -> Any:
    """Evaluate the checks of a day of edx, loading nothing."""
    definitions = build_defs(load_settings())
    selection = AssetSelection.checks_for_assets(AssetKey(["edx", "master_tracking"]))
    alone = Definitions(
        assets=[a for a in definitions.assets or [] if isinstance(a, AssetsDefinition)],
        resources=definitions.resources,
        jobs=[define_asset_job("checks_alone", selection)],
    )
    return alone.resolve_job_def("checks_alone").execute_in_process(
        instance=testx.instance, tags={"dagster/partition": partition}, raise_on_error=False
    )


def evaluation(testx: Institution, asset: str, name: str, partition: str | None = None) -> Any:
    """The newest evaluation of a check that the instance has, of a partition if told; or None."""
    key = AssetCheckKey(AssetKey(asset.split("/")), name)
    for record in testx.instance.event_log_storage.get_asset_check_execution_history(key, 100):
        if record.event and (partition is None or record.partition == partition):
            told = record.event.dagster_event
            assert told is not None
            assert isinstance(told.event_specific_data, AssetCheckEvaluation)
            return told.event_specific_data
    return None


def verdicts(testx: Institution, run_id: str) -> dict[tuple[str, str | None], bool]:
    """What each check of a run found, by name and partition, as the instance recorded it."""
    records = testx.instance.all_logs(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION)
    events = [record.dagster_event for record in records]
    told: list[Any] = [event.event_specific_data for event in events if event]
    return {(each.check_name, each.partition): each.passed for each in told}
