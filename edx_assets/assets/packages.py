"""The assets of database packages: list them, download each, sort each by course.

What the stages do belongs in `loading.packages`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypedDict

from dagster import AssetExecutionContext, BackfillPolicy, MaterializeResult, asset

from edx_assets.assets.stages import (
    OWNERS,
    Rebuild,
    plain_failures,
    reveal_courses,
    shown,
)
from edx_assets.loading.packages.course_files import sort_package
from edx_assets.loading.packages.database_package import fetch_package
from edx_assets.partitions import packages_partitions
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage


class _Common(TypedDict):
    key_prefix: str
    group_name: str
    owners: Sequence[str]


_COMMON: _Common = {
    "key_prefix": "packages",
    "group_name": "packages",
    "owners": OWNERS,
}
_ONE_AT_A_TIME = BackfillPolicy.multi_run(1)


@asset(**_COMMON, kinds={"s3"}, code_version="1")
def delivered(context: AssetExecutionContext, buckets: Buckets) -> MaterializeResult[Any]:
    """The database packages on S3. Their dates become partitions of the other two assets."""
    with plain_failures(context):
        found = buckets.packages()
    known = set(context.instance.get_dynamic_partitions(str(packages_partitions.name)))
    new = sorted({str(day) for day in found} - known)
    if new:
        context.instance.add_dynamic_partitions(str(packages_partitions.name), new)
    return MaterializeResult(
        metadata={
            "packages": len(found),
            "new": len(new),
            "newest": str(max(found)) if found else "none",
            "bytes": sum(item.size for item in found.values()),
        }
    )


@asset(
    **_COMMON,
    kinds={"s3", "file"},
    code_version="1",
    deps=[delivered],
    partitions_def=packages_partitions,
    backfill_policy=_ONE_AT_A_TIME,
)
def database_package(
    context: AssetExecutionContext, config: Rebuild, buckets: Buckets, storage: Storage
) -> MaterializeResult[Any]:
    """The package of a delivery date (a zip of encrypted files), downloaded from S3 and checked."""
    day = date.fromisoformat(context.partition_key)
    with plain_failures(context):
        return MaterializeResult(
            metadata=shown(fetch_package(buckets, storage, day, config.forced))
        )


@asset(
    **_COMMON,
    kinds={"gnupg", "file"},
    code_version="1",
    deps=[database_package],
    partitions_def=packages_partitions,
    backfill_policy=_ONE_AT_A_TIME,
)
def course_files(
    context: AssetExecutionContext,
    config: Rebuild,
    gnupg: Gnupg,
    storage: Storage,
    mongo: Mongo,
) -> MaterializeResult[Any]:
    """A package's members, sorted by course. Each course becomes a partition."""
    day = date.fromisoformat(context.partition_key)
    with plain_failures(context):
        store = mongo.store()
        try:
            metadata = sort_package(store, storage, gnupg, day, config.forced)
        finally:
            reveal_courses(context, store)
    if refused := metadata.get("refused_members"):
        context.log.warning(f"{day}: members that cannot be used:\n{refused}")
    return MaterializeResult(metadata=shown(metadata))
