"""The assets of a course's datasets: one for each `.sql` file, all made in one step.

What a dataset is, and how it is made, belongs in `datasets`.
"""

from collections.abc import Iterator
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    TableSchema,
    multi_asset,
)

from edx_assets.assets.column_schema import table_column
from edx_assets.assets.stages import (
    OWNERS,
    Rebuild,
    plain_failures,
    retried,
    show_failure,
    shown,
    summary,
)
from edx_assets.datasets.definition import EVENTS, PLACES, Dataset
from edx_assets.edx.collections import TRACKING
from edx_assets.errors import foreseen
from edx_assets.partitions import courses_partitions
from edx_assets.resources.geoip import GeoIp
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage


def dataset_assets(known: dict[str, Dataset]) -> AssetsDefinition:
    """The assets of datasets (by name, each after those that it needs) as one step.

    They share the course's events, which take most of the time.
    """

    @multi_asset(
        name="course_datasets",
        can_subset=True,
        partitions_def=courses_partitions,
        backfill_policy=BackfillPolicy.multi_run(1),
        specs=[_spec(each) for each in known.values()],
    )
    def make(
        context: AssetExecutionContext,
        config: Rebuild,
        storage: Storage,
        mongo: Mongo,
        geoip: GeoIp,
    ) -> Iterator[MaterializeResult[Any]]:
        # loaded here: DuckDB and Arrow take a fifth of a second, which every process would wait for
        from edx_assets.datasets.course import make_datasets

        chosen = {key.path[-1] for key in context.selected_asset_keys}
        wanted = [each for name, each in known.items() if name in chosen]
        failures: list[Exception] = []
        with plain_failures(context):
            made = make_datasets(
                mongo.store(), storage, context.partition_key, wanted, known, config.forced, geoip
            )
            for name, outcome in made:
                key = AssetKey(["course", name])
                if isinstance(outcome, Exception):
                    failures.append(foreseen(outcome))
                    show_failure(context, [key], context.partition_key, str(failures[-1]))
                else:
                    yield MaterializeResult(asset_key=key, metadata=shown(outcome))
        if failures:
            raise retried(context, summary(failures, len(wanted), "datasets"))

    return make


def dataset_keys(known: dict[str, Dataset]) -> list[AssetKey]:
    """The keys of the assets of datasets."""
    return [AssetKey(["course", name]) for name in known]


def _spec(dataset: Dataset) -> AssetSpec:
    columns = [
        table_column(column.name, column.type, column.meaning, column.personal)
        for column in dataset.columns
    ]
    return AssetSpec(
        ["course", dataset.name],
        deps=[
            AssetKey(["course", TRACKING if n == EVENTS else n])
            for n in dataset.needs
            if n != PLACES
        ],
        description=f"{dataset.purpose}\n\n{dataset.grain}\n\n*Source*: {dataset.source}",
        group_name="per_course_datasets",
        owners=OWNERS,
        kinds={"duckdb", "mongodb"},
        code_version=dataset.digest,
        metadata={"dagster/column_schema": TableSchema(columns=columns)},
        skippable=True,
    )
