"""The asset that removes what the storage need not keep, and tells what it removed.

What may be removed is decided in `loading.kept`.
"""

from time import time
from typing import Any

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, asset

from edx_assets.assets.stages import OWNERS, plain_failures, shown
from edx_assets.loading.kept.tidying import tidy
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage
from edx_assets.settings import load_settings

KEPT_FILES = AssetKey(["upkeep", "kept_files"])


@asset(key=KEPT_FILES, group_name="upkeep", owners=OWNERS, kinds={"file"}, code_version="1")
def kept_files(
    context: AssetExecutionContext, buckets: Buckets, storage: Storage, mongo: Mongo
) -> MaterializeResult[Any]:
    """The files in the storage, without those that are no longer needed and older than the settings
    keep (EDX_KEEP_RAW_DAYS, EDX_KEEP_DECRYPTED_DAYS, EDX_KEEP_PACKAGES), and without what killed
    runs left half written. Its metadata say what was removed.
    """
    with plain_failures(context):
        metadata = tidy(buckets, mongo.store(), storage, load_settings(), time())
    context.log.info(f"removed: {metadata['removed_files']} files")
    return MaterializeResult(metadata=shown(metadata))
