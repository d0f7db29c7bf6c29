"""What a run of the suite was asked for: sizes, repeats, server, folders."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """Sizes are in events; `mongo` is a connection string, or None for the embedded store."""

    events: int
    repeats: int
    mongo: str | None
    build: Path
    work: Path
    growth: tuple[int, ...]
    growth_day: int
    backfill_days: int
    backfill_events: int

    def at_most(self, events: int) -> int:
        """The size of a stage that need not, or cannot, be as long as the others."""
        return min(self.events, events)
