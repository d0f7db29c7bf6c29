"""What a list of 100,000 retired learners costs a day's load: with it, and without, in turns.

A learner is looked for once, so the log has 100 events of each: HarvardX has 10,000 learners and a
million clicks a day (https://vpal.harvard.edu/blog, "Demystifying Educational MOOC Data", part 1).
The same is told of a log of 20,000 learners, as that of the other stages, with 2 to 4 events each.
Into the sink, where the server costs nothing, the list's share of the load is the largest.
"""

from pathlib import Path

from benchmarks.generator import write_log
from benchmarks.measure import Measure, in_turns, median, ratio, spread
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import empty, scratch_store
from benchmarks.sink import sink
from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.lines import gzipped_lines
from edx_assets.edx.retired import NOBODY, Retired
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts
from edx_assets.loading.days.lines import load_lines
from edx_assets.resources.mongo import connect

LEARNERS = 100_000
_EVENTS_A_LEARNER = 100
_FIRST_ID = 10**9  # nobody's in the log
_KEY = b"benchmark" * 4


def rows(plan: Plan) -> list[Row]:
    """The rate with the list as a share of the rate without."""
    events = plan.stored(8_000)
    log = write_log(
        plan.work / f"real-{events}-busy.log.gz", events, learners=events // _EVENTS_A_LEARNER
    )
    many = write_log(plan.work / f"real-{events}.log.gz", events)
    with scratch_store(plan) as uri:
        found, share, note = _share(plan, uri, log)
        _many, share_of_many, note_of_many = _share(plan, uri, many)
    with sink() as uri:
        into_sink, _share_of_sink, _note = _share(plan, uri, log)
    rate = median(found["with"], "rate")
    note = f"{LEARNERS:,} learners with four identifiers each; {note}"
    spent = {name: 1e6 * median(into_sink[name], "cpu") / events for name in into_sink}
    told = f"of {spent['without']:.1f} µs an event"
    return [
        Row("retired", "load with a list of retired learners", rate, "events/s", note=note),
        Row("retired", "of the rate without", share, "times", 0.97),
        Row("retired", "the same, few events a learner", share_of_many, "times", note=note_of_many),
        Row("retired", "more of the processor, into a sink",
            spent["with"] - spent["without"], "µs", note=told),
    ]  # fmt: skip


def _share(plan: Plan, uri: str, log: Path) -> tuple[dict[str, list[Measure]], float, str]:
    """What was measured, the rate with the list as a share of that without, and how it varies."""
    tasks = {"with": (_load, uri, log, LEARNERS), "without": (_load, uri, log, 0)}
    found = in_turns(plan.repeats, tasks)
    by = found["with"], found["without"]
    return found, ratio(*by), spread(*by)


def _load(uri: str, log: Path, learners: int) -> Measure:
    known = _retired(LEARNERS)  # where nobody counts too: meanwhile the processor gets warm
    retired = known if learners else NOBODY
    empty(uri)
    store = connect(uri)
    master.prepare(store)
    counts, measure = DayCounts(), Measure()
    with measure.running(), gzipped_lines(log) as lines:
        load_lines(store, lines, "bench.log.gz", "edx", counts, retired)
    measure.events = counts.loaded
    return measure


def _retired(learners: int) -> Retired:
    hashes: set[bytes] = set()
    for number in range(learners):
        learner = Identifiers(
            frozenset([_FIRST_ID + number]),
            frozenset([f"retired_learner_{number}"]),
            frozenset([f"retired_{number}@example.org"]),
            frozenset([f"Given{number % 500} Family{number % 20_000}"]),
        )
        hashes |= learner.hashes(_KEY)
    return Retired(_KEY, hashes, pseudonyms=False)
