"""The stage from gzipped lines to BSON, on one core and on two; no database takes part."""

from datetime import UTC, datetime
from pathlib import Path
from statistics import median as middle

import bson
from isal import igzip

from benchmarks.floors import encode, gunzip, parse
from benchmarks.generator import write_log
from benchmarks.measure import Measure, in_turns, median, ratio, spread, together
from benchmarks.plain import plain_reader
from benchmarks.plan import Plan
from benchmarks.report import Row, told
from edx_assets.edx.events import RejectedError, line_reader
from edx_assets.edx.lines import gzipped_lines

PLAIN_RATE = 81_250
"""Events a second of the plain transform on the machine that the target, 0.8 of it, was set on."""

_BY = "core_rate"
_TERMS = f"where the plain one does {PLAIN_RATE:,}"
_FLOORS = {"bare gunzip": gunzip, "bare orjson": parse, "bare BSON": encode}


def ours(path: Path) -> Measure:
    """As a load reads its file: every line a record's BSON, or refused with its reason."""
    measure = Measure()
    refused = []
    with measure.running(), gzipped_lines(path) as log:
        read = line_reader("bench.log.gz", "edx", datetime.now(UTC))
        for number, line in enumerate(log, 1):
            measure.size += len(line)
            try:
                read(line)
            except RejectedError as rejected:
                refused.append((number, rejected.reason, line))
        measure.events = number
    measure.told["refused"] = len(refused)
    return measure


def plain(path: Path) -> Measure:
    """The plain transform; lines that it cannot read, it leaves out."""
    measure = Measure()
    with measure.running(), igzip.open(path, "rb") as log:
        read = plain_reader("bench.log.gz", datetime.now(UTC))
        for line in log:
            measure.size += len(line)
            measure.events += 1
            try:
                bson.encode(read(line))
            except ValueError:
                continue
    return measure


def rows(plan: Plan) -> list[Row]:
    """The transform of both kinds of log beside its floors, and of two files at once."""
    rows: list[Row] = []
    for kind, stage in (("plain", "transform, plain log"), ("real", "transform, real mix")):
        log = write_log(plan.work / f"{kind}-{plan.events}.log.gz", plan.events, kind)
        tasks = {"ours": (ours, log), "plain": (plain, log)}
        floors = {name: (floor, log) for name, floor in _FLOORS.items()}
        measures = in_turns(plan.repeats, tasks | floors)
        is_plain = kind == "plain"
        rows += told(stage, measures["ours"], one_core=True)
        of_plain = ratio(measures["ours"], measures["plain"], _BY)
        target = 0.8 if is_plain else None
        turns = spread(measures["ours"], measures["plain"], _BY)
        rows.append(Row(stage, "of the plain transform", of_plain, "times", target, note=turns))
        if is_plain:
            rows.append(Row(stage, _TERMS, of_plain * PLAIN_RATE, "events/s", 65_000))
        rows.append(Row(stage, "the plain one itself", median(measures["plain"], _BY), "events/s"))
        for name in floors:
            rows.append(
                Row(stage, f"of {name}", ratio(measures["ours"], measures[name], _BY), "times")
            )
    return rows + _on_two_cores(plan)


def _on_two_cores(plan: Plan) -> list[Row]:
    """Two files by two processes, against one file by one; and so of a floor, which shares nothing.

    The floor's is what the machine has to give: two processors may be one core.
    """
    stage = "transform, two files on two cores"
    first, second = (
        write_log(plan.work / f"real-{plan.events}-{seed}.log.gz", plan.events, "real", seed)
        for seed in (11, 12)
    )
    gains: dict[str, list[float]] = {"ours": [], "floor": []}
    for _ in range(plan.repeats):
        for name, work in (("ours", ours), ("floor", parse)):
            alone = together([(work, first)])[0]
            both = together([(work, first), (work, second)])
            rate = sum(measure.events for measure in both) / max(m.wall for m in both)
            gains[name].append(rate / alone.rate)
    gained, floor = middle(gains["ours"]), middle(gains["floor"])
    note = "" if gained >= 1.8 else f"the machine gives {floor:.2f} to bare orjson"
    return [
        Row(stage, "of one file on one", gained, "times", 1.8, note=note),
        Row(stage, "the same of bare orjson", floor, "times"),
    ]
