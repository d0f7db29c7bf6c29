"""What a fuzzer has of a reader: its cases, and the check that each ends as it should."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import bson

from edx_assets.edx.documents import MAX_DEPTH, MAX_DOCUMENT
from edx_assets.edx.secrets import bytes_without_secrets


class LostError(AssertionError):
    """Part of an input is neither loaded nor told of."""


class DoubledError(AssertionError):
    """Part of an input is loaded, or told of, twice."""


@dataclass(frozen=True)
class Reader:
    """A reader, and how many of a million cases are its own.

    `case` makes a case. `check` reads one; what it raises is a finding, and `LostError` and
    `DoubledError` are findings of that kind.
    """

    name: str
    share: int
    case: Callable[[Random], bytes]
    check: Callable[[bytes], None]


def check_document(document: bytes, deepest: int = MAX_DEPTH) -> None:
    """Check that MongoDB can hold an encoded document, and that it can be read again.

    Args:
        deepest: how many levels of objects and arrays it may have.
    """
    assert len(document) <= MAX_DOCUMENT, "larger than a document may be"
    assert _levels(bson.decode(document)) <= deepest, "nested too deeply"


def check_numbers(found: Iterable[int], expected: Iterable[int]) -> None:
    """Check that each of these lines was found once."""
    numbers = list(found)
    if len(set(numbers)) < len(numbers):
        raise DoubledError
    if missing := set(expected) - set(numbers):
        raise LostError(f"{len(missing)} lines, the first {min(missing)}")
    assert set(numbers) <= set(expected), "a number that no line has"


def check_raw(raw: bytes, delivered: bytes) -> None:
    """Check that a line is kept as it was delivered, and that the quarantine can hold it."""
    if raw != delivered:
        raise LostError("the bytes of a line are not those that were delivered")
    bytes_without_secrets(raw)


def plain_lines(content: bytes) -> Sequence[bytes]:
    """The lines of a file without their ends, by splitting it."""
    lines = content.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def _levels(value: Any) -> int:
    """How many levels of objects and arrays a value has."""
    level, count = [value], 0
    while level:
        count += 1
        level = [
            held
            for each in level
            for held in (each.values() if isinstance(each, dict) else each)
            if isinstance(held, dict | list)
        ]
    return count
