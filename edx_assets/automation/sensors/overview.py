"""The sensor of the overview: made anew when a run has failed, and when what failed is mended.

Each morning's is in `daily_overview`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)

from edx_assets.assets.failed_partitions import NOTHING_FAILED
from edx_assets.assets.overview import OVERVIEW
from edx_assets.automation.runs import runs_in_flight
from edx_assets.automation.ticks import default_status, plain_ticks
from edx_assets.settings import Settings

_INTERVAL_SECONDS = 60  # of a hundred failures, one overview tells
_JOB = "make_the_overview"


def overview_sensor(settings: Settings) -> SensorDefinition:
    """The sensor."""

    @sensor(
        name="overview_sensor",
        job_name=_JOB,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=default_status(settings),
        description="Requests the overview when a run has failed since it was made, or when it"
        " shows broken partitions and a run has succeeded.",
    )
    def failures(context: SensorEvaluationContext) -> SensorResult:
        with plain_ticks(settings):
            requests = overview_to_ask(context.instance)
        told = None if requests else "no run has failed since it was made, or it is being made"
        return SensorResult(run_requests=requests, skip_reason=told)

    return failures


def overview_to_ask(instance: DagsterInstance) -> list[RunRequest]:
    """The run that makes the overview, if it does not tell what has failed or been mended.

    Each run is a reason once: an overview that itself fails is not asked for again and again.
    """
    if any(run.job_name == _JOB for run in runs_in_flight(instance)):
        return []
    event = instance.get_latest_materialization_event(OVERVIEW)
    made = event.asset_materialization if event else None
    statuses = [DagsterRunStatus.FAILURE]
    if made and made.metadata["failed_partitions"].value != NOTHING_FAILED:
        statuses.append(DagsterRunStatus.SUCCESS)
    since = datetime.fromtimestamp(event.timestamp, UTC) if event else None
    newest = _newest(instance, statuses, since)
    return [RunRequest(run_key=f"overview:{newest}")] if newest else []


def _newest(
    instance: DagsterInstance, statuses: Sequence[DagsterRunStatus], since: datetime | None
) -> str | None:
    """The newest run that ended so since then, but for the overview's own."""
    ended = RunsFilter(statuses=list(statuses), updated_after=since)
    for run in instance.get_runs(ended, limit=20):
        if run.job_name != _JOB and OVERVIEW not in (run.asset_selection or ()):
            return run.run_id
    return None
