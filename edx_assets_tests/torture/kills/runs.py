"""Runs in processes of their own, forked from a program that has imported everything."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast


@dataclass(frozen=True)
class Work:
    """What a run materializes.

    `partition` is one, or `days` the first and the last; `ops` configures steps.
    """

    assets: tuple[str, ...]
    partition: str | None = None
    days: tuple[str, str] | None = None
    ops: dict[str, Any] = field(default_factory=dict)


class Runs:
    """A forkserver to whom runs are given, one after the other."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self.log = log

    def begin(self, work: Work, home: Path, patience: float) -> int:
        """Begin a run; its process id, which is that of its process group as well.

        Args:
            work: what to materialize.
            home: the folder of its Dagster instance.
            patience: seconds after which it takes the holder of a lock for dead.
        """
        asked = {
            "assets": work.assets,
            "partition": work.partition,
            "days": work.days,
            "ops": work.ops,
            "home": str(home),
            "log": str(self.log),
            "patience": patience,
        }
        given = cast(IO[bytes], self._process.stdin)
        given.write(json.dumps(asked).encode() + b"\n")
        given.flush()
        return self._told("pid")

    def end(self) -> int:
        """Wait for the run's end; its exit code, or less than 0: the signal."""
        return self._told("code")

    def _told(self, what: str) -> int:
        line = cast(IO[bytes], self._process.stdout).readline()
        if not line:
            raise RuntimeError(f"the forkserver has ended:\n{self.log.read_text()[-3000:]}")
        return int(json.loads(line)[what])


@contextmanager
def forkserver(log: Path) -> Iterator[Runs]:
    """Start a forkserver, with the settings in this process's environment."""
    command = [sys.executable, "-m", "edx_assets_tests.torture.kills.forkserver"]
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        ) as process,
    ):
        runs = Runs(process, log)
        try:
            if (threads := runs._told("ready")) > 1:
                raise RuntimeError(f"the forkserver has {threads} threads: forks would be unsound")
            yield runs
        finally:
            cast(IO[bytes], process.stdin).close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def kill(pid: int) -> None:
    """SIGKILL to a run's whole process group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def gpg_of(pid: int) -> int | None:
    """The process id of the gpg that a run has just started, if it runs."""
    with suppress(OSError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                if (Path("/proc") / child / "comm").read_text().strip() == "gpg":
                    return int(child)
    return None
