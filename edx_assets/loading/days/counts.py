"""What is counted of a day's lines and records, while they are loaded and from what is there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from edx_assets.edx.events import IMPLICIT
from edx_assets.loading.ledger import MASTER, TRACKING, Entry
from edx_assets.resources.store import BATCH, Store


class Told(NamedTuple):
    """What the counts need of a record: keeping whole ones until they are written costs a fifth
    of the time, in the garbage collector."""

    course: str | None
    implicit: bool
    moment: datetime


def told_of(record: dict[str, Any]) -> Told:
    """What the counts need of this record."""
    event_type = record.get("event_type")
    implicit = type(event_type) is str and event_type[:1] == IMPLICIT
    return Told(record.get("course_id"), implicit, record["timestamp"])


@dataclass
class DayCounts:
    """What became of a day's lines, and what the loaded records are."""

    lines: int = 0
    loaded: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    implicit: int = 0
    courses: Counter[str] = field(default_factory=Counter)
    told_courses: set[str] = field(default_factory=set)
    hours: Counter[int] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def add(self, loaded: Sequence[Told]) -> None:
        """Count loaded records."""
        if not loaded:
            return
        self.loaded += len(loaded)
        self.courses.update([told.course for told in loaded if told.course])
        self.implicit += sum(told.implicit for told in loaded)
        self.told_courses.update(
            told.course
            for told in loaded
            if told.course and not told.implicit and ":" in told.course
        )
        moments = [told.moment for told in loaded]
        self.hours.update([moment.hour for moment in moments])
        first, last = min(moments).replace(tzinfo=UTC), max(moments).replace(tzinfo=UTC)
        self.first = min(self.first or first, first)
        self.last = max(self.last or last, last)

    def totals(self) -> Entry:
        """What the ledger says of a file's records, as far as they themselves tell it."""
        return {
            "loaded": self.loaded,
            "implicit": self.implicit,
            "first": self.first,
            "last": self.last,
            "courses": [{"course_key": k, "events": n} for k, n in sorted(self.courses.items())],
            "hours": [self.hours[hour] for hour in range(24)],
        }


def held_of(store: Store, file: str) -> Entry:
    """The same totals of the records that the master collection holds of a file."""
    counts = DayCounts()
    fields = ["course_id", "event_type", "timestamp"]
    records = store.find(MASTER, TRACKING, {"load_file": file}, fields=fields)
    while batch := [told_of(record) for record in islice(records, BATCH)]:
        counts.add(batch)
    return counts.totals()
