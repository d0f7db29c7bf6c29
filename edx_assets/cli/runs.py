"""Real runs of Dagster's that a command makes in its own process."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetSelection, DagsterInstance, Definitions

from edx_assets.dagster_internals import RANGE_END, RANGE_START

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The form of a run that prints nothing: what happens in it is in the instance."""


def materialize(
    definitions: Definitions,
    instance: DagsterInstance,
    selection: AssetSelection,
    partition: str | tuple[str, str] | None,
    forms: Mapping[str, Any] | None = None,
) -> None:
    """Execute a real run in the persistent instance, with the job that the UI uses for assets.

    Args:
        definitions: all definitions.
        instance: Dagster's instance, which records the run.
        selection: the assets.
        partition: their partition, or the first and last of a range.
        forms: by the name of an op, the fields of its form.

    Raises:
        Failure: the run failed.
    """
    tags = {}
    if isinstance(partition, tuple):
        tags = {
            RANGE_START: partition[0],
            RANGE_END: partition[1],
        }
    graph = definitions.get_repository_def().asset_graph
    ops = {name: {"config": dict(form)} for name, form in (forms or {}).items()}
    definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=sorted(selection.resolve(graph)),
        instance=instance,
        partition_key=partition if isinstance(partition, str) else None,
        tags=tags,
        run_config={**QUIET, "ops": ops},
    )
