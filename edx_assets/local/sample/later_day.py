"""A day of the sample after those that were delivered at first, or more events of one of them."""

from datetime import date
from random import Random

from edx_assets.local.sample.calendar import Calendar
from edx_assets.local.sample.events import Event
from edx_assets.local.sample.history import (
    CHANCE_OF_A_VISIT,
    Enrolment,
    begin,
    some_time,
    visit_of,
)
from edx_assets.local.sample.sessions import study


def make_day(parameters: dict[str, int], site: str, day: date, turn: int = 0) -> list[Event]:
    """The events of a day, in order; other ones with every `turn`.

    The sample's learners visit the courses that they are enrolled in, at least one of them a course
    that has not ended, if there is one. None of the events is in the logs that were made at first.

    Args:
        parameters: those that the sample was made with, as in its manifest.
        site: `edx` or `edge`.
        day: when the events are received, in UTC.
        turn: any number.
    """
    seed, calendar = parameters["seed"], Calendar(parameters["weeks"])
    _rng, history = begin(seed, parameters["learners"], calendar)
    rng = Random(f"{seed}/{site}/{day}/{turn}")
    enrolments = [each for each in history.enrolments if each.course.site == site]
    running = [each for each in enrolments if not _is_over(each, day)]
    visitors = [each for each in enrolments if rng.random() < _chance(each, day)]
    if not any(each in (running or visitors) for each in visitors):
        visitors.append(rng.choice(running or enrolments))
    events: list[Event] = []
    for enrolment in visitors:
        visit = visit_of(rng, enrolment, some_time(rng, day))
        study(visit, rng.choice(enrolment.course.sequentials), history.posts)
        events += visit.events
    return sorted(
        (event for event in events if event.received.date() == day),
        key=lambda event: event.received,
    )


def log_of(lines: list[bytes]) -> bytes:
    """Lines as a tracking log, before compression."""
    return b"".join(line + b"\n" for line in lines)


def _chance(enrolment: Enrolment, day: date) -> float:
    if enrolment.left and day >= enrolment.left.date():
        return 0
    return CHANCE_OF_A_VISIT / 4 if _is_over(enrolment, day) else CHANCE_OF_A_VISIT


def _is_over(enrolment: Enrolment, day: date) -> bool:
    _start, end = enrolment.course.window
    return end is not None and day >= end.date()
