"""A course's tracking: extracted from the master by its window, and bound to its blocks."""

import json
from pathlib import Path

import pytest

from edx_assets.edx.collections import TRACKING
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.loading.registry import register_course
from edx_assets.resources.store import Store
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import COURSE, VIDEO, collection, members, sort


def test_the_window_is_the_structures_and_its_last_day_counts_whole(
    testx: Institution, store: Store
) -> None:
    lines = [
        event(1, time="2014-02-02T23:59:59.999999+00:00"),
        event(1, time="2014-02-03T00:00:00+00:00"),
        event(1, time="2014-02-10T23:59:59.999999Z"),
        event(1, time="2014-02-11T00:00:00"),
        event(9, context={"course_id": "TestX/Other/2014"}),
    ]
    testx.deliver("2014-02-11", lines)
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-11")
    sort(testx, "2014-02-09")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    times = sorted(record["time"] for record in collection(store, TRACKING))
    assert times == ["2014-02-03T00:00:00+00:00", "2014-02-10T23:59:59.999999Z"]


def test_the_courses_file_sets_the_window_and_knows_other_spellings(
    testx: Institution, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    courses = tmp_path / "courses.yaml"
    courses.write_text(
        "courses:\n"
        f"  - course_key: {COURSE}\n"
        "    spellings: [TestX/T101/Typo]\n"
        "    enrolment_start: 2014-02-05\n"
        "    course_end: 2014-02-06\n"
    )
    monkeypatch.setenv("EDX_COURSES_FILE", str(courses))
    lines = [
        event(1, time=f"2014-02-{day:02d}T12:00:00", context={"course_id": f"TestX/T101/{run}"})
        for day in (4, 5, 6, 7)
        for run in ("2014", "Typo", "2015")
    ]
    testx.deliver("2014-02-08", lines)
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-08")
    sort(testx, "2014-02-09")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    found = sorted(
        (record["time"][8:10], record["course_id"]) for record in collection(store, TRACKING)
    )
    typo = "course-v1:TestX+T101+Typo"
    assert found == [("05", COURSE), ("05", typo), ("06", COURSE), ("06", typo)]


def test_events_without_a_run_are_the_courses_to_which_the_courses_file_gives_them(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    courses = testx.folder / "courses.yaml"
    courses.write_text(f"courses:\n  - course_key: {COURSE}\n    spellings: [TestX/T101]\n")
    monkeypatch.setenv("EDX_COURSES_FILE", str(courses))
    told = [("a", "TestX/T101"), ("b", "TestX/T102")]  # of problems whose keys have no run
    lines = [
        event(
            n,
            username=name,
            event_source="server",
            context={"org_id": "TestX"},
            event={"problem_id": f"i4x://{at}/problem/p"},
        )
        for n, (name, at) in enumerate(told)
    ]
    testx.deliver("2014-02-03", [*lines, event(5, username="c")])
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-03")
    sort(testx, "2014-02-09")
    register_course(store, "course-v1:TestX+T101+2015", "edx")  # so the run is not told otherwise
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    assert sorted(record["username"] for record in collection(store, TRACKING)) == ["a", "c"]


def test_a_courses_file_that_is_not_there_is_named(
    testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    monkeypatch.setenv("EDX_COURSES_FILE", "/nowhere/courses.yaml")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    text = failure_text(result)
    assert text.startswith("dagster._core.definitions.events.Failure")
    assert "/nowhere/courses.yaml" in text


def test_events_are_bound_to_their_block_in_either_spelling(
    testx: Institution, store: Store
) -> None:
    lines = [
        event(1, event=json.dumps({"id": "i4x-TestX-T101-video-v1"}), event_type="play_video"),
        event(2, event={"id": "block-v1:TestX+T101+2014+type@video+block@v1"}),
        event(3, event={"id": "i4x-TestX-T101-video-gone"}),
        event(4),
    ]
    testx.deliver("2014-02-03", lines)
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-03")
    sort(testx, "2014-02-09")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    by_second = {record["timestamp"].second: record for record in collection(store, TRACKING)}
    place = next(b for b in collection(store, "course_structure") if b["_id"] == VIDEO)
    for second in (1, 2):
        assert by_second[second]["parent_data"] == place["parent_data"]
        assert by_second[second]["metadata"] == {"display_name": "V", "youtube_id_1_0": "abc"}
    assert "parent_data" not in by_second[3]
    assert "parent_data" not in by_second[4]
    master = {record["_id"]: record for record in store.find(MASTER_TRACKING, {})}
    for record in by_second.values():
        own = {k: v for k, v in record.items() if k not in ("parent_data", "metadata")}
        assert own == master[record["_id"]]


def test_tracking_without_a_structure_says_what_to_do(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    text = failure_text(testx.run("course/tracking", partition=COURSE))
    assert "materialize course/course_structure first" in text
