"""What a report shows of videos and problems, against datasets that were made by hand."""

from datetime import datetime
from typing import Any

from edx_assets.reports.content import Strip
from edx_assets.reports.sections import problems, videos
from edx_assets_tests.reports.tables import AXIS, VIDEOS, drawn, per_learner, rows_of


def test_videos_are_in_the_course_s_order_with_those_that_nobody_watched() -> None:
    content = drawn(
        videos.SECTION,
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
            videos.SECTION,
            video_axis=[{**VIDEOS[0], "video_length": length}],
            video_segments=segments,
            person_video=[
                *per_learner(range(20), module_id="v1", furthest_second=reached),
                *per_learner(range(20, 30), module_id="v1", furthest_second=least),
            ],
        )
        assert rows_of(content)[1][:3] == ["Rivers", "30", "33%"]


def test_a_long_video_has_the_highest_of_each_part_of_its_strip() -> None:
    many = [
        {"module_id": "v1", "segment": n, "learners": 500 if n == 555 else 100} for n in range(800)
    ]
    content = drawn(videos.SECTION, video_axis=VIDEOS, video_segments=many)
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
    content = drawn(problems.SECTION, course_axis=AXIS, problem_check=checks)
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
    content = drawn(problems.SECTION, problem_check=checks)
    assert [(len(table.rows), table.folded) for table in content.tables] == [(25, False), (2, True)]
