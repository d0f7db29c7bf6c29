"""The bench on which runs are killed: servers, an institution, and each scenario undisturbed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import pytest
from dagster import DagsterInstance

from edx_assets.partitions import courses_partitions, packages_partitions
from edx_assets_tests.institution import gpg_key, institution, s3_server
from edx_assets_tests.soak.comparison import Databases, databases
from edx_assets_tests.torture.kills.killable import KillableStore, killable_store
from edx_assets_tests.torture.kills.runs import Runs, Work, forkserver
from edx_assets_tests.torture.kills.scenarios import FIRST_RUNS, SCENARIOS, Scenario, deliver
from edx_assets_tests.torture.kills.state import State, keep, put_back

PATIENCE = 1.0
"""Seconds after which a run takes the holder of a lock for dead, in place of half a minute: what
held it is dead, and hundreds of half minutes would be waited for."""


_INSTANCE = """\
telemetry: {enabled: false}
compute_logs:  # a process of its own for each step would be half of what a run costs
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


@dataclass(frozen=True)
class Undisturbed:
    """A scenario without a kill.

    Attributes:
        scenario: which.
        before: the state from which it begins.
        after: the state in which it ends.
        truth: what the store then has, without moments.
        files: what the storage then has, by path.
        partitions: Dagster's dynamic partitions then.
        writes: the commands that it writes with.
        seconds: how long it took.
    """

    scenario: Scenario
    before: State
    after: State
    truth: Databases
    files: dict[str, bytes]
    partitions: dict[str, list[str]]
    writes: list[str]
    seconds: float


@dataclass
class Bench:
    """What runs are given to, and what they change: the store, the storage, Dagster's folder."""

    store: KillableStore
    runs: Runs
    folder: Path

    @property
    def folders(self) -> dict[str, Path]:
        """The folders that belong to a state."""
        return {"files": self.folder / "files", "dagster": self.folder / "dagster"}

    def begin(self, work: Work) -> int:
        """Begin a run; its process id."""
        return self.runs.begin(work, self.folders["dagster"], PATIENCE)

    def run(self, work: Work) -> int:
        """A run from its beginning to its end; its exit code."""
        self.begin(work)
        return self.runs.end()

    def keep(self, name: str) -> State:
        """Keep the state."""
        return keep(self.store.uri, self.folders, self.folder / "kept" / name)

    def put_back(self, state: State) -> None:
        """Go back to a state."""
        put_back(state, self.store.uri, self.folders)

    def files(self) -> dict[str, bytes]:
        """The storage's files by path; of a folder without any its name."""
        root = self.folders["files"]
        return {
            str(path.relative_to(root)): path.read_bytes() if path.is_file() else b""
            for path in sorted(root.rglob("*"))
            if path.is_file() or not any(path.iterdir())
        }

    def partitions(self) -> dict[str, list[str]]:
        """Dagster's dynamic partitions, by definition."""
        names = (str(courses_partitions.name), str(packages_partitions.name))
        with DagsterInstance.from_config(str(self.folders["dagster"])) as instance:
            return {name: sorted(instance.get_dynamic_partitions(name)) for name in names}


@contextmanager
def bench(folder: Path) -> Iterator[tuple[Bench, list[Undisturbed]]]:
    """Build everything below an empty folder, and take every scenario to its end once.

    Raises:
        RuntimeError: a run failed though nothing was killed.
    """
    with (
        pytest.MonkeyPatch.context() as patch,
        gpg_key() as key,
        killable_store(folder / "mongo") as store,
        s3_server(folder / "s3") as endpoint,
        institution(folder, endpoint, store.proxied, patch, key) as testx,
    ):
        patch.chdir(folder)  # where no `.env` is
        patch.setenv("TMPDIR", str(folder / "tmp"))
        for name in ("tmp", "dagster", "files"):
            (folder / name).mkdir(mode=0o700)
        (folder / "dagster" / "dagster.yaml").write_text(_INSTANCE)
        anew = deliver(replace(testx, instance=testx.instance))
        with forkserver(folder / "log") as runs:
            made = Bench(store, runs, folder)
            for work in FIRST_RUNS:
                _whole(made, work)
            first = made.keep("first")
            anew()
            yield made, _undisturbed(made, first)


def _undisturbed(made: Bench, first: State) -> list[Undisturbed]:
    ends = {"": first}
    found = []
    for scenario in SCENARIOS:
        made.put_back(ends[scenario.after])
        made.store.proxy.arm()
        started = monotonic()
        _whole(made, scenario.work)
        seconds = monotonic() - started
        writes = [*made.store.proxy.writes]
        ends[scenario.name] = made.keep(scenario.name)
        found.append(
            Undisturbed(
                scenario,
                ends[scenario.after],
                ends[scenario.name],
                databases(made.store.uri),
                made.files(),
                made.partitions(),
                writes,
                seconds,
            )
        )
    return found


def _whole(made: Bench, work: Work) -> None:
    if code := made.run(work):
        told = made.runs.log.read_text()[-3000:]
        raise RuntimeError(f"{work} ended with {code} though nothing was killed:\n{told}")


def clear(folder: Path) -> None:
    """Remove what a bench has left, whatever its modes."""
    for root, folders, _names in os.walk(folder):
        for name in folders:
            (Path(root) / name).chmod(0o700)
    shutil.rmtree(folder)
