"""A course whose structure is loaded and whose tracking is extracted, without Dagster."""

import json
from datetime import UTC, date, datetime
from typing import Any

from bson import encode

from edx_assets.edx.collections import COURSE_STRUCTURE, TRACKING
from edx_assets.edx.course_structure import read_blocks
from edx_assets.loading.courses.tracking import extract_course
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import COURSE_LOADS, TRACKING_FILES, note_course_load
from edx_assets.loading.registry import register_course
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import event
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    VIDEO,
    collection,
    structure,
)
from edx_assets_tests.loading.days.deliveries import Delivery

RUNNING, OVER = date(2014, 2, 6), date(2014, 2, 11)
"""Days before and after the end of the course's window, 2014-02-03 to 2014-02-10."""
WINDOW = {"start": "2014-02-03T00:00:00Z", "end": "2014-02-10T12:00:00Z"}


def line(day: int, second: int, course: str = "TestX/T101/2014") -> bytes:
    """An event; every other one of the course's video."""
    fields: dict[str, Any] = {"context": {"course_id": course}, "time": _time(day, second)}
    if second % 2:
        fields |= {"event_type": "play_video", "event": {"id": VIDEO}}
    return json.dumps(event(0, **fields)).encode()


def _time(day: int, second: int) -> str:
    return f"2014-02-{day:02d}T10:00:{second:02d}.250000+00:00"


def with_structure(store: Store, name: str = "C", **dates: str) -> None:
    """The course as its package reveals it, and its structure as course_structure loads it."""
    blocks = structure(**dates or WINDOW)
    blocks["i4x://TestX/T101/chapter/c1"]["metadata"]["display_name"] = name
    register_course(store, COURSE, "edx")
    held = Collection(DATABASE, COURSE_STRUCTURE)
    store.drop(held)
    found = read_blocks(json.dumps(blocks).encode())
    store.insert(held, [encode(block) for block in found.values()])
    source = ["etag", name, *dates.values()]
    load = CourseLoad(documents=len(found), source=source, loaded_at=datetime.now(UTC))
    note_course_load(store, COURSE, held, load)


def extract(store: Store, today: date = RUNNING, rebuild: bool = False) -> dict[str, Any]:
    return extract_course(store, COURSE, None, today, rebuild)


def extracted(store: Store) -> list[Any]:
    """A course's tracking and what the ledger says of it, but the moment."""
    load = store.get(COURSE_LOADS, f"{COURSE}/{TRACKING}")
    assert load is not None
    load.pop("loaded_at")
    return [collection(store, TRACKING), load, store.get(TRACKING_FILES, COURSE)]


FIRST: list[Delivery] = [
    ("edx", 3, [line(3, 1), line(3, 2), line(3, 3, "TestX/T102/2014")]),
    ("edx", 4, [line(4, 1), line(4, 2), line(4, 3)]),
    ("edge", 4, [line(4, 9)]),
]
