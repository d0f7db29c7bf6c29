"""The sample's tracking logs: where each line is in which file, and what it counts as."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random

from edx_assets.local.sample.calendar import SITES, Calendar
from edx_assets.local.sample.events import Event
from edx_assets.local.sample.oddities import (
    FOREIGN_LINES,
    OUT_OF_ORDER,
    REPEATED_IN_FILE,
    REPEATED_LATER,
    REPEATED_WITH_PREFIX,
    change_some,
    prefixed,
    spoil_some,
)

_MOVED_BY = 6  # lines


@dataclass(frozen=True)
class Line:
    """A line without its end: an event to load, a duplicate, or a line to reject."""

    raw: bytes
    event: Event | None = None
    reason: str | None = None  # for rejecting it
    oddity: str | None = None

    @property
    def repeated(self) -> bool:
        """Whether it repeats an earlier line of the site."""
        return self.event is None and self.reason is None


@dataclass
class DayFile:
    """A site's tracking log for a day; `name` is None if there is none."""

    site: str
    day: date
    name: str | None
    lines: list[Line] = field(default_factory=list)
    ended: bool = True  # with a line end

    def content(self) -> bytes:
        """The log before compression."""
        content = b"".join(line.raw + b"\n" for line in self.lines)
        return content if self.ended else content[:-1]

    def oddities(self) -> Iterator[str]:
        """The names of the oddities in it."""
        for line in self.lines:
            if line.oddity:
                yield line.oddity
            if line.event:
                yield from line.event.oddities
        if not self.ended:
            yield "no_final_line_end"
        if self.name and not self.lines:
            yield "empty_file"


def make_logs(rng: Random, events: list[Event], calendar: Calendar) -> list[DayFile]:
    """Every day of every site, in order; events of days without a file are never delivered.

    Raises:
        RuntimeError: two different events gave the same line, which would make the manifest's
            counts of duplicates wrong.
    """
    files = {
        (site, day): DayFile(site, day, calendar.file_name(site, day))
        for site in SITES
        for day in calendar.days
    }
    delivered = [
        event
        for event in events
        if event.received.date() <= calendar.last_day
        and calendar.has_lines(event.site, event.received.date())
    ]
    left = change_some(rng, delivered)
    spoilt = spoil_some(rng, left)
    rejected = {id(entry.event) for entry in spoilt}
    lines = [(event, Line(event.line(), event)) for event in delivered if id(event) not in rejected]
    if len({event.payload() for event, _line in lines}) < len(lines):
        raise RuntimeError("two events of the sample gave the same line: use another seed")
    lines += [(entry.event, Line(entry.raw, None, entry.reason, entry.name)) for entry in spoilt]
    for event, line in sorted(lines, key=lambda pair: pair[0].received):
        files[event.site, event.received.date()].lines.append(line)
    full = [file for file in files.values() if len(file.lines) > 2 * _MOVED_BY]
    _move(rng, full)
    _repeat(rng, files, left)
    _insert_foreign(rng, full)
    full[len(full) // 3].ended = False
    return list(files.values())


def _move(rng: Random, files: list[DayFile]) -> None:
    """Move some lines later than their events."""
    for _time in range(OUT_OF_ORDER):
        lines = rng.choice(files).lines
        event_places = [place for place, line in enumerate(lines[:-_MOVED_BY]) if line.event]
        line = lines.pop(place := rng.choice(event_places))
        lines.insert(place + _MOVED_BY, line)
        if line.event and "out_of_order" not in line.event.oddities:
            line.event.oddities.append("out_of_order")


def _repeat(rng: Random, files: dict[tuple[str, date], DayFile], left: list[Event]) -> None:
    """Deliver some lines again, after the first time: in the same file or on a later day."""
    for _time in range(REPEATED_IN_FILE):
        event = left.pop()
        again = Line(event.line(), oddity="repeated_in_file")
        _insert_behind(rng, files[event.site, event.received.date()].lines, event, again)
    for _time in range(REPEATED_WITH_PREFIX):
        event = left.pop()
        raw = prefixed(event, "prefix_syslog") + event.line()
        again = Line(raw, oddity="repeated_with_prefix")
        _insert_behind(rng, files[event.site, event.received.date()].lines, event, again)
    for time in range(REPEATED_LATER):
        site = "edge" if time % 4 == 0 else "edx"
        last = max(day for of, day in files if of == site and files[of, day].lines)
        event = next(e for e in left if e.site == site and e.received.date() < last)
        left.remove(event)
        later = [
            file.lines
            for (of, day), file in files.items()
            if of == site and day > event.received.date() and file.lines
        ]
        lines = rng.choice(later)
        lines.insert(rng.randrange(len(lines)), Line(event.line(), oddity="repeated_later"))


def _insert_behind(rng: Random, lines: list[Line], event: Event, again: Line) -> None:
    place = next(place for place, line in enumerate(lines) if line.event is event)
    lines.insert(rng.randint(place + 1, len(lines)), again)


def _insert_foreign(rng: Random, files: list[DayFile]) -> None:
    """Insert lines that are not events, never last: a blank last line would not count."""
    for name, (times, texts, reason) in FOREIGN_LINES.items():
        for time in range(times):
            lines = rng.choice(files).lines
            line = Line(texts[time % len(texts)], None, reason, name)
            lines.insert(rng.randrange(len(lines)), line)
