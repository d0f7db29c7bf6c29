"""Hostile tracking logs: their lines, read into records, and files that are split into lines."""

import io
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from random import Random

import orjson
from xxhash import xxh3_128

from edx_assets.edx.documents import MAX_DEPTH
from edx_assets.edx.events import RejectedError, line_reader, record_id
from edx_assets.edx.lines import LongLine, bounded
from edx_assets.edx.reasons import Reason
from edx_assets.edx.secrets import bytes_without_secrets
from edx_assets.loading.days.counts import DayCounts, facts_of
from edx_assets_tests.torture.inputs.mutation import mutated
from edx_assets_tests.torture.inputs.odd_json import odd
from edx_assets_tests.torture.inputs.reader import (
    DoubledError,
    LostError,
    Reader,
    check_document,
    check_raw,
    plain_lines,
)
from edx_assets_tests.torture.inputs.seeds import log_lines

_PREFIXES = (b"Sep  9 00:00:48 localhost ", b"\0" * 40, b"tracking.log-20140203.gz:", b"#", b" ")
_SHORT = 300  # bytes: a limit of a line that many of these are longer than
_REASONS = {reason: reason.meaning for reason in Reason}
_FEW = 12  # lines of a file

_read = line_reader(
    "testx-edx-events-2014-02-03.log.gz.gpg", "edx", datetime(2014, 2, 4, tzinfo=UTC)
)


def odd_line(random: Random) -> bytes:
    """An event with odd values, damaged bytes, or a prefix."""
    line = random.choice(log_lines())
    if random.random() < 0.7:
        with suppress(ValueError):  # of one that is odd already
            line = odd(random, json.loads(line)).encode("utf-8", "surrogatepass")
    luck = random.random()
    if luck < 0.5:
        line = mutated(random, line, random.choice(log_lines()))
    elif luck < 0.55:
        line = random.choice(_PREFIXES) + line
    return line


def check_line(line: bytes) -> None:
    """Read a line: it becomes a record that can be stored and counted, or gets a verdict."""
    try:
        document, record = _read(line)
    except RejectedError as verdict:
        bytes_without_secrets(_REASONS[verdict.reason].encode())
        bytes_without_secrets(line)
        return
    check_document(document, sys.getrecursionlimit() if _is_not_looked_at(line) else MAX_DEPTH)
    record_id(document)
    counts = DayCounts()
    counts.add([facts_of(record)])
    counts.totals()


def _is_not_looked_at(line: bytes) -> bool:
    """Whether it is an implicit event, of which the database refuses what is too deep."""
    try:
        record = orjson.loads(line)
    except ValueError:
        return False
    kind, source = record.get("event_type"), record.get("event_source")
    implicit = not source and isinstance(kind, str) and kind.startswith("/")
    return isinstance(record.get("event"), str) and (source == "server" or implicit)


def _odd_file(random: Random) -> bytes:
    lines = [odd_line(random)[: random.choice((20, 2000))] for _ in range(random.randint(0, _FEW))]
    return b"\n".join(lines) + random.choice((b"", b"\n", b"\r\n", b"\n\n", b"\0"))


def _check_file(content: bytes) -> None:
    plain = plain_lines(content)
    found = list(bounded(io.BufferedReader(io.BytesIO(content)), _SHORT))
    if len(found) != len(plain):
        raise LostError if len(found) < len(plain) else DoubledError
    for line, delivered in zip(found, plain, strict=True):
        if isinstance(line, LongLine):
            assert len(delivered) > _SHORT, "a line that is short enough is cut"
            assert line.length == len(delivered)
            assert line.digest == xxh3_128(delivered).hexdigest()
            check_raw(line, delivered[: len(line)])
        else:
            check_raw(line.removesuffix(b"\n"), delivered)
            check_line(line)


READERS = [
    Reader("lines", 400_000, odd_line, check_line),
    Reader("log files", 20_000, _odd_file, _check_file),
]
