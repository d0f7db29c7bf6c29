"""The course of an event: each place that names it, in order of precedence."""

from typing import Any

import pytest

from edx_assets_tests.edx.tracking import COURSE, NEW_PROBLEM, PROBLEM, event, record_of


def course(source: str = "server", **changes: Any) -> str | None:
    found = record_of(event(source, **changes)).get("course_id")
    assert found is None or isinstance(found, str)
    return found


def block_in(name: str) -> str:
    return f"block-v1:Org+{name}+Run+type@problem+block@b"


IN_ORDER: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "server": [
        ("Context", {"context": {"course_id": "Org/Context/Run"}}),
        ("Address", {"event_type": "/courses/Org/Address/Run/info"}),
        ("Path", {"context": {"path": "/courses/Org/Path/Run/info"}}),
        ("Name", {"name": "/courses/course-v1:Org+Name+Run/info"}),
        ("Told", {"event": {"course_id": "Org/Told/Run"}}),
        ("Block", {"event": {"problem_id": block_in("Block")}}),
    ],
    "browser": [
        ("Context", {"context": {"course_id": "Org/Context/Run"}}),
        ("Address", {"page": "https://edx.org/courses/Org/Address/Run/courseware/"}),
        ("Path", {"context": {"path": "/courses/Org/Path/Run/info"}}),
        ("Name", {"name": "/courses/course-v1:Org+Name+Run/info"}),
        ("Told", {"event": {"course_id": "Org/Told/Run"}}),
        ("Block", {"event": {"problem_id": block_in("Block")}}),
    ],
}


@pytest.mark.parametrize(
    ("source", "first"), [(source, n) for source, places in IN_ORDER.items() for n in range(6)]
)
def test_the_first_place_that_tells_the_course_counts(source: str, first: int) -> None:
    changes: dict[str, Any] = {}
    for _name, told in reversed(IN_ORDER[source][first:]):
        for field, value in told.items():
            both = isinstance(value, dict) and isinstance(changes.get(field), dict)
            changes[field] = {**changes[field], **value} if both else value
    assert course(source, **changes) == f"course-v1:Org+{IN_ORDER[source][first][0]}+Run"


@pytest.mark.parametrize("how", ["activated", "deactivated", "mode_changed"])
def test_an_enrolment_is_of_the_course_acted_on(how: str) -> None:
    told = {"course_id": "Org/Acted/Run", "user_id": 7, "mode": "honor"}
    context = {"course_id": "Org/Context/Run"}
    kind = f"edx.course.enrollment.{how}"
    assert course(event_type=kind, event=told, context=context) == "course-v1:Org+Acted+Run"
    assert course(event_type="edx.x", event=told, context=context) == "course-v1:Org+Context+Run"


@pytest.mark.parametrize("told", [{}, {"course_id": ""}, {"course_id": "none"}, {"course_id": 5}])
def test_an_enrolment_that_tells_no_course_is_of_the_context_s(told: dict[str, Any]) -> None:
    context = {"course_id": "Org/Context/Run"}
    kind = "edx.course.enrollment.activated"
    assert course(event_type=kind, event=told, context=context) == "course-v1:Org+Context+Run"


@pytest.mark.parametrize(
    "told", ["", " ", "Org/Context", "library-v1:A+B", "A/B/100%", None, 5, ["Org/Context/Run"], {}]
)
def test_a_context_that_holds_no_course_key_is_passed_over(told: Any) -> None:
    page = "https://edx.org/courses/Org/Page/Run/"
    assert course("browser", context={"course_id": told}, page=page) == "course-v1:Org+Page+Run"


@pytest.mark.parametrize("context", [None, "", [], 5, "course_id"])
def test_an_event_without_a_context_is_told_by_its_address(context: Any) -> None:
    page = "https://edx.org/courses/Org/Page/Run/"
    assert course("browser", context=context, page=page) == "course-v1:Org+Page+Run"


@pytest.mark.parametrize(
    "address",
    [
        "/courses/McGillX/CHEM181x/1T2014",
        "/courses/McGillX/CHEM181x/1T2014/",
        "/courses/McGillX/CHEM181x/1T2014/courseware/Week_1/Lecture/",
        "/courses/McGillX/CHEM181x/1T2014?tab=1",
        "/courses/McGillX/CHEM181x/1T2014#top",
        "/courses/course-v1:McGillX+CHEM181x+1T2014",
        "/courses/course-v1:McGillX+CHEM181x+1T2014/progress",
        "/courses/course-v1%3AMcGillX%2BCHEM181x%2B1T2014/progress",
        "/api/courses/v1/courses/course-v1:McGillX+CHEM181x+1T2014/",
        "/api/mobile/v0.5/video_outlines/courses/McGillX/CHEM181x/1T2014",
        "/xblock/block-v1:McGillX+CHEM181x+1T2014+type@vertical+block@v?show_title=0",
        "/xblock/block-v1%3AMcGillX%2BCHEM181x%2B1T2014%2Btype%40vertical%2Bblock%40v",
        "/courses/v1/blocks/block-v1:McGillX+CHEM181x+1T2014+type@course+block@course",
    ],
)
def test_addresses_that_tell_the_course(address: str) -> None:
    assert course(event_type=address) == COURSE
    assert course("browser", page="https://courses.edx.org" + address) == COURSE


@pytest.mark.parametrize(
    "address",
    [
        "/courses/ccx-v1:McGillX+CHEM181x+1T2014+ccx@3/progress",
        "/xblock/ccx-block-v1:McGillX+CHEM181x+1T2014+ccx@3+type@vertical+block@v",
    ],
)
def test_addresses_of_a_ccx(address: str) -> None:
    assert course(event_type=address) == "ccx-v1:McGillX+CHEM181x+1T2014+ccx@3"


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/courses",
        "/courses/",
        "/courses/v1/blocks/x/",
        "/api/courses/v1/blocks/some/more",
        "/courses/McGillX/CHEM181x",
        "/courses/course-v1:McGillX+CHEM181x/info",
        "/courses/A/B/100%/info",
        "/xblock/lib-block-v1:McGillX+Questions+type@problem+block@1",
        "/heartbeat",
    ],
)
def test_addresses_that_tell_none(address: str) -> None:
    assert course(event_type=address) is None
    assert course("browser", page="https://courses.edx.org" + address) is None


def test_a_server_s_page_and_a_browser_s_type_are_no_addresses() -> None:
    assert course("server", page="https://edx.org/courses/A/B/C/") is None
    assert course("browser", event_type="/courses/A/B/C/") is None


@pytest.mark.parametrize("source", ["mobile", "browser"])
def test_a_mobile_app_s_page_tells_the_course_as_a_browser_s_does(source: str) -> None:
    assert course(source, page="https://edx.org/courses/A/B/C/x") == "course-v1:A+B+C"


def test_a_new_line_in_a_course_key_is_dropped() -> None:
    assert course(context={"course_id": "McGillX/CHEM181x/1T2014\n"}) == COURSE


def test_an_old_block_tells_organisation_and_number_only() -> None:
    assert course(event={"problem_id": PROBLEM}) == "McGillX/CHEM181x"
    assert course(event={"problem_id": NEW_PROBLEM}) == COURSE


def test_the_context_s_module_tells_the_course_as_well() -> None:
    assert course(context={"module": {"usage_key": NEW_PROBLEM}}) == COURSE
    library = "lb:McGillX:Questions:problem:1"
    assert course(context={"module": {"usage_key": library}}) is None
