"""How fast the loader is where the server costs nothing: into a sink that keeps nothing."""

from benchmarks.generator import write_log
from benchmarks.load import ours
from benchmarks.measure import apart, median, together
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.sink import sink


def rows(plan: Plan) -> list[Row]:
    """The rate of one process, and of two files by two, where there are processors for all."""
    half = plan.events // 2
    logs = [write_log(plan.work / f"real-{half}-{n}.log.gz", half, seed=n) for n in (21, 22)]
    alone, both = [], []
    with sink() as uri:
        for _turn in range(plan.repeats):
            alone.append(apart(ours, uri, logs[0], logs[0].name))
            pair = together([(ours, uri, log, log.name, False) for log in logs])
            both.append(sum(each.events for each in pair) / max(each.wall for each in pair))
    rate = median(alone, "rate")
    spent = 1e6 * median(alone, "cpu") / alone[0].events
    two = sorted(both)[len(both) // 2]
    note = f"{spent:.0f} µs of the processor an event; the sink takes some of the second one"
    return [
        Row("loader's ceiling", "one process", rate, "events/s", 65_000, note=note),
        Row("loader's ceiling", "two files by two processes", two / rate, "times", 1.6),
    ]
