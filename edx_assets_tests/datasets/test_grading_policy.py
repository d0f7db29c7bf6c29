"""A course's grading policy as rows: a usual one, odd ones, and none."""

import json
from typing import Any

import pytest

from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.plain import Row


def rows(policy: Any) -> list[Row]:
    export = [{"_id": "course-v1:T+T1+1", "grading_policy": policy}]
    return made(["grading_policy"], tables={"course_export": export})["grading_policy"]


def test_each_assignment_type_is_a_row() -> None:
    grader = [
        {"type": "Quiz", "short_label": "Q", "weight": 0.4, "min_count": 12, "drop_count": 2},
        {"type": "Exam", "short_label": "", "weight": "0.6", "min_count": "one", "x": 1},
    ]
    found = rows({"GRADER": grader, "GRADE_CUTOFFS": {"A": 0.9, "B": 0.75, "C": 0.5, "F": 0}})
    cutoffs = [json.loads(row.pop("cutoffs")) for row in found]
    assert cutoffs == [{"A": 0.9, "B": 0.75, "C": 0.5, "F": 0}] * 2
    assert [tuple(row.values()) for row in found] == [
        (1, "Quiz", "Q", 0.4, 12, 2, 0.5),
        (2, "Exam", None, 0.6, None, None, 0.5),
    ]


@pytest.mark.parametrize(
    ("grader", "cutoffs", "told"),
    [
        ([{"type": "Quiz"}], {"Pass": "half"}, [(1, "Quiz", None)]),
        ([{"type": "Quiz"}], {"Pass": "0.6"}, [(1, "Quiz", 0.6)]),
        ([{"type": "Quiz"}], [0.5], [(1, "Quiz", None)]),
        ([{"type": "Quiz"}], None, [(1, "Quiz", None)]),
        ([5, {"weight": 1}, {"type": "Exam"}], {"Pass": 0.5}, [(3, "Exam", 0.5)]),
        ({"type": "Quiz"}, {"Pass": 0.5}, []),
        ([], {"Pass": 0.5}, []),
    ],
)
def test_an_odd_policy_tells_what_can_be_read(
    grader: Any, cutoffs: Any, told: list[tuple[Any, ...]]
) -> None:
    found = rows({"GRADER": grader, "GRADE_CUTOFFS": cutoffs})
    columns = ("number", "assignment_type", "overall_cutoff")
    assert [tuple(row[column] for column in columns) for row in found] == told


def test_without_a_policy_there_are_no_rows() -> None:
    assert rows({}) == rows(None) == []
    assert made(["grading_policy"])["grading_policy"] == []
