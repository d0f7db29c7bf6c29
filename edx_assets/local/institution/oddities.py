"""What real logs are full of: lines that are odd and load all the same, and lines that cannot.

Each oddity is put in a known number of times; the manifest counts them.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from edx_assets.local.institution.sessions import Event

Line = tuple[bytes, Event | None, str]
"""A line, the event it should load (None if none), and the reason of its rejection (or '')."""

_PREFIXES = (
    b"Sep  9 00:00:48 localhost ",
    b"2014-02-09 13:53:13,461 INFO 20 [tracking] [user None] [ip None] logger.py:41 - ",
    b"tracking.log-20140209.gz:",
)
_TIMES = ("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Oddities:
    """Puts oddities into a site's files, and counts them."""

    random: Random
    counts: Counter[str] = field(default_factory=Counter)

    def file(self, events: list[Event], earlier: list[bytes]) -> list[Line]:
        """A day's lines: its events, some of them odd, and lines that are no events of their own.

        Args:
            events: the day's events, in the order of their arrival.
            earlier: lines of the site's earlier files that are loaded, to be delivered again.
        """
        lines: list[Line] = []
        for event in events:
            if self.random.random() < 0.02:
                event = self._odd_event(event)
            line = dumped(event)
            if self.random.random() < 0.004:
                line = self._odd_line(line)
            lines.append((line, event, ""))
        if not lines:
            return lines
        for _time in range(2):
            place = self.random.randrange(len(lines))
            if place > 0 and lines[place] != lines[place - 1]:
                lines[place - 1 : place + 1] = reversed(lines[place - 1 : place + 1])
                self.counts["out_of_order"] += 1
        self._repeat(lines, earlier)
        self._spoil(lines)
        return lines

    def _odd_event(self, event: Event) -> Event:
        name, change = self.random.choice(list(_CHANGES.items()))
        changed = change(event, self.random)
        if changed is event:
            return event
        self.counts[name] += 1
        return changed

    def _odd_line(self, line: bytes) -> bytes:
        if self.random.random() < 0.2:
            self.counts["nuls"] += 1
            return b"\0" * self.random.choice([1, 40, 4096]) + line
        self.counts["prefixed"] += 1
        return self.random.choice(_PREFIXES) + line

    def _repeat(self, lines: list[Line], earlier: list[bytes]) -> None:
        """Deliver lines again: of this file, of this file under a prefix, of an earlier file."""
        own = [line for line, event, _reason in lines if event and line.startswith(b"{")]
        chosen = [("duplicate_in_file", own), ("duplicate_prefixed", own)]
        if self.random.random() < 0.5:
            chosen.append(("duplicate_across_files", earlier))
        for name, source in chosen:
            if source:
                line = self.random.choice(source)
                prefix = _PREFIXES[0] if name == "duplicate_prefixed" else b""
                lines.append((prefix + line, None, ""))
                self.counts[name] += 1

    def _spoil(self, lines: list[Line]) -> None:
        """Put in lines that cannot be loaded."""
        whole = next(event for _line, event, _reason in lines if event)
        spoilt: list[tuple[str, bytes, str]] = [
            ("blank", b"", "blank"),
            ("comment", b"# rotated", "comment"),
            ("array", b'[1, {"event_type": "x"}]', "not_an_event"),
            ("scalar", b'"text"', "not_an_event"),
            ("no_time", dumped(whole.changed(time=None, session="t")), "no_time"),
            ("bad_time", dumped(whole.changed(time="yesterday", session="b")), "no_time"),
        ]
        for number in range(2):
            text = dumped(whole.changed(session=f"cut {number}", padding="x" * 3000 * number))
            spoilt.append(("truncated", text[: min(2043, len(text) * 2 // 3)], "not_json"))
        for name, line, reason in self.random.sample(spoilt, 3):
            lines.insert(self.random.randrange(len(lines) + 1), (line, None, reason))
            self.counts[name] += 1


def dumped(event: Event) -> bytes:
    """An event as edX writes it: Python's json, separators and escapes and all."""
    return json.dumps(event.record).encode()


def _context(event: Event, **fields: object) -> Event:
    return event.changed(context={**event.record["context"], **fields})


def _plain(event: Event) -> bool:
    """Whether it can lose its context and still tell its course by its address, and its block."""
    return event.record["event_type"] == "page_close" or (event.implicit and not event.about_block)


def _cut_at_512(event: Event, random: Random) -> Event:
    if not event.implicit:
        return event
    text = json.dumps({"POST": {"answer": "x" * 600}, "GET": {}})
    return event.changed(event=text[:512])


def _lone_surrogate(event: Event, random: Random) -> Event:
    if not event.implicit:
        return event
    return event.changed(event=('{"POST": {"answer": "' + "é" * 490)[:511] + "\ud83d")


_CHANGES: dict[str, Callable[[Event, Random], Event]] = {
    "event_cut_at_512": _cut_at_512,
    "lone_surrogate": _lone_surrogate,
    "nan": lambda event, random: event.changed(new_speed=float("nan")),
    "dotted_keys": lambda event, random: _context(
        event, course_user_tags={"xblock.partition_service.partition_1": "g", "$ref": 1}
    ),
    "user_id": lambda event, random: _context(
        event, user_id=random.choice(["", None, str(event.record["context"]["user_id"])])
    ),
    "username": lambda event, random: event.changed(
        username=random.choice(["", event.record["username"] + "\n"])
    ),
    "course_id_newline": lambda event, random: _context(event, course_id=event.course.told + "\n"),
    "empty_context": lambda event, random: event.changed(context={}) if _plain(event) else event,
    "other_spelling": lambda event, random: (
        _context(event, course_id=event.course.key) if event.course.old else event
    ),
    "time_variant": lambda event, random: event.changed(time=f"{event.at:{random.choice(_TIMES)}}"),
    "over_escaped": lambda event, random: (
        event.changed(event='{\\"a\\": \\"b\\"}')
        if event.record["event_type"] == "page_close"
        else event
    ),
}
