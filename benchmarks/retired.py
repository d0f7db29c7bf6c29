"""What a list of 100,000 retired learners costs a day's load: with it, and without, in turns."""

from pathlib import Path

from benchmarks.generator import write_log
from benchmarks.measure import Measure, in_turns, median, ratio, spread
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import empty, scratch_store
from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.lines import gzipped_lines
from edx_assets.edx.retired import NOBODY, Retired
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts
from edx_assets.loading.days.lines import load_lines
from edx_assets.resources.mongo import connect

LEARNERS = 100_000
_FIRST_ID = 10**9  # nobody's in the log
_KEY = b"benchmark" * 4


def rows(plan: Plan) -> list[Row]:
    """The rate with the list as a share of the rate without."""
    events = plan.stored(8_000)
    log = write_log(plan.work / f"real-{events}.log.gz", events)
    with scratch_store(plan) as uri:
        tasks = {"with": (_load, uri, log, LEARNERS), "without": (_load, uri, log, 0)}
        found = in_turns(plan.repeats, tasks)
    rate = median(found["with"], "rate")
    share = ratio(found["with"], found["without"])
    turns = spread(found["with"], found["without"])
    note = f"{LEARNERS:,} learners with three identifiers each; {turns}"
    return [
        Row("retired", "load with a list of retired learners", rate, "events/s", note=note),
        Row("retired", "of the rate without", share, "times", 0.97),
    ]


def _load(uri: str, log: Path, learners: int) -> Measure:
    retired = _retired(learners) if learners else NOBODY
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
        )
        hashes |= learner.hashes(_KEY)
    return Retired(_KEY, hashes, pseudonyms=False)
