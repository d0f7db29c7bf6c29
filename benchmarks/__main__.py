"""`python -m benchmarks`: run the suite, print its table, write `bench.json` and `bench.md`."""

import argparse
import importlib
import os
import platform
import shutil
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from benchmarks.plan import Plan
from benchmarks.report import Row, show, write
from benchmarks.servers import databases, scratch_store
from edx_assets.resources.mongo import connect

STAGES = (
    "transform",
    "simeon",
    "tables",
    "directory",
    "load",
    "ceiling",
    "retired",
    "ways",
    "memory",
    "by_hand",
    "extraction",
    "lock",
    "growth",
    "decade",
    "datasets",
    "backfill",
)

_OPTIONS: dict[str, dict[str, Any]] = {
    "--events": {
        "type": int,
        "default": 40_000,
        "help": "length of the logs; those that go into a store are shorter, where it is the slow"
        " embedded one (default %(default)s)",
    },
    "--repeats": {"type": int, "default": 3, "help": "turns of what is compared"},
    "--mongo": {
        "metavar": "URI",
        "default": os.environ.get("EDX_BENCH_MONGO_URI"),
        "help": "an empty MongoDB, in place of the embedded store; where its URI is secret, set"
        " EDX_BENCH_MONGO_URI",
    },
    "--only": {"metavar": "STAGES", "help": f"of {', '.join(STAGES)}, with commas between"},
    "--growth": {
        "default": "10000,40000,80000",
        "metavar": "SIZES",
        "help": "of the master collection, with commas between (default %(default)s)",
    },
    "--growth-day": {"type": int, "default": 1_500, "help": "events of a day there"},
    "--backfill-days": {"type": int, "default": 30, "help": "the middle one is a bad one"},
    "--backfill-events": {"type": int, "default": 2_000, "help": "of a day there"},
    "--course-events": {
        "type": int,
        "default": 5_000_000,
        "help": "of the course whose datasets are made (default %(default)s)",
    },
    "--decade": {
        "default": "3650,500,520",
        "metavar": "SIZES",
        "help": "of its ledger: days, courses and packages (default %(default)s)",
    },
    "--lock-turns": {"type": int, "default": 60, "help": "of each writer"},
    "--build": {"type": Path, "default": Path("build"), "help": "where the reports go"},
}


def main() -> int:
    """Run what was asked for; 1 where a stage failed, else 0, targets met or not."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    names, plan = _asked()
    if plan.mongo and (others := databases(plan.mongo)):
        console.print(f"The server has {len(others)} databases: the suite drops all that it finds.")
        return 2
    about = _about(plan)
    rows: list[Row] = []
    failed = False
    for name in names:
        began = monotonic()
        with console.status(name):
            try:
                rows += importlib.import_module(f"benchmarks.{name}").rows(plan)
            except Exception as error:
                traceback.print_exc()
                failed = True
                rows.append(Row(name, "failed", None, "", note=type(error).__name__))
        console.print(f"{name}: {monotonic() - began:.0f} s", highlight=False)
        write(rows, about, plan.build)
    show(rows, about, console)
    shutil.rmtree(plan.work, ignore_errors=True)
    return int(failed)


def _asked() -> tuple[list[str], Plan]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    for name, options in _OPTIONS.items():
        parser.add_argument(name, **options)
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else list(STAGES)
    if unknown := sorted(set(names) - set(STAGES)):
        parser.error(f"no stage {', '.join(unknown)}")
    build = asked.build.resolve()
    build.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=build))
    sizes = tuple(sorted(int(size) for size in asked.growth.split(",")))
    days, courses, packages = (int(size) for size in asked.decade.split(","))
    return names, Plan(
        events=asked.events,
        repeats=asked.repeats,
        mongo=asked.mongo,
        build=build,
        work=work,
        growth=sizes,
        growth_day=asked.growth_day,
        backfill_days=asked.backfill_days,
        backfill_events=asked.backfill_events,
        course_events=asked.course_events,
        decade=(days, courses, packages),
        lock_turns=asked.lock_turns,
    )


def _about(plan: Plan) -> dict[str, str]:
    """What the figures were made on, and how."""
    with scratch_store(plan) as uri:
        version = connect(uri).version()
    kind = "the one asked for" if plan.mongo else f"{plan.embedded}, embedded"
    asked = sys.argv[1:]
    if plan.mongo:  # it may hold a password
        asked = [argument.replace(plan.mongo, "…") for argument in asked]
    return {
        "command": " ".join(["python -m benchmarks", *asked]),
        "machine": f"{os.cpu_count()} processors, {_processor()}, {platform.system()}",
        "load of the machine before": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "store": f"{kind}, says it is version {version}",
        "time": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
