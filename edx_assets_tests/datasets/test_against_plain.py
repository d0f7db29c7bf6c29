"""The queries agree with plain Python on random sequences of events, the traps among them."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import bson
import pyarrow.parquet as pq
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets.datasets.definition import EVENTS, datasets
from edx_assets.datasets.engine import attach, engine, make, sort_events
from edx_assets.datasets.events import SCHEMA, event_batches
from edx_assets.datasets.tables import table_schema
from edx_assets_tests.datasets import plain, plain_videos
from edx_assets_tests.datasets.plain import Event, Row

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


def record(event: Event) -> bytes:
    """An event as a course's tracking holds it."""
    fields = {
        "_id": ObjectId(event.event_id),
        "timestamp": datetime.fromtimestamp(event.at / 1000, UTC),
        "username": "ana",
        "event_type": event.type,
        "event_source": event.source,
        "event": event.told,
    }
    known = {"user_id": event.user_id, "module_id": event.module}
    return bson.encode(fields | {name: value for name, value in known.items() if value})


def made(events: list[Event]) -> dict[str, list[Row]]:
    """The rows of every dataset."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder)) as session:
        here = Path(folder)
        with pq.ParquetWriter(here / "told.parquet", SCHEMA) as writer:
            for batch in event_batches(map(record, events)):
                writer.write_batch(batch)
        pq.write_table(table_schema("auth_user").empty_table(), here / "auth_user.parquet")
        attach(session, {"auth_user": here / "auth_user.parquet"})
        sort_events(session, here / "told.parquet", "auth_user", here / "events.parquet")
        attach(session, {EVENTS: here / "events.parquet"})
        for name, each in datasets().items():
            path = here / f"{name}.parquet"
            make(session, each, path)
            attach(session, {name: path})
            rows[name] = pq.read_table(path).to_pylist()
    return rows


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_the_queries_agree_with_plain_python(seed: int) -> None:
    events = history(seed)
    found = made(events)
    for definition in PLAIN:
        name = definition.__name__
        columns = [column.name for column in datasets()[name].columns]
        expected = [[row[column] for column in columns] for row in definition(events)]
        expected.sort(key=lambda row: [(value is not None, value) for value in row])
        assert [list(row.values()) for row in found[name]] == expected, name
