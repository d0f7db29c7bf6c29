"""The check of a course's tables: whether their columns are those of the schema, and as before."""

import warnings
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    MetadataValue,
    PreviewWarning,
    asset_check,
)

from edx_assets.assets.remedies import with_remedy
from edx_assets.assets.stages import plain_failures
from edx_assets.datasets.definition import Dataset
from edx_assets.edx.collections import Origin, catalogue
from edx_assets.loading.ledger import course_loads
from edx_assets.partitions import courses_partitions
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.store import Store

_MANY = 0.5
"""The share of a column's cells that cannot be read as its type: it then has another."""

_NAME = "columns_known"


def columns_known(store: Store, partition: str, known: dict[str, Dataset]) -> AssetCheckResult:
    """Whether the columns of a course's tables are those of the schema and of the package before.

    A column of the schema that the package lacks is told, and no failure: older packages lack what
    came later.
    """
    differences: dict[str, dict[str, Any]] = {}
    missing: dict[str, list[str]] = {}
    tables = 0
    for table, entry in course_loads(store, partition).items():
        load: dict[str, Any] = {**entry}
        tables += "columns" in load
        drift = dict(load.get("drift", {}))
        if lacking := drift.pop("missing", None):
            missing[table] = lacking
        found: dict[str, Any] = {**drift, **load.get("moved", {})}
        if other := _of_another_type(load):
            found["not of their type"] = other
        if found:
            needed = [name for name, each in known.items() if table in each.needs]
            differences[table] = found | ({"datasets": needed} if needed else {})
    told = "; ".join(
        f"{table}: {', '.join(f'{kind} {_names(names)}' for kind, names in found.items())}"
        for table, found in differences.items()
    )
    return AssetCheckResult(
        passed=not differences,
        severity=AssetCheckSeverity.WARN,
        description=told or f"{tables} tables have the columns that are known",
        metadata={
            "tables": tables,
            "differences": MetadataValue.json(differences),
            "missing": MetadataValue.json(missing),
        },
    )


def columns_checks(known: dict[str, Dataset]) -> list[AssetChecksDefinition]:
    """The check, in a list; `known`: every dataset by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)  # partitions of checks: Dagster 1.13

        @asset_check(
            asset=AssetKey(["course", "unknown_tables"]),
            name=_NAME,
            description=with_remedy(
                _NAME,
                "The columns of the course's tables are those of the schema, and those of the"
                " package before. A failure says for each table which columns are new to the"
                " schema or named twice, which were added, are gone or have another type since"
                " the package before, and which datasets are made from the table. Nothing is"
                " lost: new columns are loaded with inferred types. Look at those datasets, and"
                " report the columns, so that they are added to the schema. Columns that the"
                " package lacks are in the metadata.",
            ),
            additional_deps=[
                AssetKey(["course", each.name])
                for each in catalogue().values()
                if each.origin == Origin.TABLE
            ],
            partitions_def=courses_partitions,
        )
        def evaluate(context: AssetCheckExecutionContext, mongo: Mongo) -> AssetCheckResult:
            course = context.op_execution_context.partition_key
            with plain_failures():
                return columns_known(mongo.store(), course, known)

    return [evaluate]


def _of_another_type(load: dict[str, Any]) -> list[str]:
    cells, rows = load.get("untyped_cells", {}), load.get("rows", 0)
    return [name for name, number in cells.items() if rows and number >= _MANY * rows]


def _names(names: list[str]) -> str:
    return " ".join(names)
