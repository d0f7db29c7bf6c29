"""Lines of a delivered file: numbered, and with a verdict where one cannot be loaded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class BadLine:
    """A line (counted from 1) that cannot be loaded: why, in a word that holds no data, and it."""

    number: int
    reason: str
    raw: bytes


def numbered(lines: Iterable[bytes], start: int = 1) -> Iterator[tuple[int, bytes]]:
    """Lines without their ends (LF; a CR before it is data of the line), counted from `start`."""
    for number, line in enumerate(lines, start):
        yield number, line[:-1] if line.endswith(b"\n") else line
