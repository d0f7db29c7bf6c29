"""Made-up states of problems, as the loading leaves those of `courseware_studentmodule`."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from edx_assets.edx.values import read_json
from edx_assets_tests.datasets.plain_problems import State

PROBLEMS = ("i4x://T/T1/problem/p", "block-v1:T+T1+1+type@problem+block@q")
VISITED = datetime(2014, 2, 1)
ODD_STATES = (
    "",
    "{",
    "null",
    "[1]",
    '"text"',
    "{}",
    '{"seed": 1}',
    '{"correct_map": null, "attempts": 2}',
    '{"correct_map": [1], "student_answers": {"a": "b"}}',
    '{"correct_map": {}, "student_answers": {"a": "saved"}, "attempts": 1}',
)


def state(number: int, user: int, module: str, told: Any, **fields: Any) -> State:
    """A row of the table; `told` is the state, or its text if that is damaged."""
    text = told if isinstance(told, str) else json.dumps(told)
    row = {
        "_id": number,
        "id": number,
        "module_type": "problem",
        "module_id": module,
        "student_id": user,
        "state": text,
        "grade": None,
        "max_grade": None,
        "created": VISITED,
        "modified": VISITED,
    }
    try:
        return row | {"state_parsed": read_json(text)} | fields
    except ValueError:
        return row | fields


def graded(*verdicts: str, answers: Any = None, **told: Any) -> dict[str, Any]:
    """A state whose parts were graded so: `p_2_1`, `p_3_1`, ..."""
    items = [f"p_{place}_1" for place in range(2, 2 + len(verdicts))]
    return {
        "correct_map": {
            item: {"correctness": verdict, "npoints": None, "msg": "", "hint": ""}
            for item, verdict in zip(items, verdicts, strict=True)
        },
        "student_answers": dict.fromkeys(items, "x") if answers is None else answers,
        "attempts": 1,
        "done": True,
    } | told


def random_states(random: Random, users: tuple[int, ...] = (7, 8)) -> list[State]:
    """States of two learners, some damaged, some of other blocks, some twice."""
    rows = []
    for number in range(random.choice((0, 3, 12))):
        told: Any = random.choice(ODD_STATES)
        grade, most = None, random.choice((None, 0.0, 2.0))
        if random.random() < 0.7:
            verdicts = random.choices(("correct", "incorrect", "partially-correct"), k=2)
            told = graded(*verdicts, attempts=random.randint(1, 4))
            told["done"] = random.choice((True, False, None))
            told["student_answers"]["p_2_1"] = random.choice(("", "é\t{", ["a", "b"], None, 7))
            told["correct_map"]["p_3_1"] |= {"npoints": 0.5, "msg": "<p>No\n"}
            most = random.choice((0.0, 2.0))
            grade = random.choice((0.0, 1.0, 2.0))
        row = state(number, random.choice(users), random.choice(PROBLEMS), told)
        row |= {
            "module_type": random.choice(("problem", "problem", "problem", "video")),
            "grade": grade,
            "max_grade": most,
            "modified": VISITED + timedelta(days=random.randint(0, 3)),
        }
        rows.append(row)
    random.shuffle(rows)
    return rows
