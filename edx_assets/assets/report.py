"""The asset of a course's report. How a report is made belongs in `reports`."""

from collections.abc import Iterable
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    MetadataValue,
    asset,
)

from edx_assets.assets.stages import OWNERS, Rebuild, plain_failures, shown
from edx_assets.datasets.definition import Dataset
from edx_assets.partitions import courses_partitions
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage

REPORT = AssetKey(["course", "report"])


def report(known: dict[str, Dataset], read: Iterable[str]) -> AssetsDefinition:
    """The asset; `known`: every dataset by name, `read`: those that reports are made from."""

    @asset(
        key=REPORT,
        partitions_def=courses_partitions,
        backfill_policy=BackfillPolicy.multi_run(1),
        deps=[AssetKey(["course", name]) for name in read],
        description="A page about the course for people, with charts: one HTML file in the storage"
        " (`reports/<database>.html`), which works without a network and shows no small group.",
        group_name="per_course_datasets",
        owners=OWNERS,
        kinds={"html", "duckdb"},
        code_version="1",
    )
    def make(
        context: AssetExecutionContext, config: Rebuild, storage: Storage, mongo: Mongo
    ) -> MaterializeResult[Any]:
        # loaded here, as for the datasets: DuckDB and Altair take half a second
        from edx_assets.reports.course import make_report

        with plain_failures(context):
            metadata = make_report(
                mongo.store(), storage, context.partition_key, known, config.forced
            )
        file = MetadataValue.path(metadata["file"])
        return MaterializeResult(metadata=shown(metadata) | {"file": file})

    return make
