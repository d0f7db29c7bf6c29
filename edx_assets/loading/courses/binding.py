"""Binding a course's records to its structure: each gets the place of the block it names.

Which records these are, and where they are stored, belongs in `tracking`.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from bson import CodecOptions, decode, encode

from edx_assets.edx.course_structure import Block, block_index, find_block
from edx_assets.edx.documents import document_of, elements_of

_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)  # like the ledger's times


@dataclass
class Share:
    """How many of a file's events were extracted, have a usage key, and were bound to a block."""

    events: int = 0
    with_module: int = 0
    bound: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def row(self) -> list[Any]:
        """The fields' values, in order."""
        return list(astuple(self))


def total(shares: Iterable[Share]) -> Share:
    """The sum of the shares of several files."""
    found = [share for share in shares if share.events]
    return Share(
        events=sum(share.events for share in found),
        with_module=sum(share.with_module for share in found),
        bound=sum(share.bound for share in found),
        first=min((share.first for share in found if share.first), default=None),
        last=max((share.last for share in found if share.last), default=None),
    )


def bind(
    records: Iterator[bytes],
    blocks: dict[str, Block],
    shares: dict[str, Share],
    files: Container[str] | None = None,
) -> Iterator[bytes]:
    """Yield each record (BSON) with `parent_data` and `metadata` of the block in its `module_id`.

    The record's own bytes are unchanged: the two fields are appended. The yielded records are
    counted in `shares`, by file; with `files`, those of others are skipped.
    """
    index = block_index(blocks)
    known: dict[str, bytes] = {}
    for document in records:
        record = decode(document, _AWARE)
        file = record["load_file"]
        if files is not None and file not in files:
            continue
        share = shares.get(file)
        if share is None:
            share = shares[file] = Share()
        share.events += 1
        moment = record["timestamp"]
        if share.first is None or moment < share.first:
            share.first = moment
        if share.last is None or moment > share.last:
            share.last = moment
        module = record.get("module_id")
        if module is None:
            yield document
            continue
        share.with_module += 1
        place = known.get(module)
        if place is None:
            place = known[module] = _place(find_block(module, index))
        if place:
            share.bound += 1
        yield document_of(elements_of(document) + place)


def _place(block: Block | None) -> bytes:
    """The two fields as BSON elements; empty without a block."""
    if block is None:
        return b""
    return elements_of(encode({"parent_data": block["parent_data"], "metadata": block["metadata"]}))
