"""All names used from Dagster that are not public, so that an upgrade has one place to check.

None has changed throughout 1.13; pyproject pins Dagster to that minor version.
"""

from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.instance.types import (
    CachingDynamicPartitionsLoader as CachedPartitions,
)
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.loader import (
    LoadingContextForTest as LoadingContext,  # the plain one: others belong to the web server
)
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
)
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.partition_status_cache import (
    AssetPartitionStatus,
)
from dagster._core.storage.partition_status_cache import (
    get_and_update_asset_status_cache_value as cached_status,
)
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG as RANGE_END,
)
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_START_TAG as RANGE_START,
)
from dagster._core.storage.tags import (
    PARTITION_NAME_TAG as PARTITION,
)
from dagster._core.storage.tags import (
    PRIORITY_TAG as PRIORITY,
)
from dagster._core.storage.tags import (
    RUN_KEY_TAG as RUN_KEY,
)
from dagster_shared.error import SerializableErrorInfo

EVERY_ASSET = "__ASSET_JOB"
"""The job of all assets, which Dagster creates itself; a request selects its assets from it."""

__all__ = [
    "EVERY_ASSET",
    "PARTITION",
    "PRIORITY",
    "RANGE_END",
    "RANGE_START",
    "RUN_KEY",
    "AssetCheckExecutionRecordStatus",
    "AssetPartitionStatus",
    "AssetRecord",
    "CachedPartitions",
    "CheckRunHealthResult",
    "InstigatorState",
    "InstigatorStatus",
    "InstigatorType",
    "LoadingContext",
    "RegisteredCodeLocationOrigin",
    "RemoteInstigatorOrigin",
    "RemoteRepositoryOrigin",
    "SerializableErrorInfo",
    "UnresolvedAssetJobDefinition",
    "WorkerStatus",
    "cached_status",
]
