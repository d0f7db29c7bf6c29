"""Watching a video: in the browser, or in the app, which can deliver days later."""

from datetime import timedelta
from typing import Any

from edx_assets.local.sample.courses import Block
from edx_assets.local.sample.events import Visit, browser, implicit, mobile

_DAYS_LATE = [0, 0, 0, 1, 2, 5]
"""How many days late the app's events arrive: one draw each time a video is watched."""


def watch(visit: Visit, video: Block) -> None:
    """Play a video in the page; its position is saved along the way.

    In a new course the events' `id` is the bare name of the video, not a usage key.
    """
    course, rng = visit.course, visit.rng
    base: dict[str, Any] = {"id": video.html_id, "code": f"{video.name[:11]}"}
    browser(visit, "load_video", base, video.key)
    translation = course.handler(rng, video, "translation/en", "transcript")
    implicit(visit, translation, get={"videoId": [base["code"]]}, about=video.key)
    position = 0.0
    browser(visit, "play_video", base | {"currentTime": position}, video.key)
    for _stretch in range(rng.randint(1, 3)):
        for _minute in range(rng.randint(2, 5)):  # the player saves as it goes
            visit.wait(20, 60)
            position += rng.uniform(20, 60)
            _save(visit, video, position)
        browser(visit, "pause_video", base | {"currentTime": position}, video.key)
        _save(visit, video, position)
        if rng.random() < 0.3:
            seek = {"old_time": position, "new_time": position / 2, "type": "onSlideSeek"}
            browser(visit, "seek_video", base | seek, video.key)
            _save(visit, video, position / 2)
        visit.wait(2, 60)
        browser(visit, "play_video", base | {"currentTime": position}, video.key)
        _save(visit, video, position)
    visit.wait(20, 200)
    browser(visit, "stop_video", base | {"currentTime": position + 90.5}, video.key)
    _save(visit, video, position + 90.5)


def watch_on_mobile(visit: Visit, video: Block) -> None:
    """Play a video in the app."""
    delay = timedelta(days=visit.rng.choice(_DAYS_LATE), milliseconds=visit.rng.randint(300, 90000))
    mobile(visit, "load_video", "edx.video.loaded", {}, video, delay)
    for event_type, name in (
        ("play_video", "edx.video.played"),
        ("pause_video", "edx.video.paused"),
        ("stop_video", "edx.video.stopped"),
    ):
        visit.wait(5, 60)
        position = {"currentTime": round(visit.rng.uniform(0, 300), 6)}
        mobile(visit, event_type, name, position, video, delay)


def _save(visit: Visit, video: Block, position: float) -> None:
    hours, rest = divmod(int(position), 3600)
    text = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    path = visit.course.handler(visit.rng, video, "save_user_state")
    implicit(visit, path, {"saved_video_position": [text]}, about=video.key)
