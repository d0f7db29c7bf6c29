"""The numbers that a section shows, against datasets that were made by hand."""

from datetime import date, datetime, timedelta

from edx_assets.reports.sections import (
    SECTIONS,
    activity,
    chapters,
    countries,
    enrolments,
    forum,
    funnel,
)
from edx_assets_tests.reports.tables import AXIS, Rows, drawn, per_learner, rows_of, tables

MONDAY = date(2014, 2, 3)


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


def test_the_funnel_counts_each_stage_and_what_no_table_tells_is_unknown() -> None:
    content = drawn(
        funnel.SECTION,
        person_course=[
            {
                "user_id": n,
                "registered": True,
                "viewed": n < 60,
                "explored": n < 4,
                "completed": None,
                "certified": False,
            }
            for n in range(120)
        ],
    )
    assert rows_of(content) == [
        ["Registered", ["120"], "100%"],
        ["Viewed", ["60"], "50%"],
        ["Explored", ["under 10"], "under 9%"],
        ["Completed", ["unknown"], "unknown"],
        ["Certified", ["0"], "0%"],
    ]
    assert content.text == (
        "Of the course's learners: 120 registered, 60 viewed, under 10 explored, 0 certified."
    )


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
