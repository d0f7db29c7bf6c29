"""The floors of the transform: what no way of doing it can do without, each by itself."""

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import bson
import orjson
from isal import igzip

from benchmarks.measure import Measure
from edx_assets.edx.events import RejectedError, line_reader

_PIECE = 1 << 20
_HELD = 100_000  # lines that are held in memory before a clock starts


def gunzip(path: Path) -> Measure:
    """Unpack the file."""
    measure = Measure()
    with measure.running(), igzip.open(path, "rb") as log:
        while piece := log.read(_PIECE):
            measure.size += len(piece)
            measure.events += piece.count(b"\n")
    return measure


def parse(path: Path) -> Measure:
    """Parse lines that are in memory, with orjson."""
    lines = [line for line in _lines(path) if _is_json(line)]
    measure = Measure(len(lines), sum(map(len, lines)))
    loads = orjson.loads
    with measure.running():
        for line in lines:
            loads(line)
    return measure


def encode(path: Path) -> Measure:
    """Encode the records, ready as dicts, as BSON."""
    read = line_reader("bench.log.gz", "edx", datetime.now(UTC))
    records = []
    measure = Measure()
    for line in _lines(path):
        try:
            document, _told = read(line)
        except RejectedError:
            continue
        records.append(bson.decode(document))
        measure.size += len(line)
    measure.events = len(records)
    with measure.running():
        for record in records:
            bson.encode(record)
    return measure


def _lines(path: Path) -> list[bytes]:
    with igzip.open(path, "rb") as log:
        return list(islice(log, _HELD))


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True
