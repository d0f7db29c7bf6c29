"""The oddities of real tracking logs: events changed, damaged or repeated, a set number of times.

The manifest counts each oddity under its name. Lines with "truncated" in the name, `blank`,
`comment`, `array`, `scalar`, `time_missing` or `time_unreadable` cannot be loaded; all others can.
A sample too small for an oddity has fewer of it.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from edx_assets.local.sample.events import CUT, Event

SYSLOG_CUT = 2043
"""Length in bytes at which syslog cut a line."""
REPEATED_IN_FILE, REPEATED_WITH_PREFIX, REPEATED_LATER = 12, 4, 8
OUT_OF_ORDER = 15

FOREIGN_LINES = {
    "blank": (5, [b"", b"   "], "blank"),
    "comment": (4, [b"# log rotated", b"#"], "comment"),
    "array": (3, [b"[]", b'[{"event_type": "page_close", "username": "x"}]'], "not_an_event"),
    "scalar": (4, [b"null", b"42", b'"restarting"', b"true"], "not_an_event"),
}
"""Lines that are not events: how many, which ones in turn, and why they are rejected."""


class Rejected(NamedTuple):
    """A line that was an event but cannot be loaded."""

    event: Event
    raw: bytes
    reason: str
    name: str


class _Change(NamedTuple):
    name: str
    times: int
    suits: Callable[[Event], bool]
    change: Callable[[Event, Random], None]


def change_some(rng: Random, events: list[Event]) -> list[Event]:
    """Make some of the events odd, none of them twice; return the unchanged ones."""
    left = [event for event in events if not event.oddities]
    rng.shuffle(left)
    for name, times, suits, change in _CHANGES:
        for event in _take(left, times, suits):
            change(event, rng)
            event.oddities.append(name)
    return left


def spoil_some(rng: Random, left: list[Event]) -> list[Rejected]:
    """Take some events out of `left` and damage their lines."""
    spoilt = []
    for event in _take(left, 6, lambda event: len(event.payload()) > SYSLOG_CUT):
        raw = event.line()[:SYSLOG_CUT]
        spoilt.append(Rejected(event, raw, "not_json", "truncated_at_2043"))
    for event in _take(left, 8, _any):
        raw = event.line()
        cut = raw[: rng.randrange(20, len(raw) - 1)]
        spoilt.append(Rejected(event, cut, "not_json", "truncated"))
    for event in _take(left, 4, _any):
        del event.fields["time"]
        spoilt.append(Rejected(event, event.line(), "no_time", "time_missing"))
    for event, text in zip(
        _take(left, 4, _any), ["", None, "yesterday", "2014-02-30"], strict=False
    ):
        event.fields["time"] = text
        spoilt.append(Rejected(event, event.line(), "no_time", "time_unreadable"))
    return spoilt


def prefixed(event: Event, kind: str) -> bytes:
    """The text in front of the JSON in lines that passed through another program."""
    if kind == "prefix_syslog":
        return (
            f"{event.received:%b} {event.received.day:2d} {event.received:%X} localhost ".encode()
        )
    if kind == "prefix_grep":
        return f"tracking.log-{event.received:%Y%m%d}.gz:".encode()
    clock = f"{event.received:%Y-%m-%d %H:%M:%S},{event.received.microsecond // 1000:03d}"
    return f"{clock} INFO 20 [tracking] [user None] [ip None] logger.py:41 - ".encode()


def _take(left: list[Event], times: int, suits: Callable[[Event], bool]) -> list[Event]:
    """Take the first suitable events out of `left`."""
    taken: list[Event] = []
    place = 0
    while place < len(left) and len(taken) < times:
        if suits(left[place]):
            taken.append(left.pop(place))
        else:
            place += 1
    return taken


def _any(event: Event) -> bool:
    return True


def _short_implicit(event: Event) -> bool:
    return event.implicit and len(event.fields["event"]) < CUT


def _old(event: Event) -> bool:
    return "/" in event.fields["context"]["course_id"]


def _names_course_in_address(event: Event) -> bool:
    return event.implicit or event.fields["event_type"] == "page_close"


def _turns_page(event: Event) -> bool:
    """Whether its page's URL is that of the sequential it names."""
    return event.fields["event_type"] in ("seq_next", "seq_goto", "seq_prev")


def _plays_in_app(event: Event) -> bool:
    source, kind = event.fields["event_source"], event.fields["event_type"]
    return (source, kind) == ("mobile", "play_video")


