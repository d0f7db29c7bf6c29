"""The answers to problems, by hand: first and last ones, with a submission and without."""

from typing import Any

from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.test_against_plain import START

PROBLEM = "block-v1:T+T1+1+type@problem+block@p"


def check(number: int, user: int | None, source: str = "server", **told: Any) -> Event:
    return Event(number, START + 1000 * number, user, "problem_check", source, PROBLEM, told)


def part(answer: Any, correct: bool, **told: Any) -> dict[str, Any]:
    return {"answer": answer, "correct": correct, "variant": "", **told}


def test_the_first_and_the_last_answer_to_each_part_are_counted() -> None:
    asked = {"question": "Which?", "response_type": "choiceresponse"}
    found = made(
        ("problem_check", "answer_distribution"),
        [
            check(1, 7, attempts=1, grade=0, submission={"p/1": part("a", False)}),
            check(2, 7, attempts=2, grade=1.5, submission={"p/1": part("b", True, **asked)}),
            check(3, 8, answers={"p/1": "a"}, submission={}, state={"seed": 3}),
            check(4, 8, answers={"p~2": ["x", "y"]}),
            check(5, 7, "browser", submission={"p/1": part("c", True)}),
            check(6, None, submission={"p/1": part("a", False)}),
        ],
    )
    rows = [tuple(row.values()) for row in found["answer_distribution"]]
    assert rows == [
        (PROBLEM, "p/1", "", "a", None, None, False, 2, 1, 2),
        (PROBLEM, "p/1", "", "b", "Which?", "choiceresponse", True, 0, 1, 1),
        (PROBLEM, "p~2", "", '["x","y"]', None, None, None, 1, 1, 1),
    ]
    checks = [(row["attempts"], row["grade"], row["seed"]) for row in found["problem_check"]]
    assert checks == [(1, 0.0, None), (2, 1.5, None), (None, None, 3), *[(None, None, None)] * 2]
