"""Videos by hand: what was watched twice or beyond the end, odd places, lengths and chapters."""

import json
from typing import Any

from edx_assets.edx.course_structure import read_blocks
from edx_assets_tests.datasets import plain_videos
from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.test_against_plain import START, VIDEO
from edx_assets_tests.datasets.test_course_axis import COURSE, block, usage

VIDEOS = ("video_viewings", "video_segments", "person_video")


def watched(*pieces: tuple[float, float], **told: Any) -> list[Event]:
    """A learner's events: a minute apart, each piece is played and paused."""
    places = [("play_video", "pause_video")[n % 2] for n in range(2 * len(pieces))]
    seconds = [second for piece in pieces for second in piece]
    return [
        Event(
            number, START + 60_000 * number, 7, kind, "browser", VIDEO, told | {"currentTime": at}
        )
        for number, (kind, at) in enumerate(zip(places, seconds, strict=True))
    ]


def test_what_is_watched_twice_counts_once() -> None:
    events = watched((0.0, 10.0), (5.0, 12.5), (6.0, 7.0), (50.0, 60.0))
    found = made(VIDEOS, events)
    [row] = found["person_video"]
    assert (row["viewings"], row["seconds_watched"], row["furthest_second"]) == (4, 22.5, 60.0)
    assert row["complete"] is None
    views = {each["segment"]: each["views"] for each in found["video_segments"]}
    assert views == {0: 1, 1: 3, 2: 1, 10: 1, 11: 1}
    assert found["person_video"] == plain_videos.person_video(events)


def test_nothing_counts_beyond_the_end_of_a_video() -> None:
    events = watched((80.0, 101.0), (80.0, 101.5), (0.0, 36_001.0), duration=100)
    found = made(VIDEOS, events)
    assert [each["to_second"] for each in found["video_viewings"]] == [101.0]
    assert [each["complete"] for each in found["person_video"]] == [True]
    assert found["video_viewings"] == plain_videos.video_viewings(events)


def test_a_jump_ends_a_piece_and_the_next_begins_where_it_led() -> None:
    events = watched((0.0, 0.0), (3.0, 20.0))
    jump = Event(
        9, events[1].at, 7, "seek_video", "browser", VIDEO, {"old_time": 8, "new_time": 15}
    )
    found = made(VIDEOS, [events[0], jump, *events[2:]])
    pieces = [(each["from_second"], each["to_second"]) for each in found["video_viewings"]]
    assert pieces == [(0.0, 8.0), (15.0, 20.0)]


def test_the_speed_is_no_part_of_a_place_and_odd_places_are_none() -> None:
    told: list[dict[str, Any]] = [
        {"currentTime": 20, "speed": 2},
        {"currentTime": "12.5"},
        {"currentTime": -1},
        {},
    ]
    events = [
        Event(n, START + n, 7, "pause_video", module=VIDEO, told=t) for n, t in enumerate(told)
    ]
    events.append(
        Event(9, START + 86_400_000, 7, "stop_video", module=VIDEO, told={"currentTime": -1})
    )
    found = made(["video_day"], events)["video_day"]
    assert [(row["nplay_video"], row["position"]) for row in found] == [(0, 20.0), (0, None)]


def test_a_video_has_its_chapter_and_the_length_that_players_report() -> None:
    chapter, hidden = usage("c", "chapter"), usage("h", "chapter")
    long, short, staff = (usage(name, "video") for name in ("long", "short", "staff"))
    blocks = read_blocks(
        json.dumps(
            block(COURSE, chapter, hidden, usage("alpha", "videoalpha"))
            | block(chapter, usage("v"), display_name="Week 1")
            | block(usage("v"), short, usage("p", "problem"), long)
            | block(hidden, staff, visible_to_staff_only=True)
            | block(long, youtube_id_1_0="abc", display_name="Long")
            | block(short)
            | block(staff)
            | block(usage("p", "problem"))
            | block(usage("alpha", "videoalpha"))
            | block(usage("draft", "video"))
        ).encode()
    )
    told = [{"category": "video", "name": name, "duration": "60"} for name in ("long", "short")]
    lengths = (59.5, 61.25, "x", 0, 36_001, None)
    events = [
        Event(n, START + n, 7, "pause_video", module=long, told={"duration": length})
        for n, length in enumerate(lengths)
    ]
    events.append(Event(9, START, 7, "load_video", module=long, told={"duration": 99}))
    events.append(Event(10, START, 7, "play_video", module=staff, told={"duration": 0}))
    tables = {
        "course_structure": list(blocks.values()),
        "course_export": [{"_id": 1, "blocks": told}],
    }
    rows = [tuple(row.values()) for row in made(["video_axis"], events, tables)["video_axis"]]
    assert rows == [
        (4, short, "video", "short", None, 60.0, False, 2, chapter, "Week 1"),
        (6, long, "video", "Long", "abc", 61.25, False, 2, chapter, "Week 1"),
        (8, staff, "video", "staff", None, None, True, 7, hidden, "h"),
        (9, usage("alpha", "videoalpha"), "videoalpha", "alpha", *[None] * 2, False, *[None] * 3),
    ]
