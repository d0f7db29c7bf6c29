"""De-identified rows: no class is smaller than k, and nothing tells who somebody is."""

import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets.exports.release.columns import HIDDEN, QUASI, USUAL, released_columns
from edx_assets_tests.exports.release.learners import (
    Learner,
    released,
    rules,
    smallest_classes,
)

MOMENTS = [datetime(2014, 2, day, hour) for day in (1, 2, 28) for hour in (0, 23)]
LEARNERS = st.fixed_dictionaries(
    {
        "user_id": st.integers(1, 14),
        "gender": st.sampled_from([None, "f", "m", "", "*"]),
        "YoB": st.sampled_from([None, 1950, 1981, 1982, 1990, 0, -5, 2**62]),
        "LoE": st.sampled_from([None, "b", "hs", "zz"]),
        "cc_by_ip": st.sampled_from([None, "CA", "US", "XX"]),
        "profile_country": st.sampled_from([None, "ca", "FR"]),
        "nforum_posts": st.sampled_from([None, 0, 1, 3, 400]),
        "certified": st.booleans(),
        "completed": st.sampled_from([None, True, False]),
        "grade": st.sampled_from([None, 0.0, 0.123456, 1.0, float("nan"), float("inf")]),
        "nevents": st.sampled_from([None, 0, 99, 12345, 2**62]),
        "sum_dt": st.sampled_from([None, 0.4, 99.7, 1e300, float("inf")]),
        "mode": st.sampled_from([None, "honor", "verified"]),
        "start_time": st.sampled_from([None, *MOMENTS]),
        "last_event": st.sampled_from([None, *MOMENTS]),
        "roles": st.sampled_from([None, "Student", "Staff"]),
    }
)
COURSE = st.lists(LEARNERS, max_size=14, unique_by=lambda learner: learner["user_id"])
CHOSEN = st.lists(st.sampled_from([*QUASI]), unique=True, max_size=5)


@settings(deadline=None, max_examples=60)
@given(
    courses=st.lists(COURSE, min_size=1, max_size=4),
    quasi=CHOSEN,
    k=st.integers(2, 5),
    joined=st.booleans(),
)
def test_no_class_is_smaller_than_k_however_many_courses(
    courses: list[list[Learner]], quasi: list[str], k: int, joined: bool
) -> None:
    """Also with nulls, with one row, and after another course has been added."""
    kept = rules(k, *quasi, joined=joined)
    names = [each.name for each in kept.quasi]
    for count in range(1, len(courses) + 1):
        given = {f"C{number}": course for number, course in enumerate(courses[:count])}
        rows, done = released(given, kept)
        if rows:
            assert min(smallest_classes(rows, names)) >= k
            assert list(rows[0]) == [column.name for column in released_columns(kept.quasi)]
        learners = [learner for course in given.values() for learner in course]
        assert done.staff == sum(learner["roles"] == "Staff" for learner in learners)
        dropped = done.dropped_for_courses + done.dropped_for_class
        assert len(learners) == done.staff + dropped + len(rows)


def crowd(count: int, first: int = 0, **told: Any) -> list[Learner]:
    return [{"user_id": first + number, **told} for number in range(count)]


def test_a_learner_alone_is_not_released() -> None:
    assert released({"C": crowd(1, gender="f")}, rules(2))[0] == []
    assert released({"C": []}, rules(2))[0] == []
    assert len(released({"C": crowd(2, gender="f")}, rules(2))[0]) == 2


def test_what_is_rare_is_coarsened_and_the_rest_is_told_as_it_is() -> None:
    many = crowd(40, gender="f", YoB=1980, LoE="b", cc_by_ip="CA", nforum_posts=0)
    few = crowd(3, 100, gender="m", YoB=1901, LoE="el", cc_by_ip="FR", nforum_posts=7)
    rows, _done = released({"C": many + few}, rules(5))
    told = [tuple(row[name] for name in USUAL) for row in rows]
    assert told.count(("f", "1980", "b", "CA", "0")) == 40
    assert len(told) == 40
    more = crowd(3, 200, gender="m", YoB=1909, LoE="hs", cc_by_ip="DE", nforum_posts=8)
    rows, _done = released({"C": many + few + more}, rules(5))
    coarse = [row for row in rows if row["gender"] == "m"]
    assert {tuple(row[name] for name in USUAL) for row in coarse} == {
        ("m", "1900 to 1909", "school or none", "Western Europe", "5 to 9")
    }


