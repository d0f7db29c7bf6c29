"""The extraction of a course beside a bare find and insert; and the binding by itself."""

import statistics
from dataclasses import replace
from datetime import UTC, date, datetime
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import orjson
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from benchmarks.generator import write_log
from benchmarks.load import RAW
from benchmarks.measure import Measure, apart, in_turns, median, ratio, spread
from benchmarks.plan import Plan
from benchmarks.report import Row, told
from benchmarks.servers import scratch_store
from benchmarks.site import COURSES
from edx_assets.edx.collections import COURSE_STRUCTURE, TRACKING, indexes
from edx_assets.edx.course_structure import read_blocks
from edx_assets.edx.lines import gzipped_lines
from edx_assets.loading.courses.binding import Share, bind, total
from edx_assets.loading.courses.rows import RowCounts, Rows, encoded
from edx_assets.loading.courses.tracking import extract_course
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts
from edx_assets.loading.days.lines import load_lines
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import (
    IMPORTS,
    MASTER_TRACKING,
    forget_course_load,
    new_token,
    note_course_load,
)
from edx_assets.loading.registry import course_database, register_course
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import BATCH, Collection, Store

COURSE = COURSES[0]
_BOUND = 20_000  # events that the binding is measured on; fewer are taken several times
BINDING_RATE = 65_000  # events a second
RUNNING = date(2014, 2, 3)
"""A day on which the course is not over, so that nothing is extracted whole to be sealed."""
_BARE = "bench_bare"
_QUERY = {"course_id": {"$in": [COURSE.canonical]}, "site": "edx"}


def fill(uri: str, log: Path) -> Measure:
    """Load a log, register its first course, and load the course's structure."""
    store = connect(uri)
    master.prepare(store)
    counts = DayCounts()
    measure = Measure()
    with measure.running(), gzipped_lines(log) as lines:
        load_lines(store, lines, log.name, "edx", counts)
    measure.events = counts.loaded
    note_import(store, log.name, "2014-02-03", counts)
    add_course(store)
    return measure


def note_import(store: Store, file: str, day: str, counts: DayCounts) -> None:
    """The ledger's entry of a loaded file, as far as an extraction looks at it."""
    courses = [{"course_key": key, "events": n} for key, n in sorted(counts.courses.items())]
    told = {"_id": f"edx/{day}", "site": "edx", "date": day, "state": "loaded", "file": file}
    moments = {"first": counts.first, "last": counts.last, "token": new_token()}
    store.put(IMPORTS, {**told, **moments, "courses": courses})


def add_course(store: Store) -> None:
    """Register the course, and load its structure."""
    partition = register_course(store, COURSE.canonical, "edx")
    structure = of_course(store, COURSE_STRUCTURE)
    blocks = read_blocks(orjson.dumps(COURSE.structure)).values()
    with store.replacing(structure, indexes(COURSE_STRUCTURE)) as staging:
        for _ in store.insert_all(staging, encoded(cast(Rows, blocks), RowCounts(), [])):
            pass
    load = CourseLoad(documents=len(blocks), source=["bench"], loaded_at=datetime.now(UTC))
    note_course_load(store, partition, structure, load)


def of_course(store: Store, name: str) -> Collection:
    """A collection of the course's database."""
    return Collection(course_database(store, COURSE.canonical), name)


def ours(uri: str) -> Measure:
    """Extract the course as the stage does, from nothing to its collection put in place."""
    store = connect(uri)
    forget_course_load(store, COURSE.canonical, of_course(store, TRACKING))
    measure = Measure()
    with measure.running():
        told = extract_course(store, COURSE.canonical, None, RUNNING)
    measure.events = told["documents"]
    measure.told["bound"] = told.get("bound_share", 0.0)
    return measure


def bare(uri: str) -> Measure:
    """Find the same records, insert the same documents, ready made, and make the same indexes.

    How long the server takes to put the collection in a place where the like of it was is told
    beside it: without that no reader is spared a half-made collection.
    """
    store = connect(uri)
    structure = of_course(store, COURSE_STRUCTURE)
    blocks = {block["_id"]: block for block in store.find(structure, {})}
    bound = list(bind(store.find_raw(MASTER_TRACKING, _QUERY), blocks, {}))
    with MongoClient[dict[str, Any]](uri) as client:
        client[_BARE].drop_collection(TRACKING)
        found = client[MASTER_TRACKING.database].get_collection(
            MASTER_TRACKING.name, codec_options=RAW
        )
        target = client[_BARE][TRACKING]
        measure = Measure()
        batch = []
        with measure.running():
            for _record, document in zip(found.find(_QUERY, batch_size=BATCH), bound, strict=True):
                batch.append(RawBSONDocument(document))
                if len(batch) == BATCH:
                    target.insert_many(batch, ordered=False)
                    measure.events += len(batch)
                    batch = []
            if batch:
                target.insert_many(batch, ordered=False)
                measure.events += len(batch)
            for keys in indexes(TRACKING):
                target.create_index(list(keys))
        started = perf_counter()
        target.rename("placed", dropTarget=True)
        measure.told["placing"] = perf_counter() - started
    return measure


def binding(uri: str) -> Measure:
    """Bind the documents alone: they are in memory, and what comes out is thrown away."""
    store = connect(uri)
    structure = of_course(store, COURSE_STRUCTURE)
    blocks = {block["_id"]: block for block in store.find(structure, {})}
    found = list(store.find_raw(MASTER_TRACKING, _QUERY))
    records = found * ceil(_BOUND / len(found))
    measure = Measure()
    shares: dict[str, Share] = {}
    with measure.running():
        measure.size = sum(len(document) for document in bind(iter(records), blocks, shares))
    bound = total(shares.values())
    measure.events = bound.events
    measure.told["bound"] = bound.bound / bound.with_module
    return measure


def _placing(bare: list[Measure]) -> float:
    return float(statistics.median(each.told["placing"] for each in bare))


def rows(plan: Plan) -> list[Row]:
    """The extraction of the course that a third of the log's events are of."""
    events = plan.stored(10_000)
    log = write_log(plan.work / f"real-{events}.log.gz", events)
    works = {"ours": ours, "bare": bare, "binding": binding}
    with scratch_store(plan) as uri:
        apart(fill, uri, log)
        found = in_turns(plan.repeats, {name: (work, uri) for name, work in works.items()})
    stage = "extraction of a course"
    of_bare = ratio(found["ours"], found["bare"])
    note = spread(found["ours"], found["bare"])
    placed = [replace(each, wall=each.wall + each.told["placing"]) for each in found["bare"]]
    bound = found["binding"][0].told["bound"]
    return [
        *told(stage, found["ours"]),
        Row(stage, "of bare find and insert", of_bare, "times", 0.8, note=note),
        Row(stage, "bare find and insert itself", median(found["bare"], "rate"), "events/s"),
        Row(
            stage,
            "of bare find, insert and putting in place",
            ratio(found["ours"], placed),
            "times",
            0.9,
            note=spread(found["ours"], placed),
        ),
        Row(stage, "putting in place itself", _placing(found["bare"]), "s"),
        *told("binding alone", found["binding"], BINDING_RATE, one_core=True),
        Row("binding alone", "usage keys that found their block", bound * 100, "%"),
    ]