def _is_verdict(event: Event) -> bool:
    return (event.fields["event_type"], event.fields["event_source"]) == ("problem_check", "server")


def _set(field: str, make: Callable[[Event], object]) -> Callable[[Event, Random], None]:
    return lambda event, rng: event.fields.__setitem__(field, make(event))


def _in_context(field: str, make: Callable[[Event], object]) -> Callable[[Event, Random], None]:
    return lambda event, rng: event.fields["context"].__setitem__(field, make(event))


def _prefix(kind: str) -> Callable[[Event, Random], None]:
    def change(event: Event, rng: Random) -> None:
        event.before = prefixed(event, kind)

    return change


def _lead_with_nuls(event: Event, rng: Random) -> None:
    event.before = b"\0" * rng.choice([1, 64, 4096])


def _lose_microseconds(event: Event, rng: Random) -> None:
    event.time = event.time.replace(microsecond=0)
    event.fields["time"] = event.time.isoformat()


def _lose_course_id(event: Event, rng: Random) -> None:
    del event.fields["context"]["course_id"]


def _have_no_course(event: Event, rng: Random) -> None:
    event.fields["event_type"] = event.fields["context"]["path"] = "/dashboard"
    event.fields["context"] |= {"course_id": "", "org_id": ""}
    event.course = event.about = None


def _end_in_half_a_character(event: Event, rng: Random) -> None:
    text = '{"POST": {"body": ["' + "Je ne comprends pas. " * 30
    event.fields["event"] = text[: CUT - 1] + "\ud83d"


def _fill_up(event: Event, rng: Random) -> None:
    text = f'{{"POST": {{"body": ["{rng.getrandbits(64):016x} ' + "and so on " * 60
    event.fields["event"] = text[:CUT]


def _not_a_number(event: Event, rng: Random) -> None:
    event.fields["event_type"] = "speed_change_video"
    event.fields["event"] |= {"old_speed": 1.0, "new_speed": float("nan")}


def _dollar_key(event: Event, rng: Random) -> None:
    event.fields["event"]["answers"] = {**event.fields["event"]["answers"], "$x": "2"}


_CHANGES = [
    _Change("not_a_number", 4, _plays_in_app, _not_a_number),
    _Change(
        "over_escaped",
        5,
        _turns_page,
        _set("event", lambda e: e.fields["event"].replace('"', '\\"')),
    ),
    _Change("dollar_key", 5, _is_verdict, _dollar_key),
    _Change("other_spelling", 12, _old, _in_context("course_id", lambda e: e.course)),
    _Change("context_empty", 8, _names_course_in_address, _set("context", lambda e: {})),
    _Change("course_in_address_only", 8, _names_course_in_address, _lose_course_id),
    _Change("no_course", 4, _short_implicit, _have_no_course),
    _Change("cut_at_512", 6, _short_implicit, _fill_up),
    _Change("lone_surrogate", 4, _short_implicit, _end_in_half_a_character),
    _Change(
        "course_id_newline",
        6,
        _any,
        _in_context("course_id", lambda e: e.fields["context"]["course_id"] + "\n"),
    ),
    _Change(
        "dotted_key",
        10,
        _any,
        _in_context("course_user_tags", lambda e: {"xblock.partition_service.partition_1": "g"}),
    ),
    _Change("user_id_empty", 5, _any, _in_context("user_id", lambda e: "")),
    _Change("user_id_null", 5, _any, _in_context("user_id", lambda e: None)),
    _Change("user_id_text", 5, _any, _in_context("user_id", lambda e: str(e.learner))),
    _Change("username_empty", 5, _any, _set("username", lambda e: "")),
    _Change("username_newline", 5, _any, _set("username", lambda e: e.fields["username"] + "\n")),
    _Change("time_without_microseconds", 6, _any, _lose_microseconds),
    _Change("time_naive", 6, _any, _set("time", lambda e: e.fields["time"].removesuffix("+00:00"))),
    _Change(
        "time_with_z", 6, _any, _set("time", lambda e: e.fields["time"].replace("+00:00", "Z"))
    ),
    _Change("prefix_syslog", 5, _any, _prefix("prefix_syslog")),
    _Change("prefix_logger", 5, _any, _prefix("prefix_logger")),
    _Change("prefix_grep", 5, _any, _prefix("prefix_grep")),
    _Change("nul_led", 5, _any, _lead_with_nuls),
]
