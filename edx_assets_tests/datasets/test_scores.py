"""Scores in parts, problems and chapters, and grades through the course: by day, and in the end."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets.datasets.definition import datasets
from edx_assets_tests.datasets import plain_scores
from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.made_problems import (
    PROBLEMS,
    VISITED,
    course,
    graded,
    random_states,
    state,
    usage,
)
from edx_assets_tests.datasets.plain import Event, Row
from edx_assets_tests.datasets.test_against_plain import START
from edx_assets_tests.datasets.test_problems import STATES

SCORES = ("person_item", "person_problem", "course_problem", "chapter_grades", "grades_over_time")
DAY = 86_400_000  # milliseconds
POINTS = {
    "edx.grades.problem.submitted": ("weighted",),
    "edx.grades.problem.rescored": ("new_weighted",),
    "edx.grades.problem.score_overridden": ("new_weighted",),
    "edx.grades.subsection.grade_calculated": ("weighted_graded", "weighted_total"),
}
KINDS = (
    "problem_check",
    "problem_rescore",
    *POINTS,
    "edx.grades.problem.state_deleted",
    "edx.grades.course.grade_calculated",
    "edx.grades.subsection.score_overridden",
)


def check(
    number: int, at: int, user: int | None, module: str, grade: float | None, *right: bool
) -> Event:
    """The server's verdict on a submission whose parts were right or not."""
    submission = {f"p_{n}_1": {"answer": "x", "correct": told} for n, told in enumerate(right, 2)}
    told: dict[str, Any] = {"grade": grade, "max_grade": 2, "attempts": number}
    told["submission"] = submission
    told["success"] = "correct" if all(right) else "incorrect"
    return Event(number, at, user, "problem_check", "server", module, told)


def regraded(number: int, at: int, kind: str, module: str | None, **told: Any) -> Event:
    """A grade event of learner 7, caused by somebody else."""
    told["user_id"] = "7"
    return Event(number, at, 1, f"edx.grades.{kind}", "server", module, told)


def history(random: Random, users: tuple[int, int], first: int) -> list[Event]:
    """Submissions and grade events of two learners, over some days; numbered from `first`."""
    kinds = random.choice((KINDS[:1], KINDS[:5], KINDS[:7], KINDS))
    numbers = list(range(first, first + random.choice((0, 4, 30))))
    random.shuffle(numbers)
    at, events = START, []
    for number in numbers:
        at += random.choice((1, 60_000, DAY // 3, DAY))
        kind = random.choice(kinds)
        module = usage(random.choice("pqqrxf"))
        earned = random.choice((0, 0.5, 1, 2))
        user = random.choice((*users, None))
        if kind == "problem_check":
            grade = random.choice((None, 0, 1, 2))
            made_up = check(number, at, user, module, grade, *random.choices((True, False), k=2))
            made_up.told["max_grade"] = random.choice((0, 2, 2))
            if random.random() < 0.2:  # as before 2014
                del made_up.told["submission"]
            source = random.choice(("server", "server", "browser"))
            events.append(Event(number, at, user, kind, source, module, made_up.told))
            continue
        told: dict[str, Any] = {}
        for name in POINTS.get(kind, ()):
            told |= {f"{name}_earned": earned, f"{name}_possible": random.choice((0, 2, 4))}
        if kind == "edx.grades.course.grade_calculated":
            told = {"percent_grade": earned / 2, "letter_grade": random.choice(("", "Pass"))}
        if kind == "edx.grades.subsection.grade_calculated":
            module = usage(random.choice(("h1", "h2", "free")), "sequential")
        if kind == "problem_rescore":
            told = {"new_score": earned, "new_total": random.choice((0, 2))}
            told["student"] = f"number{random.choice((*users, 999))}"
        elif random.random() < 0.8:
            told["user_id"] = str(random.choice(users))
        events.append(Event(number, at, user, kind, "server", module, told))
    return events


def only(rows: list[Row], columns: Sequence[str]) -> list[list[Any]]:
    """Some columns of rows, in order."""
    told = [[row[column] for column in columns] for row in rows]
    return sorted(told, key=lambda row: [(value is not None, value) for value in row])


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32))
def test_the_queries_of_scores_agree_with_plain_python(seed: int) -> None:
    random = Random(seed)
    table, events = [], []
    for pair in range(10):  # in one course: making it takes most of the time
        users = 10 * pair + 7, 10 * pair + 8
        table += random_states(random, users, 100 * pair)
        events += history(random, users, 100 * pair)
    usernames = [{"id": user, "username": f"number{user}"} for user in range(200)]
    tables = {STATES: table, "auth_user": usernames, **course(random.choice((None, {})))}
    found = made(SCORES, events, tables)
    axis, weights = found["course_axis"], found["problem_weights"]
    expected = {
        "person_item": plain_scores.person_item(events, table),
        "person_problem": plain_scores.person_problem(events, table),
        "course_problem": plain_scores.course_problem(events, table, axis),
        "chapter_grades": plain_scores.chapter_grades(table, axis),
        "grades_over_time": plain_scores.grades_over_time(events, weights),
    }
    for name, rows in expected.items():
        columns = [each.name for each in datasets()[name].columns if rows and each.name in rows[0]]
        assert only(found[name], columns) == only(rows, columns), name


