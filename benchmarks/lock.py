"""How long writers wait for a lock: eight processes that each hold it for 5 ms, then pause."""

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from statistics import median, quantiles
from time import monotonic, sleep

from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import scratch_store
from edx_assets.resources.lock import locked
from edx_assets.resources.mongo import connect

WRITERS = 8
HELD_SECONDS = 0.005
PAUSE_SECONDS = 0.25
"""The mean: the lock is held for a sixth of the time, and somewhat longer with its own requests."""


def rows(plan: Plan) -> list[Row]:
    """The median and the 99th percentile of all waits."""
    spawn = multiprocessing.get_context("spawn")
    # not multiprocessing's own pool: it ends by SIGTERM, which its processes may ignore
    with scratch_store(plan) as uri, ProcessPoolExecutor(WRITERS, mp_context=spawn) as pool:
        found = pool.map(_waits, [uri] * WRITERS, [plan.lock_turns] * WRITERS)
        waits = [wait for own in found for wait in own]
    note = f"{WRITERS} writers, {len(waits)} turns; longest {max(waits) * 1000:.0f} ms"
    return [
        Row("lock", "median wait", median(waits) * 1000, "ms", 50, True, note),
        Row("lock", "99th percentile", quantiles(waits, n=100)[98] * 1000, "ms", 1000, True, note),
    ]


def _waits(uri: str, turns: int) -> list[float]:
    """The seconds that one writer waited for each of its turns."""
    store, waits = connect(uri), []
    for _turn in range(turns):
        sleep(random.uniform(0, 2 * PAUSE_SECONDS))
        asked = monotonic()
        with locked(store, "bench", "writers"):
            waits.append(monotonic() - asked)
            sleep(HELD_SECONDS)
    return waits
