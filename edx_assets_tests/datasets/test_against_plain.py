"""The queries agree with plain Python on random sequences of events, the traps among them."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets.datasets.definition import datasets
from edx_assets_tests.datasets import plain, plain_videos
from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.plain import Event

START = 1_391_379_000_000  # 2014-02-02 22:10 UTC: not long before midnight
VIDEO = "block-v1:T+T1+1+type@video+block@a"
GAPS = (0, 1, 999, 1_000, 20_000, 299_999, 300_000, 300_001, 1_799_999, 1_800_000, 40_000_000)
TYPES = (
    "play_video",
    "pause_video",
    "stop_video",
    "seek_video",
    "show_transcript",
    "problem_check",
    "problem_show",
    "show_answer",
    "showanswer",
    "seq_goto",
    "textbook.pdf.page.scrolled",
    "edx.forum.thread.created",
    "page_close",
    "/courses/course-v1:T+T1+1/progress",
    "/courses/T/T1/1/progress/",
    "/courses/course-v1:T+T1+1/discussion/forum/x/inline",
    "/courses/T/T1/1/discussion/threads/1/reply",
    "/courses/T/T1/1/wiki/T1/",
    "/courses/T/T1/1/xblock/b/handler/problem_check",
    "edx.course.enrollment.activated",
    "edx.course.enrollment.deactivated",
    "edx.course.enrollment.mode_changed",
)
PLAIN = (
    plain.person_day,
    plain.time_on_task,
    plain.time_on_asset,
    plain.sessions,
    plain_videos.video_day,
    plain_videos.video_viewings,
    plain_videos.video_segments,
    plain_videos.person_video,
    plain.enrolment_by_day,
)
PLACES = (0.0, 0.2, 4.99, 5.0, 10.0, 12.5, 99.0, 101.0, 101.5, 36_001.0)


def history(seed: int) -> list[Event]:
    """Events of two learners and of nobody; the ids are not in the order of time.

    Drawn from a seed: Hypothesis prefers the simple, and hardly two events would ever be about the
    same video.
    """
    random = Random(seed)
    kinds = random.choice((TYPES, TYPES[:4], TYPES[-3:]))
    modules = random.choice(((VIDEO,), (VIDEO, "i4x://T/T1/b/b", None)))
    numbers = list(range(random.choice((0, 1, 10, 60))))
    random.shuffle(numbers)
    at, events = START, []
    for number in numbers:
        at += random.choice(GAPS)
        kind = random.choice(kinds)
        told: dict[str, Any] = {}
        if kind == "seek_video":
            told = {"old_time": random.choice(PLACES), "new_time": random.choice(PLACES)}
        elif kind.endswith("_video"):
            told = {"currentTime": random.choice(PLACES)}
            if random.random() < 0.1:
                told["duration"] = 100
        elif kind.startswith("edx.course.enrollment."):
            told = {"mode": random.choice(("honor", "verified", "audit", None))}
        user = random.choice((7, 7, 7, 8, None))
        source = random.choice(("browser", "server"))
        events.append(Event(number, at, user, kind, source, random.choice(modules), told))
    return events


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_the_queries_agree_with_plain_python(seed: int) -> None:
    events = history(seed)
    found = made([definition.__name__ for definition in PLAIN], events)
    for definition in PLAIN:
        name = definition.__name__
        columns = [column.name for column in datasets()[name].columns]
        expected = [[row[column] for column in columns] for row in definition(events)]
        expected.sort(key=lambda row: [(value is not None, value) for value in row])
        assert [list(row.values()) for row in found[name]] == expected, name
