"""The stage that loads a day's lines, beside the server's own bare insert_many."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from bson import CodecOptions, decode_file_iter
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from benchmarks.generator import DAY, write_log
from benchmarks.measure import Measure, apart, in_turns, median, ratio, spread, together
from benchmarks.plan import Plan
from benchmarks.report import Row, told
from benchmarks.servers import empty, scratch_store
from benchmarks.site import COURSES
from edx_assets.edx.events import RejectedError, line_reader, record_id
from edx_assets.edx.lines import gzipped_lines
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts
from edx_assets.loading.days.lines import load_lines
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import BATCH

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument, tz_aware=True)
WINDOW = (("course_id", 1), ("timestamp", 1))
FILE = (("load_file", 1), ("course_id", 1))
_FILES = 20  # that the ready documents say they come from

Indexes = Sequence[Sequence[tuple[str, int]]]


def ready(log: Path, target: Path) -> Measure:
    """Write the documents that a log becomes, each once, for the bare inserts."""
    measure = Measure()
    known = set()
    readers = [line_reader(f"bench-{n}.log.gz", "edx", datetime.now(UTC)) for n in range(_FILES)]
    with gzipped_lines(log) as lines, target.open("wb") as documents:
        for number, line in enumerate(lines):
            try:
                document, _record = readers[number % _FILES](line)
            except RejectedError:
                continue
            if (key := record_id(document)) not in known:
                known.add(key)
                documents.write(document)
                measure.events += 1
                measure.size += len(line)
    return measure


def ours(uri: str, log: Path, name: str, fresh: bool = True) -> Measure:
    """Load a log as the stage does: identified, bound to course and block, counted, quarantined."""
    if fresh:
        empty(uri)
    store = connect(uri)
    master.prepare(store)
    counts = DayCounts()
    measure = Measure()
    with measure.running(), gzipped_lines(log) as lines:
        load_lines(store, lines, name, "edx", counts)
    measure.events = counts.loaded
    measure.told["lines"] = counts.lines
    return measure


def bare(uri: str, documents: Path, size: int, indexes: Indexes) -> Measure:
    """Insert the ready documents, unordered, in batches as large as the load's.

    Then, beside the clock, the two queries that the indexes are for.
    """
    empty(uri)
    with documents.open("rb") as file:
        waiting = list(decode_file_iter(file, codec_options=RAW))
    measure = Measure(len(waiting), size)
    with MongoClient[dict[str, Any]](uri) as client:
        tracking = client[MASTER_TRACKING.database][MASTER_TRACKING.name]
        for keys in indexes:
            tracking.create_index(list(keys))
        with measure.running():
            for start in range(0, len(waiting), BATCH):
                tracking.insert_many(waiting[start : start + BATCH], ordered=False)
        hours = {"$gte": DAY + timedelta(hours=12), "$lt": DAY + timedelta(hours=14)}
        query = {"course_id": COURSES[0].canonical, "site": "edx", "timestamp": hours}
        began = perf_counter()
        found = len(list(tracking.find(query, batch_size=BATCH)))
        measure.told["window"] = perf_counter() - began
        measure.told["found"] = found
    store = connect(uri)
    began = perf_counter()
    store.count(MASTER_TRACKING, {"load_file": "bench-7.log.gz"})
    measure.told["file"] = perf_counter() - began
    return measure


def rows(plan: Plan) -> list[Row]:
    """The load against bare inserts with the same indexes, and what each index costs and brings."""
    events = plan.stored(8_000)
    log = write_log(plan.work / f"real-{events}.log.gz", events)
    documents = plan.work / f"real-{events}.bson"
    size = apart(ready, log, documents).size
    both = (WINDOW, FILE)
    kinds = {"bare": both, "none": (), "window": (WINDOW,), "file": (FILE,)}
    with scratch_store(plan) as uri:
        tasks = {name: (bare, uri, documents, size, kind) for name, kind in kinds.items()}
        found = in_turns(plan.repeats, {"ours": (ours, uri, log, "bench.log.gz")} | tasks)
        for measure in found["ours"]:
            measure.size = size
        two = _two_files(plan, uri, events)
    stage = "load"
    of_bare = ratio(found["ours"], found["bare"])
    spent = 1e6 * median(found["ours"], "cpu") / found["ours"][0].events
    server = 1e6 / median(found["bare"], "rate")
    note = f"an event takes {spent:.0f} µs of our processor, a bare insert {server:.0f} in all"
    note = f"{spread(found['ours'], found['bare'])}; {note}"
    return [
        *told(stage, found["ours"]),
        Row(stage, "of bare insert_many", of_bare, "times", 0.9, note=note),
        Row(stage, "bare insert_many itself", median(found["bare"], "rate"), "events/s"),
        Row(stage, "two files by two processes", two, "events/s"),
        *_of_indexes(found),
    ]


def _two_files(plan: Plan, uri: str, events: int) -> float:
    """Events a second of two files that two processes load at the same time."""
    half = events // 2
    logs = [write_log(plan.work / f"real-{half}-{n}.log.gz", half, seed=n) for n in (21, 22)]
    empty(uri)
    master.prepare(connect(uri))
    measures = together([(ours, uri, log, log.name, False) for log in logs])
    return sum(m.events for m in measures) / max(m.wall for m in measures)


def _of_indexes(found: dict[str, list[Measure]]) -> list[Row]:
    """What each of the master's two indexes costs the load, and the query it is there for."""
    rows = []
    for name, keys, query in (
        ("window", "course_id, timestamp", "two hours of a course"),
        ("file", "load_file, course_id", "counting a file's records"),
    ):
        stage = f"index {keys}"
        cost = (1 / ratio(found[name], found["none"]) - 1) * 100
        rows.append(Row(stage, "more time for bare insert_many", cost, "%"))
        for label, kind in (("with it", name), ("without any", "none")):
            seconds = sorted(measure.told[name] for measure in found[kind])[len(found[kind]) // 2]
            rows.append(Row(stage, f"{query}, {label}", seconds * 1000, "ms"))
    return rows
