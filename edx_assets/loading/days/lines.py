"""A file's lines into the master collection: read, inserted, counted and quarantined in batches.

What becomes of the day around them belongs in `master_tracking`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bson import decode, encode

from edx_assets.edx.events import RejectedError, line_reader
from edx_assets.edx.lines import LongLine, batches
from edx_assets.edx.reasons import Reason
from edx_assets.edx.retired import NOBODY, Retired
from edx_assets.edx.retired_events import without_retired
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts, Facts, facts_of
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.loading.quarantine import BadLines, quarantine, refused_by_database
from edx_assets.resources.ahead import ahead
from edx_assets.resources.store import BATCH, BATCH_BYTES, Store


def load_lines(
    store: Store,
    lines: Iterable[bytes],
    load_file: str,
    site: str,
    counts: DayCounts,
    retired: Retired = NOBODY,
) -> None:
    """Load a file's lines: one batch is written while the next is read; memory does not grow."""
    read = line_reader(load_file, site, datetime.now(UTC))
    pieces = _pieces(read, lines, counts.lines + 1, retired)
    write = partial(_write, store, load_file, retired)
    for piece, (duplicates, repeated) in ahead(write, pieces):
        counts.lines += piece.lines
        counts.repeat(repeated)
        counts.duplicates += len(duplicates)
        counts.rejected.update(reason for _number, reason, _line in piece.quarantined)
        counts.retired += len(piece.retired)
        counts.changed += piece.changed
        left_out = {number for number, _reason, _line in piece.quarantined}
        left_out |= duplicates | piece.retired
        counts.add(
            [fact for n, fact in zip(piece.numbers, piece.facts, strict=True) if n not in left_out]
        )


@dataclass
class _Piece:
    """A batch of parsed lines: the records, encoded and as facts, and the lines to quarantine.

    `retired` are the numbers of lines of retired learners, `changed` counts others that named one.
    """

    lines: int
    numbers: list[int] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    documents: list[bytes] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    quarantined: BadLines = field(default_factory=list)
    retired: set[int] = field(default_factory=set)
    changed: int = 0

    def set_aside(self, number: int, reason: str, line: bytes, retired: Retired) -> None:
        """Keep a line for the quarantine, unless it names a retired learner."""
        if retired and retired.is_in(line.decode("utf-8", "replace")):
            self.retired.add(number)
        else:
            self.quarantined.append((number, reason, line))


def _pieces(
    read: Callable[[bytes], tuple[bytes, dict[str, Any]]],
    lines: Iterable[bytes],
    first: int,
    retired: Retired,
) -> Iterator[_Piece]:
    for batch in batches(lines, BATCH, BATCH_BYTES):
        piece = _Piece(len(batch))
        for number, line in enumerate(batch, first):
            if type(line) is LongLine:
                piece.set_aside(number, Reason.LINE_TOO_LONG, line, retired)
                continue
            try:
                document, record = read(line)
            except RejectedError as verdict:
                piece.set_aside(number, verdict.reason, line, retired)
            else:
                if retired and (told := without_retired(retired, record)) is not record:
                    if told is None:
                        piece.retired.add(number)
                        continue
                    document = encode(decode(document) | told)
                    piece.changed += 1
                piece.numbers.append(number)
                piece.raw.append(line)
                piece.documents.append(document)
                piece.facts.append(facts_of(record))
        first += len(batch)
        yield piece


def _write(
    store: Store, load_file: str, retired: Retired, piece: _Piece
) -> tuple[set[int], list[int]]:
    """Insert a piece's records, and quarantine its other lines.

    Return the line numbers of duplicates, and of those that repeat a line of the same file.
    """
    inserted, repeated = master.insert(store, load_file, piece.documents)
    for i, code in inserted.refused.items():
        piece.set_aside(piece.numbers[i], refused_by_database(code), piece.raw[i], retired)
    quarantine(store, MASTER_TRACKING, load_file, piece.quarantined)
    numbers = {piece.numbers[i] for i in inserted.duplicates}
    return numbers, [piece.numbers[i] for i in sorted(repeated)]
