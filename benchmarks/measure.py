"""Measuring: time, processor and memory of a piece of work, in a process of its own.

Only so is a peak of memory that of the work, and no run warmed by the one before. Machines drift
(other users, heat, clocks): what is compared is run in turns, and the median of the pairs told.
"""

import multiprocessing
import resource
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any


@dataclass
class Measure:
    """What a piece of work did and took.

    `events` and `size` (bytes of lines, unpacked) are what it worked off; `wall` and `cpu` seconds,
    the latter of its process with all threads; `peak` bytes, the process's highest resident
    memory, interpreter and libraries included.
    """

    events: int = 0
    size: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.wall

    @property
    def core_rate(self) -> float:
        """Events a second of processor: of one core, whatever else the machine does."""
        return self.events / self.cpu

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take the time of what is inside; of several, the sum."""
        wall, cpu = perf_counter(), process_time()
        yield
        self.wall += perf_counter() - wall
        self.cpu += process_time() - cpu


Work = Callable[..., Measure]
Task = tuple[Any, ...]
"""A function of a module, which gives a `Measure`, and its arguments."""


def apart(work: Work, *arguments: Any) -> Measure:
    """Run a function of a module in a fresh process, and measure the process's peak memory.

    Raises:
        RuntimeError: it failed; its error is on standard error.
    """
    return together([(work, *arguments)])[0]


def together(tasks: list[Task]) -> list[Measure]:
    """Run several, each in a fresh process, at the same time.

    The clocks start when all processes are up.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(tasks))
    running = []
    for work, *arguments in tasks:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(theirs, barrier, work, arguments))
        process.start()
        theirs.close()
        running.append((process, ours, work))
    measures = []
    for process, ours, work in running:
        try:
            measures.append(ours.recv())
        except EOFError:
            raise RuntimeError(f"{work.__module__}.{work.__name__} failed") from None
        finally:
            process.join()
    return measures


def _run(pipe: Any, barrier: Any, work: Work, arguments: list[Any]) -> None:
    barrier.wait()
    measure = work(*arguments)
    measure.peak = peak_memory()
    pipe.send(measure)


def peak_memory() -> int:
    """This process's highest resident memory, bytes.

    Linux's ru_maxrss begins with that of the process which started this one; VmHWM does not.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def in_turns(repeats: int, tasks: dict[str, Task]) -> dict[str, list[Measure]]:
    """Each task as often as told, in turns: a b c, c b a, ..., for none to be always the first."""
    measures: dict[str, list[Measure]] = {name: [] for name in tasks}
    order = list(tasks)
    for _ in range(repeats):
        for name in order:
            work, *arguments = tasks[name]
            measures[name].append(apart(work, *arguments))
        order.reverse()
    return measures


def ratio(ours: list[Measure], others: list[Measure], by: str = "rate") -> float:
    """How many times the others' rate ours is: the median over the turns."""
    pairs = zip(ours, others, strict=True)
    return float(statistics.median(getattr(a, by) / getattr(b, by) for a, b in pairs))


def spread(ours: list[Measure], others: list[Measure], by: str = "rate") -> str:
    """The turns' ratios from the smallest to the largest: far apart, they tell of other users."""
    pairs = [getattr(a, by) / getattr(b, by) for a, b in zip(ours, others, strict=True)]
    return f"turns from {min(pairs):.2f} to {max(pairs):.2f}"


def median(measures: list[Measure], name: str) -> float:
    """The median of a figure (`rate`, `cpu`, `peak`, ...)."""
    return float(statistics.median(getattr(measure, name) for measure in measures))
