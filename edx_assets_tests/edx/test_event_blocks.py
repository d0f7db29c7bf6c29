"""The block that an event is about: each place that names it, in each spelling, nearest first."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from edx_assets_tests.edx.tracking import (
    CCX_PROBLEM,
    COURSE,
    NEW_PROBLEM,
    PROBLEM,
    event,
    record_of,
)

OLD_COURSE = "McGillX/CHEM181x/1T2014"
CCX = "ccx-v1:McGillX+CHEM181x+1T2014+ccx@3"
SITE = "https://courses.edx.org"
OLD_IN_URL = "i4x:;_;_McGillX;_CHEM181x;_problem;_Week_1"
HTML_ID = "i4x-McGillX-CHEM181x-problem-Week_1"


def block(source: str = "server", **changes: Any) -> str | None:
    found = record_of(event(source, **changes)).get("module_id")
    assert found is None or isinstance(found, str)
    return found


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "problem_id",
        "module_id",
        "usage_key",
        "block_id",
        "item_id",
        "location",
        "problem",
        "component_usage_id",
        "host_component_id",
    ],
)
@pytest.mark.parametrize(
    ("written", "key"),
    [
        (PROBLEM, PROBLEM),
        (NEW_PROBLEM, NEW_PROBLEM),
        (CCX_PROBLEM, CCX_PROBLEM),
        (HTML_ID, PROBLEM),
        (OLD_IN_URL, PROBLEM),
    ],
)
def test_the_event_s_own_fields_name_the_block(field: str, written: str, key: str) -> None:
    assert block(event={field: written}) == key
    assert block("browser", event=json.dumps({field: written})) == key


@pytest.mark.parametrize("written", ["Week_1", "", None, 5, [PROBLEM], "i4x-McGillX", "block_1"])
def test_a_field_that_names_no_block_is_passed_over(written: Any) -> None:
    assert block(event={"id": written, "problem_id": PROBLEM}) == PROBLEM
    assert block(event={"id": written}) is None


def test_the_dots_of_an_html_id_come_from_the_course() -> None:
    told = {"id": "i4x-BerkeleyX-Stat_2_1x-video-abc"}
    context = {"course_id": "BerkeleyX/Stat_2.1x/1T2014"}
    assert block(event=told, context=context) == "i4x://BerkeleyX/Stat_2.1x/video/abc"


@pytest.mark.parametrize("key", [PROBLEM, NEW_PROBLEM, CCX_PROBLEM])
def test_the_context_s_module_names_the_block(key: str) -> None:
    assert block(context={"module": {"display_name": "Week 1", "usage_key": key}}) == key


@pytest.mark.parametrize("module", [None, "", PROBLEM, {}, {"usage_key": None}, {"usage_key": 5}])
def test_a_context_whose_module_is_of_another_form_names_none(module: Any) -> None:
    assert block(context={"module": module}) is None


@pytest.mark.parametrize("what", ["seq_goto", "seq_next", "edx.ui.lms.sequence.tab_selected"])
@pytest.mark.parametrize(
    "key",
    [
        "i4x://McGillX/CHEM181x/sequential/Lecture",
        "block-v1:McGillX+CHEM181x+1T2014+type@sequential+block@Lecture",
    ],
)
def test_sequence_events_name_their_sequential(what: str, key: str) -> None:
    told = {"id": key, "old": 1, "new": 2}
    assert block("browser", event_type=what, event=json.dumps(told)) == key


ADDRESSES = [
    ("/xblock/" + NEW_PROBLEM, NEW_PROBLEM),
    ("/xblock/" + NEW_PROBLEM + "?show_title=0&view=student_view", NEW_PROBLEM),
    ("/xblock/" + CCX_PROBLEM, CCX_PROBLEM),
    (f"/courses/{COURSE}/xblock/{NEW_PROBLEM}/handler/xmodule_handler/problem_get", NEW_PROBLEM),
    (f"/courses/{COURSE}/xblock/{quote(NEW_PROBLEM, safe='')}/handler/x", NEW_PROBLEM),
    (f"/courses/{OLD_COURSE}/xblock/{OLD_IN_URL}/handler/xmodule_handler/problem_get", PROBLEM),
    (f"/courses/{OLD_COURSE}/modx/{PROBLEM}/problem_check", PROBLEM),
    (f"/courses/{OLD_COURSE}/modx/{OLD_IN_URL}/problem_check", PROBLEM),
    (f"/courses/{OLD_COURSE}/modx/{quote(PROBLEM, safe='')}/problem_check", PROBLEM),
    (f"/courses/{OLD_COURSE}/jump_to/{PROBLEM}", PROBLEM),
    (f"/courses/{COURSE}/jump_to/{NEW_PROBLEM}", NEW_PROBLEM),
    (
        f"/courses/{OLD_COURSE}/courseware/Week_1/Lecture/",
        "i4x://McGillX/CHEM181x/sequential/Lecture",
    ),
    (
        f"/courses/{COURSE}/courseware/Week_1/Lecture/3/?activate_block_id=x",
        "block-v1:McGillX+CHEM181x+1T2014+type@sequential+block@Lecture",
    ),
    (
        f"/courses/{CCX}/courseware/Week_1/Lecture",
        "ccx-block-v1:McGillX+CHEM181x+1T2014+ccx@3+type@sequential+block@Lecture",
    ),
    (f"/courses/{OLD_COURSE}/courseware/Week_1/", "i4x://McGillX/CHEM181x/chapter/Week_1"),
    (f"/courses/{OLD_COURSE}/courseware/", None),
    (f"/courses/{OLD_COURSE}/info", None),
    ("/courseware/Week_1/Lecture/", None),
    ("/xblock/lib-block-v1:McGillX+Questions+type@problem+block@1", None),
]


@pytest.mark.parametrize(("address", "key"), ADDRESSES)
def test_the_address_names_the_block(address: str, key: str | None) -> None:
    cut = '{"POST": {"input_i4x-McGillX-CHEM181x-problem-Other_2_1": ["'
    assert block(event_type=address, event=cut) == key
    assert block("browser", event_type="page_close", event="{}", page=SITE + address) == key


@pytest.mark.parametrize("key", [PROBLEM, NEW_PROBLEM])
def test_an_explicit_server_event_is_named_by_its_context_s_path(key: str) -> None:
    path = f"/courses/{COURSE}/xblock/{key.replace('/', ';_')}/handler/x"
    assert block(event_type="problem_check", context={"path": path}) == key


@pytest.mark.parametrize(
    ("course", "written", "key"),
    [
        (OLD_COURSE, HTML_ID, PROBLEM),
        (COURSE, "Week_1", NEW_PROBLEM),
        (CCX, "Week_1", CCX_PROBLEM),
        (COURSE, "a0effb954cca4759", NEW_PROBLEM.replace("Week_1", "a0effb954cca4759")),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "input_{0}_2_1=choice_0",
        "input_{0}_2_1[]=choice_0&input_{0}_2_1[]=choice_1",
        "input_{0}_2_1%5B%5D=choice_0&input_{0}_2_1%5B%5D=choice_1",
        "other=1&input_{0}_10_12=x",
        "input_{0}_2_1=",
    ],
)
def test_the_inputs_of_a_submitted_form_name_the_problem(
    course: str, written: str, key: str, form: str
) -> None:
    told = form.format(written)
    page = f"{SITE}/courses/{course}/courseware/Week_1/Lecture/"
    contents = [told, "<div>graded</div>"]
    for delivered in (told, json.dumps(told), contents, json.dumps(contents)):
        for context in ({"course_id": course}, {}):
            assert block("browser", event=delivered, context=context, page=page) == key


@pytest.mark.parametrize("told", ["", [], [5], "input_", "a=b", "input_Week_1=x", 5])
def test_a_form_without_inputs_falls_back_on_the_page(told: Any) -> None:
    page = f"{SITE}/courses/{OLD_COURSE}/courseware/Week_1/Lecture/"
    sequential = "i4x://McGillX/CHEM181x/sequential/Lecture"
    assert block("browser", event_type="problem_check", event=told, page=page) == sequential


@pytest.mark.parametrize(
    ("course", "written", "key"),
    [
        (COURSE, "4e2eeecf", "block-v1:McGillX+CHEM181x+1T2014+type@video+block@4e2eeecf"),
        (CCX, "4e2eeecf", "ccx-block-v1:McGillX+CHEM181x+1T2014+ccx@3+type@video+block@4e2eeecf"),
        (
            OLD_COURSE,
            "i4x-McGillX-CHEM181x-video-4e2eeecf",
            "i4x://McGillX/CHEM181x/video/4e2eeecf",
        ),
    ],
)
@pytest.mark.parametrize("field", ["id", "host_component_id"])
def test_a_player_s_events_name_their_video(
    course: str, written: str, key: str, field: str
) -> None:
    told = json.dumps({field: written, "code": "html5", "currentTime": 3.2})
    page = f"{SITE}/courses/{course}/courseware/Week_1/Lecture/"
    assert block("browser", event=told, context={"course_id": course}, page=page) == key
    assert block("browser", event=told, page=page) == key


def test_a_bare_name_is_no_video_where_no_player_wrote_it() -> None:
    context = {"course_id": COURSE}
    assert block("browser", event='{"id": "4e2eeecf"}', context=context) is None
    assert block(event={"id": "4e2eeecf", "code": "x"}, context=context) is None
    assert block("browser", event='{"id": "4e2eeecf", "code": "x"}') is None
    cut = '{"id": "i4x-McGillX", "code": "x"}'
    assert block("browser", event=cut, context=context) is None


def test_the_nearest_place_names_the_block() -> None:
    other, path = NEW_PROBLEM + "_module", f"/xblock/{NEW_PROBLEM}_path/handler/x"
    context = {"module": {"usage_key": other}, "path": path}
    assert block(event={"problem_id": NEW_PROBLEM}, context=context) == NEW_PROBLEM
    assert block(event={}, context=context) == other
    assert block(event={}, context={"path": path}) == NEW_PROBLEM + "_path"
    page = f"{SITE}/courses/{OLD_COURSE}/courseware/Week_1/Lecture/"
    told = json.dumps({"id": HTML_ID})
    assert block("browser", event=told, page=page) == PROBLEM
