"""The numbers that a section shows, against datasets that were made by hand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from edx_assets.reports.content import Bars, Cell, Content, Name, Section, Strip
from edx_assets.reports.published import Published
from edx_assets.reports.sections import (
    SECTIONS,
    activity,
    chapters,
    countries,
    enrolments,
    forum,
)
from edx_assets.reports.sections import problems as problems_of
from edx_assets.reports.sections import videos as videos_of
from edx_assets_tests.reports.tables import Rows, axis, tables

MONDAY = date(2014, 2, 3)
AXIS = axis(
    ("c1", "chapter", "Water"),
    ("v1", "video", "Rivers", "c1"),
    ("p1", "problem", "Dams", "c1"),
    ("p2", "problem", "Seas", "c1"),
    ("c2", "chapter", "Fire"),
    ("v2", "video", "Sparks", "c2"),
)


VIDEOS = [
    {"index_video": 2, "module_id": "v1", "name": "Rivers", "chapter_name": "Water"},
    {"index_video": 6, "module_id": "v2", "name": "Sparks", "chapter_name": "Fire"},
]


def drawn(section: Section, **told: Rows) -> Content:
    with tables(**told) as session:
        content = section.draw(session)
    assert content is not None
    return content


def texts(row: Sequence[Cell]) -> list[str | list[str]]:
    """What a row says."""
    said: list[str | list[str]] = []
    for cell in row:
        if isinstance(cell, Bars):
            said.append([each.text for each in cell.values])
        elif isinstance(cell, Published | Name):
            said.append(cell.text)
        else:
            said.append(cell.alt if isinstance(cell, Strip) else cell)
    return said


def rows_of(content: Content) -> list[list[str | list[str]]]:
    return [texts(row) for table in content.tables for row in table.rows]


def per_learner(learners: range, **row: Any) -> list[dict[str, Any]]:
    return [{"user_id": learner, **row} for learner in learners]


def test_active_learners_count_once_a_week_and_a_week_without_any_is_there() -> None:
    days = [
        *per_learner(range(32), day=MONDAY),
        *per_learner(range(20, 47), day=MONDAY + timedelta(6)),
        *per_learner(range(4), day=MONDAY + timedelta(14)),
    ]
    content = drawn(activity.SECTION, person_day=days)
    assert rows_of(content) == [
        ["2014-02-03", "50"],
        ["2014-02-10", "0"],
        ["2014-02-17", "under 10"],
    ]
    assert content.text.startswith("50 learners did something")
    assert "3 February 2014, with 50" in content.text
    assert content.chart
    for drawing in (content.chart.wide, content.chart.narrow):
        assert (drawing.count('fill="#0072b2"'), drawing.count('fill="#8885"')) == (1, 1)


def test_enrolments_are_those_at_the_end_of_each_week_and_of_the_last_day() -> None:
    days = [
        {"day": MONDAY + timedelta(n), "mode": mode, "enrolled": enrolled}
        for mode, numbers in {"audit": range(100, 110), "verified": range(10)}.items()
        for n, enrolled in enumerate(numbers)
    ]
    content = drawn(enrolments.SECTION, enrolment_by_day=days)
    assert content.tables[0].columns == ("Day", "audit", "verified")
    assert rows_of(content) == [
        ["2014-02-09", "110", "under 10"],
        ["2014-02-12", "110", "under 10"],
    ]
    assert "12 February 2014: 110 audit, under 10 verified" in content.text


def test_chapters_show_who_was_there_and_who_tried_half_of_the_problems() -> None:
    first = datetime(2014, 2, 3)
    content = drawn(
        chapters.SECTION,
        course_axis=AXIS,
        person_day=per_learner(range(50), day=MONDAY),
        time_on_asset=[
            *per_learner(range(30), module_id="v1", day=MONDAY),
            *per_learner(range(20, 40), module_id="c1", day=MONDAY),
            *per_learner(range(9), module_id="v2", day=MONDAY),
            *per_learner(range(50), module_id="gone", day=MONDAY),
        ],
        problem_check=[
            *per_learner(range(20), module_id="p1", time=first),
            *per_learner(range(10), module_id="p1", time=first),
            *per_learner(range(15, 30), module_id="p2", time=first),
        ],
    )
    assert rows_of(content) == [["Water", ["40"], ["30"]], ["Fire", ["under 10"], "no problems"]]
    assert "Of 50 active learners" in content.text


def test_half_of_the_problems_is_not_one_of_three() -> None:
    three = [*AXIS, {"index": 7, "module_id": "p3", "category": "problem", "chapter_id": "c1"}]
    time = datetime(2014, 2, 3)
    content = drawn(
        chapters.SECTION,
        course_axis=three,
        time_on_asset=per_learner(range(40), module_id="c1"),
        problem_check=[
            *per_learner(range(40), module_id="p1", time=time),
            *per_learner(range(20), module_id="p3", time=time),
            *per_learner(range(20, 40), module_id="p1", time=time),
        ],
    )
    assert rows_of(content)[0] == ["Water", ["40"], ["20"]]


def test_videos_are_in_the_course_s_order_with_those_that_nobody_watched() -> None:
    content = drawn(
        videos_of.SECTION,
        video_axis=VIDEOS,
        person_video=[
            *per_learner(range(20), module_id="v1", complete=True),
            *per_learner(range(20, 50), module_id="v1", complete=False),
            *per_learner(range(50, 80), module_id="v1", complete=None),
            *per_learner(range(12), module_id="i4x://X/Y/video/old", complete=None),
        ],
        video_segments=[
            {"module_id": "v1", "segment": 0, "learners": 60, "views": 99},
            {"module_id": "v1", "segment": 17, "learners": 80, "views": 99},
            {"module_id": "v1", "segment": 18, "learners": 7, "views": 99},
        ],
    )
    assert rows_of(content) == [
        ["Water"],
        ["Rivers", "80", "40%", "80 learners at most, first at 1:25 of 1:35"],
        ["Fire"],
        ["Sparks", "0", "unknown", ""],
        ["old", "10", "unknown", ""],
    ]
    assert content.text.startswith("The course has 3 videos; 2 were watched.")
    assert "80, watched “Rivers”" in content.text
    strip = content.tables[0].rows[1][3]
    assert isinstance(strip, Strip)
    assert strip.heights == (60, *[0] * 16, 80, 0)


def test_a_video_whose_length_the_structure_alone_tells_is_measured_by_it() -> None:
    segments = [{"module_id": "v1", "segment": 0, "learners": 30}]
    for length, reached, least in ((100, 94.9, 95), (1000, 969.9, 970)):
        content = drawn(
            videos_of.SECTION,
            video_axis=[{**VIDEOS[0], "video_length": length}],
            video_segments=segments,
            person_video=[
                *per_learner(range(20), module_id="v1", furthest_second=reached),
                *per_learner(range(20, 30), module_id="v1", furthest_second=least),
            ],
        )
        assert rows_of(content)[1][:3] == ["Rivers", "30", "33%"]


def test_countries_with_under_ten_learners_are_only_counted() -> None:
    def people(first: int, number: int, code: str, country: str | None) -> Rows:
        return [
            {"user_id": n, "cc_by_ip": code, "countryLabel": country}
            for n in range(first, first + number)
        ]

    content = drawn(
        countries.SECTION,
        person_places=[
            *people(0, 10, "AD", "Andorra"),
            *people(20, 50, "CA", "Canada"),
            *people(100, 9, "FR", "France"),
            *people(200, 30, "XK", None),
            *({"user_id": n} for n in range(300, 340)),
        ],
    )
    assert rows_of(content) == [
        ["Canada", ["50"], "50%"],
        ["XK", ["30"], "30%"],
        ["Andorra", ["10"], "10%"],
    ]
    assert content.text == (
        "The addresses of 100 learners tell a country. Left out: 1 country with under ten learners."
    )


def test_a_long_video_has_the_highest_of_each_part_of_its_strip() -> None:
    many = [
        {"module_id": "v1", "segment": n, "learners": 500 if n == 555 else 100} for n in range(800)
    ]
    content = drawn(videos_of.SECTION, video_axis=VIDEOS, video_segments=many)
    strip = content.tables[0].rows[1][3]
    assert isinstance(strip, Strip)
    assert strip.heights == (*[100] * 55, 500, *[100] * 24)


def test_problems_show_the_first_and_the_last_attempt_the_hardest_first() -> None:
    def tried(module: str, learner: int, *right: bool) -> list[dict[str, Any]]:
        return [
            {
                "user_id": learner,
                "module_id": module,
                "time": datetime(2014, 2, 3, n),
                "event_id": f"{9 - n}",
                "attempts": n + 1,
                "success": "correct" if each else "incorrect",
            }
            for n, each in enumerate(right)
        ]

    checks = [
        *(row for n in range(30) for row in tried("p1", n, True)),
        *(row for n in range(10) for row in tried("p2", n, True, False, False, False)),
        *(row for n in range(10, 40) for row in tried("p2", n, False, True)),
        *(row for n in range(9) for row in tried("v1", n, False)),
    ]
    content = drawn(problems_of.SECTION, course_axis=AXIS, problem_check=checks)
    assert rows_of(content) == [
        ["Seas", "40", ["25%", "75%"], "2.5"],
        ["Dams", "30", ["100%", "100%"], "1.0"],
    ]
    assert "3 problems. Left out: 1 that" in content.text


def test_what_is_beyond_25_problems_is_folded() -> None:
    checks = [
        {"user_id": learner, "module_id": f"p{problem:02}", "success": "correct"}
        for problem in range(27)
        for learner in range(10)
    ]
    content = drawn(problems_of.SECTION, problem_check=checks)
    assert [(len(table.rows), table.folded) for table in content.tables] == [(25, False), (2, True)]


def test_posts_of_a_week_are_told_where_ten_people_wrote_them() -> None:
    week = datetime(2014, 2, 5)
    content = drawn(
        forum.SECTION,
        forum_posts=[
            *per_learner(range(12), first_time=week),
            *per_learner(range(12), first_time=week + timedelta(1)),
            *per_learner(range(9), first_time=week + timedelta(14)),
            *per_learner(range(9), first_time=week + timedelta(14)),
        ],
        forum_events=per_learner(range(40), time=week),
    )
    assert rows_of(content) == [
        ["2014-02-03", "20", "10", "40"],
        ["2014-02-10", "0", "0", "0"],
        ["2014-02-17", "under 10 learners", "under 10", "0"],
    ]
    assert content.chart


def test_where_no_week_is_told_there_is_no_chart() -> None:
    content = drawn(
        forum.SECTION, forum_posts=per_learner(range(3), first_time=datetime(2014, 2, 5))
    )
    assert content.chart is None


def test_nothing_is_drawn_of_empty_datasets() -> None:
    with tables() as session:
        assert {each.name: each.draw(session) for each in SECTIONS} == dict.fromkeys(
            [each.name for each in SECTIONS]
        )
