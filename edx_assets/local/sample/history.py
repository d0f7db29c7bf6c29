"""What happened at the sample institution: enrolments, visits, and what they left behind."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from edx_assets.local.sample.blocks import make_courses
from edx_assets.local.sample.calendar import FIRST_DAY, SITES, Calendar
from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.discussions import Post
from edx_assets.local.sample.events import Event, Visit
from edx_assets.local.sample.people import NOTABLE, Learner, make_learners
from edx_assets.local.sample.problems import look_at_deleted
from edx_assets.local.sample.sessions import enrol, study

_EDGE_LEARNERS = 4  # the course team, trying things out
CHANCE_OF_A_VISIT = 0.19
"""Of a learner's visit to a course on a day."""
_VISITS_TO_DELETED = (4, 8, 16, 32)  # numbers of visits, counted per course


@dataclass
class Enrolment:
    """A learner's enrolment in a course; `left` is when they unenrolled."""

    learner: Learner
    course: Course
    created: datetime
    mode: str
    left: datetime | None = None


@dataclass
class History:
    """Everything that happened, whether or not it is delivered."""

    courses: list[Course]
    enrolments: list[Enrolment]
    events: list[Event] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)


def make_history(seed: int, learners: int, calendar: Calendar) -> History:
    """Let learners enrol, visit and write; the number of events grows with theirs."""
    rng, history = begin(seed, learners, calendar)
    _enrol_all(rng, history)
    _visit_all(rng, history, calendar)
    return history


def begin(seed: int, learners: int, calendar: Calendar) -> tuple[Random, History]:
    """A history in which nobody has enrolled or visited yet, and what its randomness goes on with.

    Its courses, learners and enrolments are those of every history made with the same arguments.
    """
    rng = Random(f"{seed}/history")
    courses = make_courses(seed, calendar.last_day)
    on_edx = [course for course in courses if course.site == "edx"]
    on_edge = [course for course in courses if course.site == "edge"]
    people = make_learners(rng, learners, 100_003)
    team = make_learners(rng, _EDGE_LEARNERS, 4_001)
    enrolments = [
        _enrolment(rng, learner, course, calendar)
        for number, learner in enumerate(people)
        for course in (on_edx if number < NOTABLE else rng.sample(on_edx, rng.choice([1, 1, 2])))
    ]
    enrolments += [
        _enrolment(rng, member, course, calendar) for course in on_edge for member in team
    ]
    history = History(courses, enrolments)
    history.posts += [_welcome(rng, course, people[0]) for course in on_edx]
    history.posts += [_welcome(rng, course, team[0]) for course in on_edge]
    return rng, history


def _enrolment(rng: Random, learner: Learner, course: Course, calendar: Calendar) -> Enrolment:
    """Most enrol before the first day, the others in the first two weeks; some leave later."""
    start = datetime.combine(FIRST_DAY, time(8), UTC)
    late = course.site == "edx" and rng.random() < 0.45
    days = rng.uniform(0, 10) if late else -rng.uniform(1, 15)
    created = start + timedelta(seconds=int(days * 86400))
    left = None
    if course.site == "edx" and rng.random() < 0.08:
        left = created + timedelta(days=rng.uniform(8, 20), seconds=15 * 86400 if not late else 0)
    mode = rng.choice(["honor", "honor", "audit", "verified"])
    return Enrolment(learner, course, created, mode, left)


def _welcome(rng: Random, course: Course, author: Learner) -> Post:
    """The thread that is in a course's forum from the start."""
    identity = f"52e54fdd{rng.getrandbits(64):016x}"
    before = datetime.combine(FIRST_DAY - timedelta(7), time(15, 30), UTC)
    topic = f"{course.number}-general".lower()
    return Post(identity, course, author, before, "Welcome!\nBienvenue !", topic, "Introductions")


def _enrol_all(rng: Random, history: History) -> None:
    for enrolment in history.enrolments:
        for moment, active in ((enrolment.created, True), (enrolment.left, False)):
            if moment:
                visit = visit_of(rng, enrolment, moment)
                enrol(visit, enrolment.mode, active)
                history.events += visit.events


def _visit_all(rng: Random, history: History, calendar: Calendar) -> None:
    """Visits in order of time: posts have to exist before they are answered."""
    lessons: Counter[int] = Counter()
    visits: Counter[tuple[str, str]] = Counter()
    for start, number in sorted(_planned(rng, history, calendar)):
        enrolment = history.enrolments[number]
        course = enrolment.course
        visit = visit_of(rng, enrolment, start)
        lesson = course.sequentials[lessons[number] % len(course.sequentials)]
        study(visit, lesson, history.posts)
        lessons[number] += 1
        visits[course.key, course.site] += 1
        if visits[course.key, course.site] in _VISITS_TO_DELETED:
            look_at_deleted(visit)
        history.events += visit.events


def _planned(rng: Random, history: History, calendar: Calendar) -> list[tuple[datetime, int]]:
    """When the learner of each enrolment (by its position in the list) visits."""
    planned = []
    for day in calendar.days:
        came: set[str] = set()
        for number, enrolment in enumerate(history.enrolments):
            if rng.random() < _chance(enrolment, day, calendar):
                start = some_time(rng, day)
                if start > enrolment.created:
                    planned.append((start, number))
                    came.add(enrolment.course.site)
        for site in SITES:
            if site not in came and calendar.has_lines(site, day):  # else its file would be empty
                start = some_time(rng, day)
                planned.append((start, _anyone(rng, history, site, start)))
    return planned


def _anyone(rng: Random, history: History, site: str, moment: datetime) -> int:
    there = [
        number
        for number, enrolment in enumerate(history.enrolments)
        if enrolment.course.site == site and enrolment.created < moment
    ]
    return rng.choice(there)


def some_time(rng: Random, day: date) -> datetime:
    """Mornings and evenings in the Americas, in UTC."""
    hours = rng.triangular(6, 23.5, 17)
    return datetime.combine(day, time(), UTC) + timedelta(seconds=hours * 3600)


def _chance(enrolment: Enrolment, day: date, calendar: Calendar) -> float:
    if enrolment.left and day >= enrolment.left.date():
        return 0
    if enrolment.course.site == "edge":
        return 0.3 if calendar.has_lines("edge", day) else 0
    _start, end = enrolment.course.window
    over = end is not None and day >= end.date()
    return CHANCE_OF_A_VISIT / 4 if over else CHANCE_OF_A_VISIT


def visit_of(rng: Random, enrolment: Enrolment, start: datetime) -> Visit:
    """A visit of the learner of an enrolment to its course, in a session of its own."""
    session = f"{rng.getrandbits(128):032x}"
    course = enrolment.course
    return Visit(enrolment.learner, course, start, rng, session, page=course.url("about"))
