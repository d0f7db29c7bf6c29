"""Made-up states of problems, as the loading leaves those of `courseware_studentmodule`.

And a made-up course for them to be in.
"""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from edx_assets.edx.course_structure import read_blocks
from edx_assets.edx.values import read_json
from edx_assets_tests.datasets.plain_problems import State


def usage(name: str, category: str = "problem") -> str:
    return f"block-v1:T+T1+1+type@{category}+block@{name}"


PROBLEMS = (usage("p"), usage("q"))
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


def random_states(random: Random, users: tuple[int, int] = (7, 8), first: int = 0) -> list[State]:
    """States of two learners from a number on: some damaged, some of other blocks, some twice."""
    rows = []
    for number in range(first, first + random.choice((0, 3, 12))):
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


POLICY = {
    "GRADER": [
        {"type": "Homework", "short_label": "HW", "weight": 0.3, "min_count": 3},
        {"type": "Exam", "short_label": "", "weight": 0.6, "min_count": 1},
        {"type": "Essay", "short_label": "E", "weight": 0.1, "min_count": 1},
    ]
}


def course(policy: dict[str, Any] | None = None) -> dict[str, list[dict[str, Any]]]:
    """The structure and the policy of a course with homework (p, q; r), an exam (x), and more.

    There is an essay without points, an essay that only staff can see (hidden), and problems that
    do not count (free, and one without a type).
    """
    blocks: dict[str, Any] = {}

    def block(key: str, *children: str, **metadata: Any) -> str:
        category = key.split("type@")[1].split("+")[0]
        blocks[key] = {"category": category, "children": children, "metadata": metadata}
        return key

    def problems(name: str, *parts: str, **metadata: Any) -> str:
        vertical = block(usage(f"v_{name}", "vertical"), *parts)
        return block(usage(name, "sequential"), vertical, **metadata)

    homework = {"graded": True, "format": "Homework", "due": "2014-03-01T00:00:00Z"}
    essay = {"graded": True, "format": "Essay"}
    one = problems(
        "h1", block(usage("p"), weight=2, display_name="P"), block(usage("q")), **homework
    )
    two = problems("h2", block(usage("r"), due="2014-04-01T00:00:00Z"), **homework)
    tool = block(usage("lti", "lti"))
    exam = problems("ex", block(usage("x")), tool, graded=True, format="Exam")
    none = problems("none", block(usage("text", "html")), **essay)
    hidden = problems("hid", block(usage("h")), visible_to_staff_only=True, **essay)
    note = block(usage("note", "html"), due="2013-01-01T00:00:00Z")
    loose = problems("free", block(usage("f")), note)
    untyped = problems("untyped", block(usage("u")), graded=True)
    block(
        usage("course", "course"),
        block(usage("a", "chapter"), one, loose, two, display_name="A"),
        block(usage("b", "chapter"), exam, none, hidden, untyped),
    )
    export = {"_id": "course-v1:T+T1+1", "grading_policy": POLICY if policy is None else policy}
    return {
        "course_structure": list(read_blocks(json.dumps(blocks).encode()).values()),
        "course_export": [export],
    }
