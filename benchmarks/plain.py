"""The plain transform that the speed targets refer to: what nobody could do without.

Lines out of a gzip to BSON: parse, the event's string too, course, time, block, file, `_id`. No
mending, no verdicts, no counts, and a course is told from one place alone.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson
from bson import ObjectId


@lru_cache(65_536)
def course(told: str) -> str | None:
    """The canonical course key."""
    if told.startswith("course-v1:"):
        return told
    parts = told.split("/")
    return "course-v1:" + "+".join(parts) if len(parts) == 3 else None


def plain_reader(load_file: str, load_date: datetime) -> Callable[[bytes], dict[str, Any]]:
    """A function from a line to the record; it fails on any line that is not as it should be."""

    def read(line: bytes) -> dict[str, Any]:
        record: dict[str, Any] = orjson.loads(line)
        event = record.get("event")
        if type(event) is str and event[:1] == "{":
            with suppress(ValueError):
                record["event"] = event = orjson.loads(event)
        context = record.get("context")
        told = context.get("course_id") if context else None
        if told:
            record["course_id"] = course(told)
        time = datetime.fromisoformat(record["time"])
        record["timestamp"] = time
        if type(event) is dict:
            module = event.get("problem_id") or event.get("id")
            if module:
                record["module_id"] = module
        record["load_file"] = load_file
        record["load_date"] = load_date
        second = int(time.replace(tzinfo=time.tzinfo or UTC).timestamp())
        record["_id"] = ObjectId(second.to_bytes(4, "big") + blake2b(line, digest_size=8).digest())
        return record

    return read
