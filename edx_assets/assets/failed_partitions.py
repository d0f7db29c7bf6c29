"""Partitions that stay broken, from Dagster's own records of runs and materializations."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    PartitionsDefinition,
    partition_loading_context,
)

from edx_assets.dagster_internals import (
    AssetCheckExecutionRecordStatus,
    AssetRecord,
    CachedPartitions,
    LoadingContext,
    cached_status,
)

Failed = dict[str, list[str]]
"""By partition, the assets (`edx/raw_log`) and checks that failed for it."""

NOTHING_FAILED = "none"


def failed_partitions(instance: DagsterInstance, assets: Iterable[AssetsDefinition]) -> Failed:
    """Partitions whose newest run failed and that have not been materialized since.

    Partitions that failed a blocking check in the loading step are included. Dagster caches the
    status of partitions for its UI and updates the cache here, so that only new events are read.
    What it knows of the assets is read in one query, and the dynamic partitions once: its own
    `get_status_by_partition` does so for each asset, and looks at every partition.
    """
    failed: Failed = {}
    partitioned = [each for each in assets if each.partitions_def]
    context = LoadingContext(instance)
    AssetRecord.blocking_get_many(context, [key for each in partitioned for key in each.keys])
    with partition_loading_context(dynamic_partitions_store=CachedPartitions(instance)):
        for definition in partitioned:
            for asset in sorted(definition.keys):
                for partition in _failed_runs(context, asset, definition.partitions_def):
                    failed.setdefault(partition, []).append(asset.to_user_string())
            blocking = [check.key for check in definition.check_specs if check.blocking]
            for partition, check in _failed_checks(instance, blocking):
                failed.setdefault(partition, []).append(f"check {check}")
    return dict(sorted(failed.items()))


def as_markdown(failed: Failed, most: int = 50) -> str:
    """Failed partitions as Markdown: one line for each, with what failed."""
    if not failed:
        return NOTHING_FAILED
    lines = [
        f"- `{partition}`: {', '.join(names[:4])}"
        + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        for partition, names in failed.items()
    ]
    more = [f"- and {len(lines) - most} more partitions"] if len(lines) > most else []
    return "\n".join(lines[:most] + more)


def _failed_runs(
    context: LoadingContext, asset: AssetKey, partitions: PartitionsDefinition[Any] | None
) -> Iterator[str]:
    """The partitions of an asset whose newest run failed, by Dagster's cache of their status."""
    status = cached_status(context.instance, asset, partitions, loading_context=context)
    if status is None or partitions is None:
        return
    busy = status.deserialize_in_progress_partition_subsets(partitions)
    for partition in status.deserialize_failed_partition_subsets(partitions).get_partition_keys():
        if partition not in busy and partitions.has_partition_key(partition):
            yield partition


def _failed_checks(
    instance: DagsterInstance, checks: Sequence[AssetCheckKey]
) -> list[tuple[str, str]]:
    if not checks:
        return []
    return [
        (info.partition_key, info.check_key.name)
        for info in instance.event_log_storage.get_asset_check_partition_info(checks)
        if info.partition_key is not None
        and info.latest_execution_status == AssetCheckExecutionRecordStatus.FAILED
    ]
