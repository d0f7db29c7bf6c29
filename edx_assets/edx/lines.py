"""Lines of a delivered file: numbered, and with a verdict where one cannot be loaded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class BadLine:
    """A line (counted from 1) that cannot be loaded: why, in a word that holds no data, and it."""

    number: int
    reason: str
    raw: bytes


def batches(pieces: Iterable[bytes], count: int, size: int) -> Iterator[list[bytes]]:
    """Pieces as they stream by, in lists of at most `count` that end where they pass `size` bytes.

    A cell can hold 4 MB: a batch of so many rows would not be flat memory.
    """
    batch: list[bytes] = []
    held = 0
    for piece in pieces:
        batch.append(piece)
        held += len(piece)
        if len(batch) == count or held >= size:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def numbered(lines: Iterable[bytes], start: int = 1) -> Iterator[tuple[int, bytes]]:
    """Lines without their ends (LF; a CR before it is data of the line), counted from `start`."""
    for number, line in enumerate(lines, start):
        yield number, line[:-1] if line.endswith(b"\n") else line
