"""What was watched of a video, by hand: twice the same piece, and beyond the video's end."""

from typing import Any

from edx_assets_tests.datasets import plain_videos
from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.test_against_plain import START, VIDEO

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