def test_a_problem_is_dated_by_its_submissions_and_not_by_the_first_visit() -> None:
    table = [state(1, 7, PROBLEMS[0], graded("correct", "incorrect", attempts=2), grade=1.0)]
    events = [
        check(1, START, 7, PROBLEMS[0], 0, False, False),
        check(2, START + 3 * DAY, 7, PROBLEMS[0], 2, True, True),
    ]
    found = made(("person_item", "person_problem"), events, {STATES: table})
    [row] = found["person_problem"]
    first = datetime(2014, 2, 2, 22, 10)
    assert (row["first_time"], row["last_time"]) == (first, first + timedelta(days=3))
    assert first > VISITED
    assert (row["raw_score"], row["pct_score"], row["first_correct"]) == (1, 50.0, False)
    parts = [(row["item_grade"], row["first_item_grade"]) for row in found["person_item"]]
    assert parts == [(1, 0), (0, 0)]
    # without the table, what the events tell; without the events, no dates
    [row] = made(["person_problem"], events)["person_problem"]
    assert (row["raw_score"], row["grade"], row["attempts"]) == (2, 2.0, 2)
    [row] = made(["person_problem"], tables={STATES: table})["person_problem"]
    assert (row["raw_score"], row["attempts"], row["first_time"]) == (1, 2, None)


def test_the_dates_of_a_chapter_are_those_of_its_problems() -> None:
    table = [
        state(1, 7, usage("p"), graded("correct"), grade=1.0, max_grade=1.0),
        state(2, 7, usage("f"), "{}"),
        state(3, 8, usage("x"), "{}"),
        state(4, 8, usage("gone"), graded("correct"), grade=1.0, max_grade=1.0),
    ]
    rows = made(["chapter_grades"], tables={STATES: table, **course()})["chapter_grades"]
    columns = ("chapter_name", "problems_seen", "grade", "first_due", "last_due")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("A", 2, 1.0, datetime(2014, 3, 1), datetime(2014, 4, 1)),
        ("b", 1, 0.0, None, None),
    ]


def test_a_problem_that_nobody_tried_is_there_without_means() -> None:
    rows = made(["course_problem"], tables=course())["course_problem"]
    assert len(rows) == 7
    assert {(row["learners_seen"], row["learners"], row["avg_grade"]) for row in rows} == {
        (None, 0, None)
    }


def test_grades_are_computed_until_events_tell_them() -> None:
    sequential = usage("h1", "sequential")
    events = [
        check(1, START, 7, usage("p"), 1, True, False),
        check(2, START + 1, 7, usage("x"), 2, True),
        check(3, START + DAY, 7, usage("p"), 2, True, True),
        regraded(4, START + 2 * DAY, "problem.score_overridden", usage("p"),
                 new_weighted_earned=1, new_weighted_possible=2),
        regraded(5, START + 2 * DAY + 1, "subsection.grade_calculated", sequential,
                 weighted_graded_earned=1.0, weighted_graded_possible=3.0),
        regraded(6, START + 2 * DAY + 2, "course.grade_calculated", usage("p"),
                 percent_grade=0.64, letter_grade="Pass"),
        check(7, START + 3 * DAY, 7, usage("q"), 2, True),
        regraded(8, START + 4 * DAY, "problem.state_deleted", usage("p")),
        check(9, START + 4 * DAY, None, usage("q"), 0, False),
        check(10, START + 4 * DAY, 7, usage("q"), None, False),
    ]  # fmt: skip
    rows = made(["grades_over_time"], events, course())["grades_over_time"]
    own = [row for row in rows if row["module_id"] in (None, usage("p"), sequential)]
    told = {
        (row["level"], row["module_id"], row["day"].day): (row["grade"], row["told_by"])
        for row in own
    }
    assert len(told) == len(own)
    assert {row["user_id"] for row in rows} == {7}
    assert told == {
        ("problem", usage("p"), 2): (0.5, "problem_check"),
        ("problem", usage("p"), 3): (1.0, "problem_check"),
        ("problem", usage("p"), 4): (0.5, "edx.grades.problem.score_overridden"),
        ("problem", usage("p"), 6): (None, "edx.grades.problem.state_deleted"),
        ("sequential", sequential, 2): (0.25, "computed"),
        ("sequential", sequential, 3): (0.5, "computed"),
        ("sequential", sequential, 4): (
            pytest.approx(1 / 3),
            "edx.grades.subsection.grade_calculated",
        ),
        ("course", None, 2): (0.625, "computed"),
        ("course", None, 3): (0.65, "computed"),
        ("course", None, 4): (0.64, "edx.grades.course.grade_calculated"),
    }
    letters = {(row["day"], row["letter_grade"]) for row in rows if row["letter_grade"]}
    assert letters == {(date(2014, 2, 4), "Pass")}


def test_odd_grade_events_end_nothing() -> None:
    odd: list[Any] = [None, "x", [1], {"a": 1}, str(10**30), True]
    names = "user_id weighted_earned new_weighted_possible weighted_graded_possible percent_grade"
    names += " letter_grade grade max_grade submission"
    events = [
        Event(
            number,
            START + number,
            user,
            kind,
            "server",
            module,
            dict.fromkeys(names.split(), value),
        )
        for number, (kind, value, user, module) in enumerate(
            product(KINDS, odd, (7, None), (usage("p"), None))
        )
    ]
    found = made(("course_item", *SCORES), events, course())
    assert {row["user_id"] for row in found["grades_over_time"]} == {7}
