"""Lines of a delivered file: numbered, and with a verdict where one cannot be loaded."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from gzip import BadGzipFile
from io import BufferedReader
from pathlib import Path

from isal import igzip, isal_zlib

_ISAL_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment] # so says its stub
DAMAGED_GZIP = (BadGzipFile, EOFError, _ISAL_ERROR)
"""What isal raises of a file that is no whole gzip: its own error is not zlib's."""

_UNPACKED = 256 * 1024  # bytes: more are no faster


@dataclass(frozen=True)
class BadLine:
    """A line (counted from 1) that cannot be loaded: why, in a word that holds no data, and it."""

    number: int
    reason: str
    raw: bytes


@contextmanager
def gzipped_lines(path: Path) -> Iterator[Iterable[bytes]]:
    """A gzipped file's lines, as they stream by.

    They are split by the buffer: isal's own line reading takes half as long again.

    Raises:
        One of `DAMAGED_GZIP`: while iterating, the file is no whole gzip.
    """
    with igzip.open(path, "rb") as unpacked, BufferedReader(unpacked, _UNPACKED) as lines:
        yield lines


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
