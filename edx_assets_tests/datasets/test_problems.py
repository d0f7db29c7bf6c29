"""Learners' states of problems: each part's answer, the grades, and states that are damaged."""

from random import Random

from bson import Int64
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets_tests.datasets import plain_problems
from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.made_problems import (
    ODD_STATES,
    PROBLEMS,
    graded,
    random_states,
    state,
)
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.test_against_plain import START

STATES = "courseware_studentmodule"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_the_queries_of_states_agree_with_plain_python(seed: int) -> None:
    random = Random(seed)
    table = random_states(random)
    events = [
        Event(
            number,
            START + number,
            random.choice((7, 8, 9, None)),
            random.choice(("show_answer", "showanswer", "problem_show")),
            module=random.choice((*PROBLEMS, None)),
        )
        for number in range(random.choice((0, 5)))
    ]
    wanted = ("problem_analysis", "problem_grades", "show_answer_person")
    found = made(wanted, events, {STATES: table})
    assert found["show_answer_person"] == plain_problems.show_answer_person(events, table)
    assert found["problem_analysis"] == plain_problems.problem_analysis(table)
    assert found["problem_grades"] == plain_problems.problem_grades(table)


def test_each_part_has_its_answer_and_verdict() -> None:
    told = graded(
        "correct", "incorrect", answers={"p_2_1": ["a", "b"], "p_3_1": "née", "p/4~1_1": 4}
    )
    told["correct_map"]["p_3_1"] |= {"msg": "<p>No", "hint": "Think", "npoints": 0.25}
    told["correct_map"]["p/4~1_1"] = None
    table = [state(1, 7, PROBLEMS[0], told, grade=1.0, max_grade=2.0)]
    rows = made(["problem_analysis"], tables={STATES: table})["problem_analysis"]
    assert [list(row.values())[2:13] for row in rows] == [
        ["p/4~1_1", "4", None, None, None, None, None, 1, True, 1.0, 2.0],
        ["p_2_1", '["a","b"]', "correct", True, None, None, None, 1, True, 1.0, 2.0],
        ["p_3_1", "née", "incorrect", False, 0.25, "<p>No", "Think", 1, True, 1.0, 2.0],
    ]


def test_a_damaged_state_has_no_parts_and_harms_no_other() -> None:
    damaged = [state(number, 7, f"odd {number}", text) for number, text in enumerate(ODD_STATES)]
    # what is no JSON by the letter, and is read all the same
    lenient = '{"correct_map": {"p_2_1": {"correctness": "correct", "npoints": NaN, "msg": "a\nb'
    lenient += '\\ud83d"}}, "student_answers": {"p_2_1": 12345678901234567890123}}'
    table = [*damaged, state(99, 8, PROBLEMS[0], lenient)]
    del table[-1]["state_parsed"]  # as of a row that is too large to be stored with it
    table[-1] |= {"student_id": Int64(5_000_000_000)}  # as BSON has integers beyond 32 bits
    found = made(("problem_analysis", "problem_grades"), tables={STATES: table})
    assert [
        (row["user_id"], row["response"], row["npoints"], row["message"])
        for row in found["problem_analysis"]
    ] == [(5_000_000_000, "12345678901234567890123", None, "a\nb\ufffd")]
    attempts = {row["module_id"]: row["attempts"] for row in found["problem_grades"]}
    assert len(attempts) == len(ODD_STATES) + 1
    assert {name: n for name, n in attempts.items() if n} == {"odd 7": 2, "odd 9": 1}


def test_perfect_is_nothing_where_no_points_are_possible() -> None:
    grades = [(None, 2.0), (0.0, 0.0), (1.0, 2.0), (2.0, 2.0)]
    table = [
        state(number, number, PROBLEMS[0], graded("correct"), grade=grade, max_grade=most)
        for number, (grade, most) in enumerate(grades)
    ]
    rows = made(["problem_grades"], tables={STATES: table})["problem_grades"]
    assert [(row["attempted"], row["perfect"]) for row in rows] == [
        (False, None),
        (True, None),
        (True, False),
        (True, True),
    ]


def test_what_no_table_tells_of_answers_asked_for_is_nothing() -> None:
    asked = [Event(n, START + n, 7, "showanswer", module=PROBLEMS[0]) for n in range(2)]
    [row] = made(["show_answer_person"], asked)["show_answer_person"]
    assert (row.pop("user_id"), row.pop("n_show_answer")) == (7, 1)
    assert set(row.values()) == {None}
    [row] = made(["show_answer_person"], asked, {STATES: []})["show_answer_person"]
    assert (row["n_seen"], row["n_show_answer_perfect"]) == (0, 0)
    assert row["percent_show_answer_seen"] is None
