"""Answering a problem: the browser's events, the requests, and the server's verdict."""

from typing import Any
from urllib.parse import urlencode

from edx_assets.local.sample.courses import Block
from edx_assets.local.sample.events import Visit, browser, implicit, server

_QUESTION = (
    "Which of the following reactions takes place when the mixture is heated to 100 °C, and what"
    " is given off? Choose the best answer, and mind the units of every quantity in the table."
)


def answer(visit: Visit, problem: Block) -> None:
    """View a problem and submit it, up to three times."""
    rng, course = visit.rng, visit.course
    browser(visit, "problem_show", {"problem": problem.key}, problem.key)
    attempts = rng.choice([0, 1, 1, 2, 3])
    for attempt in range(1, attempts + 1):
        for part in range(problem.inputs):  # formulas are previewed while they are typed
            visit.wait(5, 60)
            path = course.handler(rng, problem, "input_ajax")
            post = {"dispatch": ["preview"], "input_id": [f"{problem.html_id}_{part + 2}_1"]}
            implicit(visit, path, post, about=problem.key)
        _submit(visit, problem, attempt, right=rng.random() < 0.4 + 0.2 * attempt)
    if attempts and rng.random() < 0.3:
        path = course.handler(rng, problem, "problem_show")
        server(visit, "showanswer", {"problem_id": problem.key}, path, problem)
        implicit(visit, path, about=problem.key)


def look_at_deleted(visit: Visit) -> None:
    """Use blocks that the course no longer has: pages left open, old bookmarks."""
    for block in visit.course.deleted:
        before = len(visit.events)
        if block.category == "problem":
            path = visit.course.handler(visit.rng, block, "problem_get")
            implicit(visit, path, about=block.key)
            browser(visit, "problem_show", {"problem": block.key}, block.key)
        else:
            path = visit.course.handler(visit.rng, block, "save_user_state")
            implicit(visit, path, {"speed": ["1.0"]}, about=block.key)
        for event in visit.events[before:]:
            event.oddities.append("deleted_block")


def _submit(visit: Visit, problem: Block, attempt: int, right: bool) -> None:
    rng = visit.rng
    ids = [f"{problem.html_id}_{number}_1" for number in range(2, 2 + problem.inputs)]
    answers: dict[str, Any] = {
        ids[0]: ["choice_0", "choice_2"] if rng.random() < 0.2 else f"choice_{rng.randrange(5)}",
        **{name: f"{rng.uniform(0, 100):.4g}" for name in ids[1:]},
    }
    form = _form(answers)
    _browser_check(visit, problem, form)
    path = visit.course.handler(rng, problem, "problem_check")
    post = {name: text if isinstance(text, list) else [text] for name, text in _inputs(answers)}
    implicit(visit, path, post, about=problem.key)
    event = _verdict(problem, answers, attempt, right)
    server(visit, "problem_check", event, path, problem)
    if rng.random() < 0.6:
        graded = [form, f'<div class="problem" id="problem_{problem.html_id}">…</div>']
        browser(visit, "problem_graded", graded, problem.key).oddities.append("list_event")
    implicit(visit, visit.course.handler(rng, problem, "problem_get"), about=problem.key)


def _browser_check(visit: Visit, problem: Block, form: str) -> None:
    quoted = visit.rng.random() < 0.05
    made = browser(visit, "problem_check", f'"{form}"' if quoted else form, problem.key)
    made.oddities.append("form_event_quoted" if quoted else "form_event")


def _inputs(answers: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (f"input_{name}[]" if isinstance(text, list) else f"input_{name}", text)
        for name, text in answers.items()
    ]


def _form(answers: dict[str, Any]) -> str:
    return urlencode(_inputs(answers), doseq=True)


def _verdict(problem: Block, answers: dict[str, Any], attempt: int, right: bool) -> dict[str, Any]:
    word = "correct" if right else "incorrect"
    correct_map = {
        name: {
            "hint": "",
            "hintmode": None,
            "correctness": word,
            "npoints": None,
            "msg": "",
            "queuestate": None,
        }
        for name in answers
    }
    submission = {
        name: {
            "question": _QUESTION,
            "answer": text,
            "response_type": "choiceresponse" if isinstance(text, list) else "numericalresponse",
            "input_type": "checkboxgroup" if isinstance(text, list) else "textline",
            "correct": right,
            "variant": "",
        }
        for name, text in answers.items()
    }
    return {
        "problem_id": problem.key,
        "answers": answers,
        "correct_map": correct_map,
        "submission": submission,
        "success": word,
        "grade": problem.inputs if right else 0,
        "max_grade": problem.inputs,
        "attempts": attempt,
        "state": {
            "seed": 1,
            "student_answers": answers if attempt > 1 else {},
            "correct_map": correct_map if attempt > 1 else {},
            "done": attempt > 1 or None,
            "input_state": {name: {} for name in answers},
        },
    }
