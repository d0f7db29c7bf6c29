"""Open response assessments, by hand: from the package's tables, from events, and from both."""

import json
from datetime import datetime, timedelta
from typing import Any

from edx_assets_tests.datasets.made import Tables, made
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.test_against_plain import START

ORA = ("ora_assessments", "ora_responses")
BLOCK = "block-v1:T+T1+1+type@openassessment+block@o"
ONE, TWO = "1c8d8b7e-0f2b-11e4-a6e2-0242ac110002", "2c8d8b7e-0f2b-11e4-a6e2-0242ac110002"
RUBRIC = [("ideas", "good", 2, 3), ("form", "poor", 0, 1)]


def at(second: float) -> datetime:
    return datetime(1970, 1, 1) + timedelta(milliseconds=START, seconds=second)


def told(number: int, second: float, user: int, kind: str, **fields: Any) -> Event:
    kind = f"openassessmentblock.{kind}"
    return Event(number, START + int(1000 * second), user, kind, "server", BLOCK, fields)


def parts(*rubric: tuple[str, str, int, int]) -> list[dict[str, Any]]:
    return [
        {
            "criterion": {"name": name, "points_possible": most},
            "option": {"name": option, "points": points},
            "feedback": "",
        }
        for name, option, points, most in rubric
    ]


EVENTS = [
    told(1, 0, 7, "create_submission", submission_uuid=ONE, attempt_number=1,
         answer={"parts": [{"text": "First."}, {"text": "Second."}], "file_keys": ["a", "b"]}),
    told(2, 60, 8, "peer_assess", submission_uuid=ONE, scorer_id="b", score_type="PE",
         feedback="Nice", parts=parts(*RUBRIC)),
    told(3, 70, 9, "peer_assess", submission_uuid=ONE, scorer_id="c", score_type="PE",
         feedback="", parts=parts(("ideas", "best", 3, 3))),
    told(4, 80, 7, "self_assess", submission_uuid=ONE, scorer_id="a", score_type="SE",
         feedback="", parts=parts(("ideas", "best", 3, 3))),
    told(5, 90, 1, "staff_assess", submission_uuid=ONE, scorer_id="z", score_type="ST",
         feedback="", parts=parts(("ideas", "none", 0, 3)), type="full-grade"),
    told(6, 95, 1, "staff_assess", submission_uuid=ONE, scorer_id="z", score_type="ST",
         feedback="", parts=parts(("ideas", "good", 2, 3)), type="regrade"),
]  # fmt: skip


def tables(assessed_at: float = 61) -> dict[str, list[dict[str, Any]]]:
    """The tables of a course in which only Ben (8, `b`) has assessed Ana's (7, `a`) response."""
    answer = {"parts": [{"text": "First."}, {"text": "As stored."}]}
    return {
        "student_anonymoususerid": [
            {"id": number, "user_id": user, "anonymous_user_id": name}
            for number, (user, name) in enumerate([(7, "a"), (8, "b")])
        ],
        "submissions_studentitem": [
            {"id": 5, "student_id": "a", "item_id": BLOCK, "item_type": "openassessment"},
            {"id": 6, "student_id": "a", "item_id": "other", "item_type": "sga"},
        ],
        "submissions_submission": [
            {"id": 1, "uuid": ONE.replace("-", ""), "attempt_number": 1, "submitted_at": at(0.4),
             "raw_answer": json.dumps(answer), "student_item_id": 5, "status": "A"},
            {"id": 2, "uuid": TWO, "attempt_number": 1, "submitted_at": at(0),
             "raw_answer": "{}", "student_item_id": 6, "status": "A"},
        ],
        "submissions_score": [
            {"id": 1, "submission_id": 1, "points_earned": 9, "points_possible": 9, "reset": 0,
             "created_at": at(100), "student_item_id": 5},
            {"id": 2, "submission_id": 1, "points_earned": 2, "points_possible": 4, "reset": 0,
             "created_at": at(200), "student_item_id": 5},
            {"id": 3, "submission_id": 1, "points_earned": 0, "points_possible": 0, "reset": 1,
             "created_at": at(300), "student_item_id": 5},
        ],
        "assessment_assessment": [
            {"id": 3, "submission_uuid": ONE, "scored_at": at(assessed_at), "scorer_id": "b",
             "score_type": "PE", "feedback": "Nice", "rubric_id": 1},
        ],
        "assessment_assessmentpart": [
            {"id": 11, "feedback": "", "assessment_id": 3, "criterion_id": 21, "option_id": 31},
            {"id": 10, "feedback": "Typos", "assessment_id": 3, "criterion_id": 22,
             "option_id": 32},
            {"id": 12, "feedback": "Only words", "assessment_id": 3, "criterion_id": 23,
             "option_id": None},
        ],
        "assessment_criterion": [
            {"id": 21, "name": "ideas", "order_num": 0, "rubric_id": 1},
            {"id": 22, "name": "form", "order_num": 1, "rubric_id": 1},
            {"id": 23, "name": "words", "order_num": 2, "rubric_id": 1},
        ],
        "assessment_criterionoption": [
            {"id": 31, "points": 2, "name": "good", "criterion_id": 21, "order_num": 1},
            {"id": 30, "points": 3, "name": "best", "criterion_id": 21, "order_num": 0},
            {"id": 32, "points": 0, "name": "poor", "criterion_id": 22, "order_num": 0},
            {"id": 33, "points": 1, "name": "fine", "criterion_id": 22, "order_num": 1},
        ],
        "assessment_peerworkflowitem": [
            {"id": 1, "assessment_id": 3, "scored": 1},
            {"id": 2, "assessment_id": 3, "scored": 0},
        ],
    }  # fmt: skip


