"""What a run of the suite was asked for: sizes, repeats, server, folders."""

import shutil
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

    def stored(self, events: int) -> int:
        """The size of a stage on the store: `events` at most on the embedded one, which is slow.

        What is compared there are rates; how they change with the size is told by `growth`.
        """
        if self.mongo is None and shutil.which("mongod") is None:
            return min(self.events, events)
        return min(self.events, 10 * events)
