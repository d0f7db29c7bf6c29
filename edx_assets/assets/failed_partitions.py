"""Partitions that stay broken, from Dagster's own records of runs and materializations."""

from collections.abc import Iterable, Sequence

from dagster import AssetCheckKey, AssetsDefinition, DagsterInstance

from edx_assets.dagster_internals import AssetCheckExecutionRecordStatus, AssetPartitionStatus

Failed = dict[str, list[str]]
"""By partition, the assets (`edx/raw_log`) and checks that failed for it."""

NOTHING_FAILED = "none"


def failed_partitions(instance: DagsterInstance, assets: Iterable[AssetsDefinition]) -> Failed:
    """Partitions whose newest run failed and that have not been materialized since.

    Partitions that failed a blocking check in the loading step are included. Dagster caches the
    status of partitions for its UI and updates the cache here, so that only new events are read.
    """
    failed: Failed = {}
    for definition in assets:
        partitions = definition.partitions_def
        if partitions is None:
            continue
        keys = partitions.get_partition_keys(dynamic_partitions_store=instance)
        for asset in sorted(definition.keys):
            status = instance.get_status_by_partition(asset, keys, partitions) or {}
            for partition, state in status.items():
                if state == AssetPartitionStatus.FAILED:
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
