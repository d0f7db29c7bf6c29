"""Trying an input: it has two seconds of the processor and 300 MB, and what goes wrong is noted."""

import json
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.measure import peak_memory
from edx_assets.errors import place
from edx_assets_tests.torture.inputs.reader import DoubledError, LostError

MOST_SECONDS = 2.0
"""Of the processor, not of the clock: the machine may have other work."""
MOST_MEMORY = 300 * 10**6
"""Bytes of the process, its libraries among them."""
CURRENT = "current"
"""The file that tells which case a process was at when it ended."""
_KEPT = 3  # inputs that are kept of each finding


class HangError(BaseException):
    """An input has had its time. It is no `Exception`, which a reader could take for its own."""


@dataclass
class Findings:
    """What came of the inputs: how many there were, how many ended wrong, and where."""

    inputs: int = 0
    crashes: int = 0
    lost: int = 0
    doubled: int = 0
    places: dict[str, int] = field(default_factory=dict)

    def add(self, other: dict[str, Any]) -> None:
        """Add what another process has found."""
        for name in ("inputs", "crashes", "lost", "doubled"):
            setattr(self, name, getattr(self, name) + other[name])
        for told, times in other["places"].items():
            self.places[told] = self.places.get(told, 0) + times

    def note(self, told: str) -> int:
        """Count a finding by what is told of it; how often it has been found."""
        self.places[told] = self.places.get(told, 0) + 1
        return self.places[told]


def limit() -> None:
    """Bound this process's memory and prepare the watch; readers have to be imported before."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGPROF, _stop)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise HangError


class Trial:
    """Tries inputs, and keeps those that end wrong in a folder."""

    def __init__(self, folder: Path) -> None:
        self.findings = Findings()
        self._folder = folder

    def try_input(self, reader: str, check: Callable[[bytes], None], content: bytes) -> bool:
        """Whether an input ends as it should."""
        found = self.findings
        found.inputs += 1
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        try:
            check(content)
        except (Exception, HangError) as error:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._note(reader, error, content)
            return False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        return True

    def _note(self, reader: str, error: BaseException, content: bytes) -> None:
        found = self.findings
        found.lost += isinstance(error, LostError)
        found.doubled += isinstance(error, DoubledError)
        found.crashes += not isinstance(error, LostError | DoubledError)
        frames = []
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            frames.append((code.co_filename, step.tb_lineno, code.co_name))
            step = step.tb_next
        told = f"{reader}: {place(type(error).__name__, frames)}"
        if isinstance(error, AssertionError) and str(error):
            told += f" ({error})"
        if (times := found.note(told)) <= _KEPT:
            number = f"{[*found.places].index(told)}-{times}"
            (self._folder / f"wrong-{reader.replace(' ', '-')}-{number}").write_bytes(content)

    def report(self) -> None:
        """Print what was found as JSON, and end the process without further ado."""
        if (peak := peak_memory()) > MOST_MEMORY:
            self.findings.crashes += 1
            self.findings.note(f"a process took {peak:,} bytes of memory")
        print(json.dumps(asdict(self.findings)))  # noqa: T201
        sys.stdout.flush()
