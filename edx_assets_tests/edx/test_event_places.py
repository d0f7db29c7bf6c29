"""Places that edX's own pipeline does not know: each with the course, block and posts it tells."""

import json
from typing import Any

import pytest

from edx_assets_tests.edx.tracking import COURSE, NEW_PROBLEM, PROBLEM, event, record_of

ENCODED = COURSE.replace(":", "%3A").replace("+", "%2B")
VERTICAL = NEW_PROBLEM.replace("problem+block@Week_1", "vertical+block@u1")
VIDEO = NEW_PROBLEM.replace("problem+block@Week_1", "video+block@v")
IN_COURSE = {"context": {"course_id": COURSE}}
POST = "51d5a1b2c3d4e5f601234567"


@pytest.mark.parametrize(
    "address",
    [
        f"/course/{COURSE}/home",
        f"/learning/course/{COURSE}/dates",
        f"/api/course_home/course_metadata/{COURSE}",
        f"/discussions/{COURSE}/posts/{POST}",
        f"/course_modes/choose/{COURSE}/",
        "/course_modes/choose/McGillX/CHEM181x/1T2014/",
        f"/settings/details/{ENCODED}?x=1",
        f"/login?next=%2Fcourses%2F{ENCODED}%2Finfo",
        f"/courses/{COURSE.replace('+', ' ')}/info",
        f"/api/enrollment/v1/enrollment/learner,{COURSE}",
        "/asset-v1:McGillX+CHEM181x+1T2014+type@asset+block@a.png",
    ],
)
def test_a_course_key_anywhere_in_an_address(address: str) -> None:
    assert record_of(event(event_type=address))["course_id"] == COURSE
    page = "https://learning.edx.org" + address
    assert record_of(event("browser", page=page))["course_id"] == COURSE


@pytest.mark.parametrize(
    "told",
    [
        {"courserun_key": COURSE},
        {"course": "McGillX/CHEM181x/1T2014"},
        {"POST": {"course_id": [COURSE]}, "GET": {}},
        {"POST": {}, "GET": {"course_id": [COURSE.replace("+", " ")]}},
        {"current_url": f"https://courses.edx.org/courses/{COURSE}/info", "target_url": "x"},
    ],
)
def test_a_course_that_the_event_names_otherwise(told: dict[str, Any]) -> None:
    assert record_of(event(event=json.dumps(told)))["course_id"] == COURSE
    known = record_of(event(event=told, context={"course_id": "Org/Context/Run"}))
    assert known["course_id"] == "course-v1:Org+Context+Run"


@pytest.mark.parametrize(
    ("source", "changes", "key"),
    [
        ("server", {"event_type": PROBLEM + "/goto_position"}, PROBLEM),
        ("browser", {"event": NEW_PROBLEM}, NEW_PROBLEM),
        ("browser", {"event": {"bookmark_id": f"learner,{NEW_PROBLEM}"}}, NEW_PROBLEM),
        (
            "browser",
            {"event": {"target_url": f"/courses/{COURSE}/jump_to/{NEW_PROBLEM}"}},
            NEW_PROBLEM,
        ),
        (
            "server",
            {"event_type": "/x", "event": {"GET": {"activate_block_id": [NEW_PROBLEM]}}},
            NEW_PROBLEM,
        ),
        ("", {"event_type": f"/courses/{COURSE}/xblock/{NEW_PROBLEM}/handler"}, NEW_PROBLEM),
        ("server", {"event_type": f"/courses/{COURSE}/jump_to_id/u1"}, VERTICAL),
        ("browser", {"event": "input_Week_1_2_1_dynamath=x", **IN_COURSE}, NEW_PROBLEM),
        ("browser", {"event": "input_Week_1_2_1_choiceinput_0bc=x", **IN_COURSE}, NEW_PROBLEM),
        ("browser", {"event_type": "play_video", "event": '{"id": "v"}', **IN_COURSE}, VIDEO),
    ],
)
def test_blocks_in_other_places(source: str, changes: dict[str, Any], key: str) -> None:
    assert record_of(event(source, **changes))["module_id"] == key


@pytest.mark.parametrize(
    ("changes", "posts"),
    [
        ({"event_type": f"/courses/{COURSE}/discussion/forum/t/threads/{POST}"}, (POST, None)),
        ({"event_type": f"/courses/{COURSE}/discussion/threads/{POST}/reply"}, (POST, None)),
        ({"event_type": f"/courses/{COURSE}/discussion/comments/{POST}/update"}, (None, POST)),
        ({"event_type": f"/courses/{COURSE}/discussion/forum"}, (None, None)),
        ({"event_type": "edx.forum.thread.created", "event": {"id": POST}}, (POST, None)),
        (
            {
                "event_type": "edx.forum.response.created",
                "event": {"id": "5", "discussion": {"id": POST}},
            },
            (POST, "5"),
        ),
        ({"event_type": "edx.forum.searched", "event": {"id": POST}}, (None, None)),
    ],
)
def test_posts_of_the_forum(changes: dict[str, Any], posts: tuple[str | None, str | None]) -> None:
    record = record_of(event(**changes))
    assert (record.get("thread_id"), record.get("comment_id")) == posts
