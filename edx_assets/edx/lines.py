"""Lines of a delivered file: numbered, and with a reason if they cannot be loaded."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from gzip import BadGzipFile
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from isal import igzip, isal_zlib
from xxhash import xxh3_128

from edx_assets.edx.reasons import Reason

_ISAL_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment] # its stub has an instance
DAMAGED_GZIP = (BadGzipFile, EOFError, _ISAL_ERROR)
"""What isal raises for a file that is not a complete gzip file: its own error is not zlib's."""

_UNPACKED = 256 * 1024  # bytes: a larger buffer is no faster

MAX_LINE = 64 * 2**20
"""Bytes of a line that is read whole, unless told otherwise: MongoDB stores a quarter of it."""

_LONG_LINE_KEPT = 64 * 1024  # bytes: enough to see what it is
_LF = 0x0A


@dataclass(frozen=True)
class BadLine:
    """A line (counted from 1) that cannot be loaded, and a reason that contains no data."""

    number: int
    reason: Reason
    raw: bytes


class Row(dict[str, Any]):
    """A document, with the line it is from: its number (from 1) and its bytes.

    A row can still be refused once it is read, and is then kept in the quarantine as delivered.
    """

    __slots__ = ("number", "raw")  # without a constructor: one would cost tables a tenth
    number: int
    raw: bytes


def row_of(number: int, raw: bytes, document: dict[str, Any]) -> Row:
    """A document with the line it is from."""
    row = Row(document)
    row.number = number
    row.raw = raw
    return row


class LongLine(bytes):
    """The first bytes of a line that is longer than a line may be; its length and digest.

    Both are of the whole line, without its LF.
    """

    length: int
    digest: str


@contextmanager
def gzipped_lines(path: Path, most: int = MAX_LINE) -> Iterator[Iterable[bytes]]:
    """Stream the lines of a gzipped file; of one longer than `most` bytes, a `LongLine`.

    The buffer splits the lines: isal's own line reading takes half as long again.

    Raises:
        One of `DAMAGED_GZIP`: while iterating, if the file is not a complete gzip file.
    """
    with igzip.open(path, "rb") as unpacked, BufferedReader(unpacked, _UNPACKED) as lines:
        yield bounded(lines, most)


def bounded(stream: BufferedReader, most: int = MAX_LINE) -> Iterator[bytes]:
    """The lines of a stream; of one longer than `most` bytes, a `LongLine`. None is held whole."""
    longest = most + 1  # with its LF
    for line in iter(partial(stream.readline, longest), b""):
        if len(line) == longest and line[-1] != _LF:
            yield _long_line(stream, line)
        else:
            yield line


def _long_line(stream: BufferedReader, start: bytes) -> LongLine:
    """The line that begins so, read to its end."""
    line = LongLine(start[:_LONG_LINE_KEPT])
    digest = xxh3_128(start)
    line.length = len(start)
    for piece in iter(partial(stream.readline, _UNPACKED), b""):
        ended = piece[-1] == _LF
        rest = piece[:-1] if ended else piece
        digest.update(rest)
        line.length += len(rest)
        if ended:
            break
    line.digest = digest.hexdigest()
    return line


def end_of_gzip(file: BinaryIO) -> int:
    """Where the whole gzip streams at a file's beginning end; 0 if not even the first is whole."""
    end = 0
    while True:
        stream = isal_zlib.decompressobj(wbits=31)  # with a gzip header
        file.seek(end)
        try:
            while not stream.eof:
                if not (piece := file.read(_UNPACKED)):
                    return end
                _pass_through(stream, piece)
        except _ISAL_ERROR:
            return end
        end = file.tell() - len(stream.unused_data)


def _pass_through(stream: Any, piece: bytes) -> None:
    """Unpack a piece, without holding more than a little of what comes out."""
    while len(stream.decompress(piece, _UNPACKED)) == _UNPACKED or stream.unconsumed_tail:
        piece = stream.unconsumed_tail


def batches(pieces: Iterable[bytes], count: int, size: int) -> Iterator[list[bytes]]:
    """Stream pieces in lists of at most `count`; a list also ends once it reaches `size` bytes.

    A cell can hold 4 MB: limited by number alone, batches would not keep memory flat.
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
    """Lines without their LF (a CR before it belongs to the line), counted from `start`."""
    for number, line in enumerate(lines, start):
        yield number, line[:-1] if line.endswith(b"\n") else line
