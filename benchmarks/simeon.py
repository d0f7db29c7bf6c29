"""simeon's `split` on the same file, from PyPI, in an environment of its own."""

import os
import resource
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path
from time import perf_counter

from benchmarks.generator import write_log
from benchmarks.measure import Measure, in_turns, median, ratio, spread
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.transform import ours

VERSION = "0.0.26"
TARGET = 20
STAGE = "simeon split"
_REPEATS = 2  # it is slow, and what it is held against is not close
_PATIENCE = 600  # seconds


def install(folder: Path) -> Path:
    """The program, installed below `folder` where it is not yet.

    Raises:
        subprocess.CalledProcessError, OSError: it cannot be installed.
    """
    program = folder / "bin" / "simeon"
    if not program.is_file():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        command = [*pip, "--disable-pip-version-check", f"simeon=={VERSION}"]
        without = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}  # pip would look there
        subprocess.run(command, check=True, timeout=_PATIENCE, env=without)
    return program.resolve()


def split(program: Path, log: Path, events: int) -> Measure:
    """Split a log into its courses' files: parsed, its course told, gzipped again.

    The program's own start is taken off, as told by its `--help`.
    """
    start = _run([str(program), "split", "--help"])
    with tempfile.TemporaryDirectory() as target:
        options = ["--file-type", "log", "--no-courses", "--fail-fast", "--destination", target]
        measure = _run([str(program), "split", *options, str(log)])
        if not any(Path(target).rglob("*.json.gz")):
            raise RuntimeError("simeon split left no file behind")
    measure.wall -= start.wall
    measure.cpu -= start.cpu
    measure.events = events
    return measure


def _run(command: list[str]) -> Measure:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)
    wall = perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measure(wall=wall, cpu=cpu, told={"peak": after.ru_maxrss * 1024})


def rows(plan: Plan) -> list[Row]:
    """Our transform against simeon's, on one file."""
    figure = "our transform, of simeon's"
    try:
        program = install(plan.build / "simeon-venv")
    except (subprocess.SubprocessError, OSError) as error:
        reason = f"simeon {VERSION} could not be installed: {type(error).__name__}"
        return [Row(STAGE, figure, None, "times", TARGET, note=reason)]
    events = min(plan.events, 40_000)
    made = write_log(plan.work / f"real-{events}.log.gz", events)
    log = plan.work / "benchx-edx-events-2014-02-03.log.gz"  # it goes by the file's name
    shutil.copy(made, log)
    try:
        tasks = {"simeon": (split, program, log, events), "ours": (ours, log)}
        found = in_turns(_REPEATS, tasks)
    except RuntimeError:
        reason = f"simeon {VERSION} is installed and failed"
        return [Row(STAGE, figure, None, "times", TARGET, note=reason)]
    theirs = found["simeon"]
    by = "core_rate"
    of_theirs = ratio(found["ours"], theirs, by)
    peak = max(measure.told["peak"] for measure in theirs) / 1e6
    return [
        Row(STAGE, f"rate, {events:,} events", median(theirs, by), "events/s"),
        Row(STAGE, "processor time", median(theirs, "cpu"), "CPU s"),
        Row(STAGE, "peak memory", peak, "MB"),
        Row(STAGE, figure, of_theirs, "times", TARGET, note=spread(found["ours"], theirs, by)),
    ]