def assessments(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("kind", "scorer_id", "points", "max_points", "counts", "told_by")
    return sorted(tuple(row[name] for name in names) for row in rows)


OF_EVENTS = [
    ("peer", 8, 2.0, 4.0, None, "event"),
    ("peer", 9, 3.0, 3.0, None, "event"),
    ("self", 7, 3.0, 3.0, None, "event"),
    ("staff", 1, 0.0, 3.0, None, "event"),
    ("staff", 1, 2.0, 3.0, None, "event"),
]


def test_events_alone_tell_responses_and_assessments() -> None:
    found = made(ORA, EVENTS)
    assert assessments(found["ora_assessments"]) == OF_EVENTS
    [row] = found["ora_responses"]
    assert (row["response_id"], row["user_id"], row["module_id"]) == (ONE, 7, BLOCK)
    assert (row["text"], row["files"], row["points"]) == ("First.\n\nSecond.", 2, None)
    assert (row["peer_assessments"], row["peer_points"]) == (2, 2.5)
    assert (row["self_points"], row["staff_points"]) == (3.0, 2.0)
    assert (row["deleted"], row["attempt"], row["time"]) == (None, 1, at(0))


def test_tables_alone_tell_the_same_and_the_score() -> None:
    found = made(ORA, tables=tables())
    [given] = found["ora_assessments"]
    assert assessments([given]) == [("peer", 8, 2.0, 4.0, 1, "table")]
    assert [list(part.values()) for part in json.loads(given["parts"])] == [
        ["ideas", "good", 2.0, 3.0, None],
        ["form", "poor", 0.0, 1.0, "Typos"],
        ["words", None, None, None, "Only words"],
    ]
    [row] = found["ora_responses"]
    assert (row["response_id"], row["user_id"], row["deleted"]) == (ONE, 7, False)
    assert (row["text"], row["files"]) == ("First.\n\nAs stored.", 0)
    assert (row["points"], row["max_points"], row["scored"]) == (2.0, 4.0, at(200))
    assert (row["peer_assessments"], row["staff_points"]) == (1, None)


def test_what_both_tell_counts_once() -> None:
    found = made(ORA, EVENTS, tables())
    expected = [("peer", 8, 2.0, 4.0, 1, "table"), *OF_EVENTS[1:]]
    assert assessments(found["ora_assessments"]) == expected
    [row] = found["ora_responses"]
    assert (row["text"], row["peer_assessments"]) == ("First.\n\nAs stored.", 2)
    for assessed_at, more in ((65, 0), (65.001, 1)):
        rows = made(ORA, EVENTS, tables(assessed_at))["ora_assessments"]
        assert len(rows) == len(OF_EVENTS) + more, assessed_at


def test_another_kind_at_the_same_time_is_another_assessment() -> None:
    told_apart = tables()
    [stored] = told_apart["assessment_assessment"]
    told_apart["assessment_assessment"] = [stored | {"score_type": "SE"}]
    rows = assessments(made(ORA, EVENTS[:2], told_apart)["ora_assessments"])
    assert [row[0] for row in rows] == ["peer", "self"]


def test_odd_events_and_answers_end_nothing() -> None:
    odd: list[Any] = [
        None,
        "text",
        7,
        [1],
        {"parts": "x"},
        {"text": "Old.", "file_key": "a"},
        {"parts": [5]},
    ]
    events = [
        told(number, number, 7, kind, submission_uuid=name, answer=each, parts=each,
             attempt_number="one", scorer_id=each, feedback=each)
        for number, (each, kind, name) in enumerate(
            (each, kind, name)
            for each in odd
            for kind in ("create_submission", "peer_assess")
            for name in (None, "None", TWO)
        )
    ]  # fmt: skip
    cells: Tables = {
        "submissions_submission": [{"id": 1, "uuid": "odd", "raw_answer": "{"}],
        "assessment_assessment": [{"id": 1, "submission_uuid": None, "score_type": "?"}],
    }
    found = made(ORA, events, cells)
    texts = [(row["text"], row["files"]) for row in found["ora_responses"] if row["text"]]
    assert texts == [("Old.", 1)] * 2
    assert sum(row["response_id"] == TWO for row in found["ora_responses"]) == 1
    assert {row["points"] for row in found["ora_assessments"]} == {None}
