"""The memory of one load, and of one ten times as long."""

from benchmarks.generator import write_log
from benchmarks.load import ours
from benchmarks.measure import Measure, apart
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import scratch_store

LIMIT = 300  # MB, of the process that loads: interpreter, libraries, batches, counts
GROWTH = 1.1


def rows(plan: Plan) -> list[Row]:
    """The peak of two loads, each in a process of its own."""
    long = plan.stored(30_000)
    peaks: dict[int, Measure] = {}
    with scratch_store(plan) as uri:
        for events in (long // 10, long):
            log = write_log(plan.work / f"real-{events}.log.gz", events)
            peaks[events] = apart(ours, uri, log, log.name)
    short, tenfold = (measure.peak for measure in peaks.values())
    stage = "memory of a load"
    return [
        Row(stage, f"peak, {long // 10:,} events", short / 1e6, "MB", LIMIT, at_most=True),
        Row(stage, f"peak, {long:,} events", tenfold / 1e6, "MB", LIMIT, at_most=True),
        Row(stage, "of ten times the file", tenfold / short, "times", GROWTH, at_most=True),
    ]
