"""What each learner scored in parts, problems and the course in plain, slow Python: see `plain`."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from statistics import mean, median, stdev
from typing import Any

from edx_assets_tests.datasets.plain import Event, Row
from edx_assets_tests.datasets.plain_problems import State, problem_analysis, problem_grades

Key = tuple[int, str]


def checks(events: Iterable[Event]) -> dict[Key, list[Event]]:
    """What the server graded, by learner and problem, in order."""
    found: dict[Key, list[Event]] = defaultdict(list)
    for each in sorted(events, key=lambda each: (each.at, each.event_id)):
        if each.type == "problem_check" and each.source == "server" and each.user_id:
            found[each.user_id, each.module or ""].append(each)
    return found


def person_item(events: Iterable[Event], table: Iterable[State]) -> list[Row]:
    held = {
        (row["user_id"], row["module_id"], row["item_id"]): row for row in problem_analysis(table)
    }
    submitted = checks(events)
    verdicts: dict[tuple[int, str, str], list[bool]] = defaultdict(list)
    for (user, module), own in submitted.items():
        for each in own:
            for item, told in each.told.get("submission", {}).items():
                verdicts[user, module, item].append(told["correct"])
    rows = []
    for key in sorted(held.keys() | verdicts.keys()):
        state, told, own = held.get(key), verdicts.get(key, []), submitted.get(key[:2], [])
        attempts = [each.told["attempts"] for each in own]
        right = state["correct"] if state else told[-1]
        rows.append(
            {
                "user_id": key[0],
                "module_id": key[1],
                "item_id": key[2],
                "item_grade": int(right),
                "first_item_grade": int(told[0]) if told else None,
                "grade": state["grade"] if state else None,
                "max_grade": state["max_grade"] if state else None,
                "attempts": (state and state["attempts"]) or (attempts or [None])[-1],
                "first_time": own[0].time if own else None,
                "last_time": own[-1].time if own else None,
            }
        )
    return rows


def person_problem(events: list[Event], table: list[State]) -> list[Row]:
    items: dict[Key, list[int]] = defaultdict(list)
    for row in person_item(events, table):
        items[row["user_id"], row["module_id"]].append(row["item_grade"])
    states = {(row["user_id"], row["module_id"]): row for row in problem_grades(table)}
    submitted = checks(events)
    rows = []
    for key in sorted(items.keys() | submitted.keys()):
        right, own, state = items.get(key, []), submitted.get(key, []), states.get(key)
        told = [each.told for each in own if each.told["grade"] is not None]
        graded: Row = state if state and state["attempted"] else (told or [{}])[-1]
        rows.append(
            {
                "user_id": key[0],
                "module_id": key[1],
                "nitems": len(right),
                "raw_score": sum(right) if right else None,
                "pct_score": round(100 * sum(right) / len(right), 6) if right else None,
                "grade": graded.get("grade"),
                "max_grade": graded.get("max_grade"),
                "attempts": (state and state["attempts"])
                or (own[-1].told["attempts"] if own else None),
                "nchecks": len(own),
                "first_correct": own[0].told["success"] == "correct" if own else None,
                "first_time": own[0].time if own else None,
                "last_time": own[-1].time if own else None,
            }
        )
    return rows


def course_problem(events: list[Event], table: list[State], axis: list[Row]) -> list[Row]:
    """The columns that are counts and means; those of the axis are told by name."""
    seen = problem_grades(table)
    done = person_problem(events, table)
    problems = {row["module_id"] for row in axis if row["category"] == "problem"}
    rows = []
    for module in sorted(problems | {row["module_id"] for row in done}):
        own = [row for row in done if row["module_id"] == module]
        first = [row["first_correct"] for row in own if row["first_correct"] is not None]
        row: Row = {
            "module_id": module,
            "learners_seen": sum(row["module_id"] == module for row in seen),
            "learners": len(own),
            "nitems": max((row["nitems"] for row in own), default=None),
            "max_grade": _all(max, own, "max_grade"),
            "nperfect": sum(
                bool(row["max_grade"]) and (row["grade"] or 0) >= row["max_grade"] for row in own
            ),
            "nfirst": len(first),
            "nfirst_correct": sum(first),
            "pct_first_correct": round(100 * sum(first) / len(first), 6) if first else None,
        }
        for column in ("grade", "raw_score", "pct_score", "attempts"):
            row[f"avg_{column}"] = _all(mean, own, column)
            row[f"sdv_{column}"] = _all(stdev, own, column, least=2)
        rows.append(row)
    return rows


def _all(of: Callable[[Any], float], rows: list[Row], column: str, least: int = 1) -> float | None:
    values = [row[column] for row in rows if row[column] is not None]
    return round(of(values), 6) if len(values) >= least else None


def chapter_grades(table: list[State], axis: list[Row]) -> list[Row]:
    """Without the columns of the axis."""
    chapters = {row["module_id"]: row["chapter_id"] for row in axis if row["category"] == "problem"}
    sums: dict[Key, list[Row]] = defaultdict(list)
    for row in problem_grades(table):
        if row["module_id"] in chapters:
            sums[row["user_id"], chapters[row["module_id"]]].append(row)
    grades = {key: sum(row["grade"] or 0 for row in own) for key, own in sums.items()}
    most = {key: sum(row["max_grade"] or 0 for row in own) for key, own in sums.items()}
    return [
        {
            "user_id": user,
            "chapter_id": chapter,
            "problems_seen": len(own),
            "problems_attempted": sum(row["attempted"] for row in own),
            "grade": grades[user, chapter],
            "max_grade": most[user, chapter],
            "chapter_median_grade": median(
                grade for key, grade in grades.items() if key[1] == chapter
            ),
            "chapter_max_grade": max(grade for key, grade in most.items() if key[1] == chapter),
        }
        for (user, chapter), own in sorted(sums.items())
    ]


def grades_over_time(events: list[Event], weights: list[Row]) -> list[Row]:
    """Each learner's days one after the other; `weights` are the rows of `problem_weights`."""
    counted = {row["module_id"]: row for row in weights}
    days: dict[tuple[int, date], list[Event]] = defaultdict(list)
    for each in sorted(events, key=lambda each: (each.at, each.event_id)):
        user = each.told.get("user_id") or each.user_id
        if each.type == "problem_rescore":
            user = each.told["student"].removeprefix("number")
            user = None if user == "999" else user
        if user and each.source == "server" and each.type.startswith(("problem_", "edx.grades.")):
            days[int(user), each.day].append(each)
    rows: list[Row] = []
    grades: dict[int, dict[str, float]] = defaultdict(dict)
    told_ever: dict[int, set[str | None]] = defaultdict(set)
    for (user, day), today in sorted(days.items()):
        last: dict[tuple[str, str | None], Row] = {}
        for each in today:
            row = _told(each, counted)
            if row and row["level"] != "problem":
                told_ever[user].add(row["module_id"])
            if row:
                last[row["level"], row["module_id"]] = row
        problems = [row for row in last.values() if row["level"] == "problem"]
        for row in problems:
            grades[user][row["module_id"]] = row["grade"] or 0
        for row in problems:
            weight = counted.get(row["module_id"])
            for level in ("sequential", "course") if weight else ():
                module = weight["sequential_id"] if weight and level == "sequential" else None
                if module in told_ever[user]:
                    continue
                computed = _computed(grades[user], weights, module)
                if computed["grade"] is not None:
                    known = last.get((level, module), {"time": row["time"]})
                    time = max(row["time"], known["time"])
                    last[level, module] = {"level": level, "module_id": module, "time": time}
                    last[level, module] |= computed | {"told_by": "computed"}
        rows += [{"user_id": user, "letter_grade": None, "day": day} | row for row in last.values()]
    return rows


