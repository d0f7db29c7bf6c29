"""The asset of the file of all courses. What is in it belongs in `exports.warehouse`."""

from typing import Any

from dagster import (
    AllPartitionMapping,
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    asset,
)

from edx_assets.assets.datasets import dataset_keys
from edx_assets.assets.stages import OWNERS, plain_failures, shown
from edx_assets.datasets.definition import Dataset
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage

WAREHOUSE = AssetKey(["all_courses", "warehouse"])


def warehouse(known: dict[str, Dataset]) -> AssetsDefinition:
    """The asset for datasets by name."""

    @asset(
        key=WAREHOUSE,
        group_name="warehouse",
        owners=OWNERS,
        kinds={"duckdb"},
        code_version="1",
        deps=[
            AssetDep(key, partition_mapping=AllPartitionMapping()) for key in dataset_keys(known)
        ],
        description="A DuckDB file with a view for each dataset over all courses, in the storage:"
        " `datasets/all_courses.duckdb`.",
    )
    def make(
        context: AssetExecutionContext, storage: Storage, mongo: Mongo
    ) -> MaterializeResult[Any]:
        # loaded here: DuckDB and Arrow take a fifth of a second, which every process would wait for
        from edx_assets.exports.warehouse import make_warehouse

        with plain_failures(context):
            metadata = make_warehouse(mongo.store(), storage, known)
        return MaterializeResult(metadata=shown(metadata))

    return make
