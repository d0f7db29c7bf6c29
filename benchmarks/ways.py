"""Other ways of writing than the store's, each beside it on the same server.

Batches, order, writers at once, compression, write concern; and a copy made by the server itself,
beside finding and inserting. Unacknowledged writes are none of them: what is not confirmed cannot
be counted.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bson import decode_file_iter
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from benchmarks.generator import write_log
from benchmarks.load import FILE, RAW, WINDOW, ready
from benchmarks.measure import Measure, apart, in_turns, ratio, spread
from benchmarks.plan import Plan
from benchmarks.report import Row
from benchmarks.servers import empty, scratch_store
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import BATCH, Collection

STAGE = "ways of writing"
_COMPRESSOR = "zlib"  # what Python has without another library
_COPY = Collection("bench_copy", MASTER_TRACKING.name)


@dataclass(frozen=True)
class Way:
    """How documents are inserted; `options` are of the connection string."""

    batch: int = BATCH
    ordered: bool = False
    writers: int = 1
    options: dict[str, Any] = field(default_factory=dict)


THE_STORES = Way()
OTHERS = {
    "batches of 100": Way(batch=100),
    "batches of 5,000": Way(batch=5_000),
    "ordered": Way(ordered=True),
    "two writers": Way(writers=2),
    "four writers": Way(writers=4),
    f"compressed, {_COMPRESSOR}": Way(options={"compressors": _COMPRESSOR}),
    "w=1": Way(options={"w": 1}),
    "w=majority, journal": Way(options={"w": "majority", "journal": True}),
}


def insert(uri: str, documents: Path, way: Way) -> Measure:
    """Insert the ready documents in one of the ways, into a master collection with its indexes.

    Raises:
        RuntimeError: they are not all there then.
    """
    empty(uri)
    with documents.open("rb") as file:
        waiting = list(decode_file_iter(file, codec_options=RAW))
    measure = Measure(len(waiting))
    with MongoClient[dict[str, Any]](uri, **way.options) as client:
        tracking = client[MASTER_TRACKING.database][MASTER_TRACKING.name]
        for keys in (WINDOW, FILE):
            tracking.create_index(list(keys))
        write = partial(tracking.insert_many, ordered=way.ordered)
        with measure.running(), ThreadPoolExecutor(way.writers) as writers:
            list(writers.map(write, _batches(waiting, way.batch)))
        _whole(tracking.estimated_document_count(), measure.events)
    return measure


def find_and_insert(uri: str) -> Measure:
    """Copy the master collection through this side, as an extraction goes."""
    store = connect(uri)
    store.drop(_COPY)
    measure = Measure(store.estimated_count(MASTER_TRACKING))
    with measure.running():
        for _ in store.insert_all(_COPY, store.find_raw(MASTER_TRACKING, {})):
            pass
    _whole(store.estimated_count(_COPY), measure.events)
    return measure


def merge(uri: str) -> Measure:
    """Copy the master collection on the server, by `$merge`."""
    with MongoClient[dict[str, Any]](uri) as client:
        source = client[MASTER_TRACKING.database][MASTER_TRACKING.name]
        target = client[_COPY.database][_COPY.name]
        target.drop()
        measure = Measure(source.estimated_document_count())
        with measure.running():
            source.aggregate([{"$merge": {"into": {"db": _COPY.database, "coll": _COPY.name}}}])
        _whole(target.estimated_document_count(), measure.events)
    return measure


def rows(plan: Plan) -> list[Row]:
    """Every way's rate, of that of the store's own way."""
    events = plan.stored(4_000)
    documents = plan.work / f"ways-{events}.bson"
    apart(ready, write_log(plan.work / f"real-{events}.log.gz", events), documents)
    with scratch_store(plan) as uri:
        tasks = {name: (insert, uri, documents, way) for name, way in OTHERS.items()}
        found = in_turns(plan.repeats, {"": (insert, uri, documents, THE_STORES), **tasks})
        copied = _copies(plan, uri)
        compresses = _compresses(uri)
    rows = []
    for name, way in OTHERS.items():
        of_stores = ratio(found[name], found[""])
        note = spread(found[name], found[""])
        if "compressors" in way.options and not compresses:
            note = f"{note}; the server does not compress"
        rows.append(Row(STAGE, f"{name}, of the store's way", of_stores, "times", note=note))
    return [*rows, copied]


def _copies(plan: Plan, uri: str) -> Row:
    figure = "a copy by $merge, of find and insert"
    try:
        merge(uri)
    except (PyMongoError, RuntimeError) as error:
        note = f"the server does not do it into another database ({type(error).__name__})"
        return Row(STAGE, figure, None, "times", note=note)
    found = in_turns(plan.repeats, {"merge": (merge, uri), "ours": (find_and_insert, uri)})
    note = spread(found["merge"], found["ours"])
    return Row(STAGE, figure, ratio(found["merge"], found["ours"]), "times", note=note)


def _compresses(uri: str) -> bool:
    with MongoClient[dict[str, Any]](uri) as client:
        answer = client.admin.command("hello", compression=[_COMPRESSOR])
    return _COMPRESSOR in answer.get("compression", [])


def _batches(documents: list[RawBSONDocument], length: int) -> Iterator[list[RawBSONDocument]]:
    for start in range(0, len(documents), length):
        yield documents[start : start + length]


def _whole(held: int, expected: int) -> None:
    if held != expected:
        raise RuntimeError(f"{expected} documents were written, and {held} are there")