def _told(each: Event, counted: dict[str, Row]) -> Row | None:
    told, level, module = each.told, "problem", each.module
    earned = possible = None
    row: Row = {}
    if each.type in ("problem_check", "problem_rescore"):
        is_check = each.type == "problem_check"
        grade = told["grade" if is_check else "new_score"]
        most = told["max_grade" if is_check else "new_total"]
        if grade is None:
            return None
        points = counted[module]["points"] if module in counted else most
        earned, possible = grade * (points / most if most else 1), points if most else 0.0
    elif each.type == "edx.grades.subsection.grade_calculated":
        kind = "graded" if told["weighted_graded_possible"] else "total"
        level, earned = "sequential", told[f"weighted_{kind}_earned"]
        possible = told[f"weighted_{kind}_possible"]
    elif each.type == "edx.grades.course.grade_calculated":
        level, module = "course", None
        row = {"grade": told["percent_grade"], "letter_grade": told["letter_grade"] or None}
    elif each.type == "edx.grades.problem.submitted":
        earned, possible = told["weighted_earned"], told["weighted_possible"]
    elif each.type in ("edx.grades.problem.rescored", "edx.grades.problem.score_overridden"):
        earned, possible = told["new_weighted_earned"], told["new_weighted_possible"]
    elif each.type != "edx.grades.problem.state_deleted":
        return None
    return {
        "level": level,
        "module_id": module,
        "time": each.time,
        "grade": earned / possible if earned is not None and possible else None,
        "earned": earned,
        "possible": possible,
        "told_by": each.type,
    } | row


def _computed(grades: dict[str, float], weights: list[Row], module: str | None) -> Row:
    if module is None:
        known = [row for row in weights if row["weight"] is not None]
        answered = any(row["module_id"] in grades for row in known)
        total = sum(row["weight"] * grades.get(row["module_id"], 0) for row in known)
        return {"grade": round(total, 6) if answered else None, "earned": None, "possible": None}
    own = [row for row in weights if row["sequential_id"] == module]
    earned = round(sum(row["points"] * grades.get(row["module_id"], 0) for row in own), 6)
    possible = sum(row["points"] for row in own)
    return {"grade": earned / possible, "earned": earned, "possible": possible}
