"""Runs as sensors see them: in flight or not, over which partitions, and asked for before."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from edx_assets.dagster_internals import (
    PARTITION,
    RANGE_END,
    RANGE_START,
    RUN_KEY,
    InstigatorType,
)

HISTORY = "edx_assets/history"
"""Tag of runs over old days: `dagster.yaml` lets one of them run at a time."""

_IN_FLIGHT = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def runs_in_flight(instance: DagsterInstance) -> Sequence[DagsterRun]:
    """Every run that is queued, starting or running.

    To be read before the ledger: a run that ends in between is then seen in both, not in neither.
    """
    return instance.get_runs(RunsFilter(statuses=_IN_FLIGHT))


def runs_of(
    runs: Iterable[DagsterRun], prefix: str, names: Collection[str] = ()
) -> list[DagsterRun]:
    """Those of assets whose keys begin with `prefix`, and end with one of `names` where told.

    A run that does not say which assets it is of, as those of named jobs, counts as of any.
    """
    return [run for run in runs if _is_of(run, prefix, names)]


def partitions_of(runs: Iterable[DagsterRun]) -> set[str]:
    """Partitions that runs of one each are of; a backfill gives such a run a range of one."""
    tags = (PARTITION, RANGE_START, RANGE_END)
    return {run.tags[tag] for run in runs for tag in tags if tag in run.tags}


def days_of(runs: Iterable[DagsterRun]) -> set[date]:
    """Days that runs of a day or of a range of days are of."""
    days: set[date] = set()
    for run in runs:
        alone = run.tags.get(PARTITION, "")
        try:
            day = date.fromisoformat(run.tags.get(RANGE_START, alone))
            last = date.fromisoformat(run.tags.get(RANGE_END, alone))
        except ValueError:  # of a course
            continue
        days.update(day + timedelta(days=n) for n in range((last - day).days + 1))
    return days


def to_ask(
    instance: DagsterInstance, sensor: str, keys: Collection[str], night: str = ""
) -> dict[str, str]:
    """Of the run keys of what is due, those to ask for now, each with the key to ask under.

    A sensor asks under a key once, whatever becomes of the run. By night that is asked for anew
    which was asked for before; the rest is the sensor's, where it is on: they may tick at once.

    Args:
        sensor: the name of the sensor whose keys they are.
        night: put to the keys of the nightly reconcile.
    """
    before = _asked_before(instance, keys)
    if not night:
        return {key: key for key in keys if key not in before}
    left = set() if not _is_on(instance, sensor) else set(keys) - before
    return {key: f"{key}{night}" for key in keys if key not in left}


def _asked_before(instance: DagsterInstance, keys: Collection[str]) -> set[str]:
    if not keys:
        return set()
    runs = instance.get_runs(RunsFilter(tags={RUN_KEY: list(keys)}))
    return {run.tags[RUN_KEY] for run in runs}


def _is_on(instance: DagsterInstance, sensor: str) -> bool:
    return any(
        state.instigator_name == sensor and state.is_running
        for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    )


def _is_of(run: DagsterRun, prefix: str, names: Collection[str]) -> bool:
    return not run.asset_selection or any(
        key.path[0] == prefix and (not names or key.path[-1] in names)
        for key in run.asset_selection
    )
