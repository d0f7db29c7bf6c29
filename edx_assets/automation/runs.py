"""Runs as sensors see them: in flight or not, their partitions, and which were requested before."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
"""Tag of runs over old days: `dagster.yaml` runs one of them at a time."""

Ask = Callable[[Collection[str]], dict[str, str]]
"""Of the run keys that are due, those to request now, each with the key to request it under."""

_IN_FLIGHT = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def runs_in_flight(instance: DagsterInstance) -> Sequence[DagsterRun]:
    """Every run that is queued, starting or running.

    Read them before the ledger: a run that ends in between is then seen in both, not in neither.
    """
    return instance.get_runs(RunsFilter(statuses=_IN_FLIGHT))


def runs_of(
    runs: Iterable[DagsterRun], prefix: str, names: Collection[str] = ()
) -> list[DagsterRun]:
    """The runs of assets whose keys begin with `prefix` and, if given, end with one of `names`.

    A run without an asset selection, like those of named jobs, counts as a run of any asset.
    """
    return [run for run in runs if _concerns(run, prefix, names)]


def partitions_of(runs: Iterable[DagsterRun]) -> set[str]:
    """The partitions of runs with one partition each; in a backfill these have a range of one."""
    tags = (PARTITION, RANGE_START, RANGE_END)
    return {run.tags[tag] for run in runs for tag in tags if tag in run.tags}


def told_partitions(tags: Mapping[str, str]) -> str:
    """What a run's tags say of its partitions: one, the first and last of a range, or nothing."""
    first, last = tags.get(RANGE_START), tags.get(RANGE_END)
    return f"{first}..{last}" if first else tags.get(PARTITION, "")


def days_of(runs: Iterable[DagsterRun]) -> set[date]:
    """The days of runs over a day or a range of days."""
    days: set[date] = set()
    for run in runs:
        alone = run.tags.get(PARTITION, "")
        try:
            day = date.fromisoformat(run.tags.get(RANGE_START, alone))
            last = date.fromisoformat(run.tags.get(RANGE_END, alone))
        except ValueError:  # a course
            continue
        days.update(day + timedelta(days=n) for n in range((last - day).days + 1))
    return days


def to_ask(
    instance: DagsterInstance, sensor: str, keys: Collection[str], night: str = ""
) -> dict[str, str]:
    """Of the run keys that are due, those to request now, each with the key to request it under.

    A sensor requests each key once, whatever becomes of the run. The nightly reconcile requests
    again what was requested before. New keys it leaves to the sensor, if that is on: both may tick
    at the same time.

    Args:
        instance: the Dagster instance.
        sensor: the name of the sensor that the keys belong to.
        keys: run keys of what is due.
        night: for the nightly reconcile, a suffix for the keys.
    """
    before = _asked_before(instance, keys)
    if not night:
        return {key: key for key in keys if key not in before}
    left = set(keys) - before if _is_on(instance, sensor) else set()
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


def _concerns(run: DagsterRun, prefix: str, names: Collection[str]) -> bool:
    return not run.asset_selection or any(
        key.path[0] == prefix and (not names or key.path[-1] in names)
        for key in run.asset_selection
    )
