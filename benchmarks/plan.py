"""What a run of the suite was asked for: sizes, repeats, server, folders."""

from dataclasses import dataclass
from pathlib import Path

from edx_assets.local.embedded_store import KINDS, SECANTUSD_PY, program_of


@dataclass(frozen=True)
class Plan:
    """Sizes are in events, that of `decade` in days, courses and packages.

    `mongo` is a connection string, or None for the embedded store.
    """

    events: int
    repeats: int
    mongo: str | None
    build: Path
    work: Path
    growth: tuple[int, ...]
    growth_day: int
    backfill_days: int
    backfill_events: int
    course_events: int
    decade: tuple[int, int, int]
    lock_turns: int

    @property
    def embedded(self) -> str | None:
        """The program that a new embedded store is."""
        return next((kind for kind in KINDS if program_of(kind)), None)

    def stored(self, events: int) -> int:
        """The size of a stage on the store: `events` at most where that is the slow embedded one.

        What is compared there are rates; how they change with the size is told by `growth`.
        """
        if self.mongo is None and self.embedded == SECANTUSD_PY:
            return min(self.events, events)
        return min(self.events, 10 * events)
