"""Numbers as a report publishes them: rounded, so that no small group of learners can be told.

Every number on a page comes from here. Numbers of learners, and of what they did, are rounded to
the nearest ten, as statistical offices do it (the Standard Rounding Methodology of the British
higher education statistics rounds to fives). What is published differs by multiples of ten, so no
difference between two numbers, of one page or of two, is a group under ten. A share is computed
from the rounded numbers and tells no more than they do.
"""

from dataclasses import dataclass
from math import ceil

LEAST = 10
"""Learners: a smaller group is not told, and numbers are rounded to multiples of it."""

_UNDER = f"under {LEAST}"


@dataclass(frozen=True)
class Published:
    """A number as it may be shown.

    `drawn` is what a chart draws: the number, in percent for a share, or null for none. With
    `pale`, the true number is anything from 1 up to that.
    """

    text: str
    drawn: int | None = None
    pale: bool = False


def learners(number: int | None) -> Published:
    """A number of learners; null means that it is unknown."""
    if number is None:
        return Published("unknown")
    if 0 < number < LEAST:
        return Published(_UNDER, LEAST, pale=True)
    return Published(f"{_rounded(number):,}", _rounded(number))


def of_learners(number: float | None, group: int | None, digits: int = 0) -> Published:
    """A number of what a group of learners did, or their mean with `digits` after the point.

    It is not told of a group under ten, unless nobody is in it.
    """
    if number is None or group is None:
        return Published("unknown")
    if 0 < group < LEAST:
        return Published(f"{_UNDER} learners")
    if digits:
        return Published(f"{number:,.{digits}f}")
    return Published(f"{_rounded(number):,}", _rounded(number))


def share(part: int | None, whole: int | None) -> Published:
    """The share of a group of learners, in percent, that a part of the group is.

    It follows from the two numbers as they are published; of a part under ten, a bound is told.
    """
    parts, group = learners(part), learners(whole)
    if parts.drawn is None or group.drawn is None:
        return Published("unknown")
    if group.pale:
        return Published(f"{_UNDER} learners")
    if not group.drawn:
        return Published("nobody")
    if not parts.pale:
        percent = round(100 * parts.drawn / group.drawn)
        return Published(f"{percent}%", percent)
    bound = ceil(100 * LEAST / max(group.drawn - LEAST / 2, LEAST))
    if bound >= 100:
        return Published(f"{_UNDER} learners")
    return Published(f"under {bound}%", bound, pale=True)


def _rounded(number: float) -> int:
    return int((number + LEAST / 2) // LEAST) * LEAST