def test_two_that_took_the_same_courses_in_other_ways_are_not_alike() -> None:
    """Each row is one of four, and each set of courses one of eight, but the pairs are of two."""
    courses: dict[str, list[Learner]] = {"A": [], "B": []}
    for number in range(8):
        courses["A"] += crowd(1, number, gender="fm"[number % 2])
        courses["B"] += crowd(1, number, gender="fm"[number // 2 % 2])
    rows, _done = released(courses, rules(4, "gender"))
    assert len(rows) == 16
    assert {row["gender"] for row in rows} == {HIDDEN}
    rows, _done = released(courses, rules(4, "gender", joined=False))
    assert {row["gender"] for row in rows} == {"f", "m"}
    assert len({row["learner"] for row in rows}) == 16


def test_who_took_a_rare_set_of_courses_loses_the_rarest() -> None:
    courses = {"A": crowd(20), "B": crowd(10), "C": crowd(2)}
    rows, done = released(courses, rules(5))
    assert done.dropped_for_courses == 2
    assert {row["course_id"] for row in rows} == {"A", "B"}
    assert len(rows) == 30


def test_a_user_of_edge_is_another_person() -> None:
    courses = {"A": crowd(6), "B": crowd(6), "B@edge": crowd(6)}
    rows, _done = released(courses, rules(5))
    ids = {name: {r["learner"] for r in rows if r["course_id"] == name} for name in courses}
    assert ids["A"] == ids["B"]
    assert not ids["A"] & ids["B@edge"]


def test_ids_are_of_one_release_and_one_key() -> None:
    course = {"C": crowd(50, 100_000)}
    first, _ = released(course, rules(5))
    assert released(course, rules(5))[0] == first
    ids = {row["learner"] for row in first}
    assert len(ids) == 50
    assert all(re.fullmatch("[0-9a-f]{20}", each) for each in ids)
    for salt, key in (("other", b"k" * 32), ("salt", b"l" * 32)):
        assert not ids & {row["learner"] for row in released(course, rules(5), salt, key)[0]}
    assert [row["learner"] for row in first] == sorted(ids)


def test_nothing_else_of_person_course_is_in_it() -> None:
    private = {"username": "ana", "ip": "192.0.2.7", "hash_id": "abc", "city": "Pune"}
    times = {"start_time": MOMENTS[1], "first_event": MOMENTS[1], "last_event": MOMENTS[3]}
    rows, _done = released({"C": crowd(9, 4711, **private, **times, nforum_threads=3)}, rules(5))
    assert len(rows) == 9
    told = str(rows)
    for value in ("ana", "192.0.2.7", "'abc'", "Pune", "471", "datetime", "threads"):
        assert value not in told


@pytest.mark.parametrize(
    ("count", "shown"), [(None, None), (0, 0), (99, 99), (123, 120), (995, 1000), (45_678, 46_000)]
)
def test_counts_have_two_significant_digits(count: int | None, shown: int | None) -> None:
    rows, _done = released({"C": crowd(5, nevents=count, grade=0.12345)}, rules(5))
    assert {(row["nevents"], row["grade"]) for row in rows} == {(shown, 0.12)}


def test_a_hidden_certificate_is_not_told_by_the_grade() -> None:
    course = crowd(20, certified=False, completed=False, grade=0.1)
    course += crowd(3, 100, certified=True, completed=True, grade=0.9)
    course += crowd(3, 200, certified=False, completed=True, grade=0.8, gender="o")
    rows, _done = released({"C": course}, rules(5, "gender", "certified"))
    hidden = [row for row in rows if row["certified"] == HIDDEN]
    assert len(hidden) == 6
    assert {(row["grade"], row["completed"]) for row in hidden} == {(None, None)}
    assert {row["grade"] for row in rows if row["certified"] == "false"} == {0.1}


def test_a_date_is_told_by_its_day_or_a_longer_time() -> None:
    course = crowd(60, start_time=datetime(2014, 2, 3, 10, 11, 12))
    course += [
        {"user_id": 100 + day, "start_time": datetime(2014, 5, day, 10)} for day in range(1, 8)
    ]
    rows, _done = released({"C": course}, rules(5, "start_time"))
    assert {row["start_time"] for row in rows} == {"2014-02-03", "2014-05"}
