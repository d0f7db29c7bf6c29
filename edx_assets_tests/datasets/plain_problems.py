"""The datasets of problems and grades in plain, slow Python: see `plain`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from edx_assets_tests.datasets.plain import Event, Row

State = dict[str, Any]


def states(table: Iterable[State]) -> Iterator[State]:
    """The rows of problems; the one that changed last, where a learner has a problem twice."""
    last: dict[tuple[int, str], State] = {}
    for row in table:
        if row["module_type"] != "problem":
            continue
        key = row["student_id"], row["module_id"]
        other = last.get(key)
        if other is None or (row["modified"], row["id"]) > (other["modified"], other["id"]):
            last[key] = row
    for _key, row in sorted(last.items()):
        try:
            told = json.loads(row["state"], strict=False)
        except ValueError:
            told = {}
        yield row | {"told": told if isinstance(told, dict) else {}}


def problem_grades(table: Iterable[State]) -> list[Row]:
    return [
        {
            "user_id": row["student_id"],
            "module_id": row["module_id"],
            "grade": row["grade"],
            "max_grade": row["max_grade"],
            "attempted": row["grade"] is not None,
            "perfect": row["grade"] >= row["max_grade"]
            if row["max_grade"] and row["grade"] is not None
            else None,
            "attempts": row["told"].get("attempts", 0),
            "created": row["created"],
            "modified": row["modified"],
        }
        for row in states(table)
    ]


def problem_analysis(table: Iterable[State]) -> list[Row]:
    rows = []
    for row in states(table):
        graded = row["told"].get("correct_map")
        answers = row["told"].get("student_answers")
        for item, verdict in graded.items() if isinstance(graded, dict) else ():
            answer = answers.get(item) if isinstance(answers, dict) else None
            if answer is not None and not isinstance(answer, str):
                answer = json.dumps(answer, separators=(",", ":"))
            rows.append(
                {
                    "user_id": row["student_id"],
                    "module_id": row["module_id"],
                    "item_id": item,
                    "response": answer,
                    "correctness": verdict["correctness"],
                    "correct": verdict["correctness"] == "correct",
                    "npoints": verdict["npoints"],
                    "message": verdict["msg"] or None,
                    "hint": None,
                    "attempts": row["told"].get("attempts", 0),
                    "done": row["told"].get("done") is True,
                    "grade": row["grade"],
                    "max_grade": row["max_grade"],
                    "created": row["created"],
                    "modified": row["modified"],
                }
            )
    return rows


def show_answer_person(events: Iterable[Event], table: Iterable[State]) -> list[Row]:
    seen = {(row["user_id"], row["module_id"]): row for row in problem_grades(table)}
    asked = {
        (each.user_id, each.module)
        for each in events
        if each.type in ("show_answer", "showanswer") and each.user_id and each.module
    }
    rows = []
    for user in sorted({user for user, _module in asked | seen.keys() if user}):
        own = {key for key in seen if key[0] == user}
        kinds = {
            "seen": own,
            "not_attempted": {key for key in own if seen[key]["grade"] is None},
            "attempted": {key for key in own if seen[key]["grade"] is not None},
            "perfect": {key for key in own if seen[key]["perfect"]},
            "partial": {
                key for key in own if seen[key]["perfect"] is False and seen[key]["grade"] > 0
            },
        }
        row = {"user_id": user, "n_show_answer": sum(key[0] == user for key in asked)}
        for kind, keys in kinds.items():
            share = round(100 * len(keys & asked) / len(keys), 6) if keys else None
            row |= {
                f"n_{kind}": len(keys),
                f"n_show_answer_{kind}": len(keys & asked),
                f"percent_show_answer_{kind}": share,
            }
        rows.append(row)
    return rows
