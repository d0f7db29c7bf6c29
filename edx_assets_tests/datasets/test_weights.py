"""What each problem, and each part of it, counts for the course's grade."""

import pytest

from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.made_problems import course, graded, state, usage
from edx_assets_tests.datasets.test_against_plain import START
from edx_assets_tests.datasets.test_problems import STATES
from edx_assets_tests.datasets.test_scores import check


def test_the_weights_of_problems_add_up_to_the_policy() -> None:
    table = [
        state(1, 7, usage("q"), graded("correct", "correct"), grade=1.0, max_grade=2.0),
        state(2, 7, usage("lti", "lti"), "{}", module_type="lti", grade=3.0, max_grade=3.0),
    ]
    rows = made(["problem_weights"], tables={STATES: table, **course()})["problem_weights"]
    columns = ("assignment_id", "points", "assignment_points", "assignment_weight", "weight")
    told = {row["module_id"]: tuple(row[column] for column in columns) for row in rows}
    assert told == {
        usage("p"): ("HW_1", 2, 4, pytest.approx(0.1), pytest.approx(0.05)),
        usage("q"): ("HW_1", 2, 4, pytest.approx(0.1), pytest.approx(0.05)),
        usage("r"): ("HW_2", 1, 1, pytest.approx(0.1), pytest.approx(0.1)),
        usage("x"): ("Exam_1", 1, 4, 0.6, pytest.approx(0.15)),
        usage("lti", "lti"): ("Exam_1", 3, 4, 0.6, pytest.approx(0.45)),
    }
    assert [row["module_id"] for row in sorted(rows, key=lambda row: row["index"])] == list(told)


def test_a_problem_without_a_weight_has_the_points_that_could_be_got() -> None:
    tables = course()
    tables["course_export"][0]["blocks"] = [
        {"category": "problem", "name": name, "items": 3} for name in "prx"
    ]
    rows = made(["problem_weights"], [check(1, START, 7, usage("r"), 1, True)], tables)
    points = {row["module_id"][-1]: row["points"] for row in rows["problem_weights"]}
    assert points == {"p": 2, "q": 1, "r": 2, "x": 3}


def test_an_exam_that_was_hidden_after_the_course_counts() -> None:
    table = [state(1, 7, usage("h"), graded("correct"), grade=1.0, max_grade=1.0)]
    rows = made(["problem_weights"], tables={STATES: table, **course()})["problem_weights"]
    weights = {row["module_id"]: row["weight"] for row in rows}
    assert weights[usage("h")] == 0.1
    unweighted = made(["problem_weights"], tables=course({}))["problem_weights"]
    assert {(row["assignment_id"], row["weight"]) for row in unweighted} == {
        ("Homework_1", None),
        ("Homework_2", None),
        ("Exam_1", None),
    }


def test_the_parts_of_a_problem_share_its_weight_in_their_order() -> None:
    told = graded("correct")
    told["correct_map"] = {
        name: {"correctness": "correct"} for name in ("p_10_1", "p_2_2", "p_2_1", "odd")
    }
    table = [
        state(1, 7, usage("p"), told),
        state(2, 8, usage("p"), told),
        state(3, 8, usage("f"), graded("correct")),
        state(4, 8, usage("gone"), graded("correct")),
    ]
    rows = made(["course_item"], tables={STATES: table, **course()})["course_item"]
    columns = ("item_number", "item_id", "nitems", "problem_name", "item_weight", "learners")
    share = pytest.approx(0.3 / 3 * 2 / 3 / 4)  # a third of homework's 0.3; q has one point
    assert [tuple(row[column] for column in columns) for row in rows] == [
        (1, "p_2_1", 1, "f", None, 1),
        (1, "p_2_1", 1, None, None, 1),
        (1, "p_2_1", 4, "P", share, 2),
        (2, "p_2_2", 4, "P", share, 2),
        (3, "p_10_1", 4, "P", share, 2),
        (4, "odd", 4, "P", share, 2),
    ]
