"""What has failed and stays so: why, and the command that mends it."""

import shlex
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dagster import AssetsDefinition, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from edx_assets.assets.failed_partitions import failed_partitions
from edx_assets.automation.runs import days_of, partitions_of, runs_of
from edx_assets.cli.launching import causes_of
from edx_assets.edx.file_names import SITES

_RUNS = 100
"""Failed runs in which a cause is looked for, newest first."""


@dataclass(frozen=True)
class Broken:
    """Partitions that failed for one reason, and the command that mends them."""

    what: str
    cause: str
    command: str


def broken(
    instance: DagsterInstance, assets: Iterable[AssetsDefinition], done: Container[tuple[str, str]]
) -> list[Broken]:
    """What has failed and has not succeeded since, consecutive days with one cause as one.

    `done` are the sites (or `course`) and partitions that are loaded and not due, though their last
    run failed: only a rebuild has something to do there.
    """
    failed: dict[str, dict[str, bool]] = {}
    for definition in assets:
        prefix = min(definition.keys).path[0]
        for partition, names in failed_partitions(instance, [definition]).items():
            checks = all(name.startswith("check ") for name in names)
            of_prefix = failed.setdefault(prefix, {})
            of_prefix[partition] = of_prefix.get(partition, True) and checks
    if not failed:
        return []
    runs = instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.FAILURE]), limit=_RUNS)
    causes: dict[str, list[str]] = {}
    found = []
    for prefix, partitions in sorted(failed.items()):
        of_prefix_runs = runs_of(runs, prefix)
        told = {
            partition: _cause(instance, of_prefix_runs, partition, causes)
            for partition in sorted(partitions)
        }
        if prefix == "course":
            found += [
                Broken(f"course {each}", why, f"edx-assets {verb} {shlex.quote(each)}")
                for each, why in told.items()
                for verb in ["rebuild" if (prefix, each) in done else "refresh"]
            ]
            continue
        site = f"--site {prefix}" if prefix in SITES else "--packages"
        kind = prefix if prefix in SITES else "package"
        for first, last in _spans(told):
            days = f"{first}..{last}" if last != first else first
            # where only a check failed, it is loaded as well
            again = " --rebuild" if partitions[first] or (prefix, first) in done else ""
            command = f"edx-assets load {site} --from {first} --to {last}{again}"
            found.append(Broken(f"{kind} {days}", told[first], command))
    return found


def _cause(
    instance: DagsterInstance, runs: list[DagsterRun], partition: str, known: dict[str, list[str]]
) -> str:
    """Why the newest failed run of a partition failed, in a line: that on the partition, if any."""
    for run in runs:
        days = {str(day) for day in days_of([run])}
        if partition not in days | partitions_of([run]):
            continue
        if run.run_id not in known:
            known[run.run_id] = [
                line.strip()
                for cause in causes_of(instance, run)
                for line in cause.splitlines()
                if line.strip()
            ]
        lines = known[run.run_id]
        about = [line for line in lines if partition in line] or (lines if len(days) < 2 else [])
        if about:
            return about[0]
        return f"see the run {run.run_id}"
    return "its failed run is not among the newest: the command says why it fails"


def _spans(told: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The first and last of consecutive days that have one cause."""
    first = last = ""
    for day, cause in told.items():
        if last and _next(last) == day and told[last] == cause:
            last = day
            continue
        if last:
            yield first, last
        first = last = day
    if last:
        yield first, last


def _next(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))
