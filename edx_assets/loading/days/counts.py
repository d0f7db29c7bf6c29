"""Counting a day's lines and records. Reading and writing records does not belong here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from edx_assets.edx.events import IMPLICIT
from edx_assets.loading.entries import Totals

REPEATED_KEPT = 1_000
"""Line numbers of repeated lines that a day's entry keeps: it must stay small."""


class Facts(NamedTuple):
    """What the counts need from a record.

    Keeping whole records until they are written costs a fifth of the time, in garbage collection.
    """

    course: str | None
    implicit: bool
    moment: datetime


def facts_of(record: Mapping[str, Any]) -> Facts:
    """What the counts need from this record."""
    event_type = record.get("event_type")
    implicit = type(event_type) is str and event_type[:1] == IMPLICIT
    return Facts(record.get("course_id"), implicit, record["timestamp"])


@dataclass
class DayCounts:
    """How many of a day's lines were loaded, duplicate, rejected or retired; counts of the records.

    `changed` records are loaded without the name of a retired learner. `repeated` are the
    duplicates that repeat a line of the same file, `repeated_lines` the numbers of the first of
    these. `explicit_courses` are the courses that an explicit event names by a complete course key.
    """

    lines: int = 0
    loaded: int = 0
    duplicates: int = 0
    repeated: int = 0
    repeated_lines: list[int] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    retired: int = 0
    changed: int = 0
    implicit: int = 0
    courses: Counter[str] = field(default_factory=Counter)
    explicit_courses: set[str] = field(default_factory=set)
    hours: Counter[int] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def repeat(self, lines: Sequence[int]) -> None:
        """Count lines that repeat one of the same file."""
        self.repeated += len(lines)
        self.repeated_lines += lines[: REPEATED_KEPT - len(self.repeated_lines)]

    def add(self, loaded: Sequence[Facts]) -> None:
        """Count loaded records."""
        if not loaded:
            return
        self.loaded += len(loaded)
        self.courses.update([facts.course for facts in loaded if facts.course])
        self.implicit += sum(facts.implicit for facts in loaded)
        self.explicit_courses.update(
            facts.course
            for facts in loaded
            if facts.course and not facts.implicit and ":" in facts.course
        )
        moments = [facts.moment for facts in loaded]
        self.hours.update([moment.hour for moment in moments])
        first, last = min(moments).replace(tzinfo=UTC), max(moments).replace(tzinfo=UTC)
        self.first = min(self.first or first, first)
        self.last = max(self.last or last, last)

    def totals(self) -> Totals:
        """The counts of a file's records for the ledger."""
        return Totals(
            loaded=self.loaded,
            implicit=self.implicit,
            first=self.first,
            last=self.last,
            courses=[{"course_key": k, "events": n} for k, n in sorted(self.courses.items())],
            hours=[self.hours[hour] for hour in range(24)],
        )
