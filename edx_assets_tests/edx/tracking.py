"""Events like those in tracking logs, and the reader that the tests use for them."""

import json
from datetime import UTC, datetime
from typing import Any

import bson

from edx_assets.edx.events import RejectedError, line_reader

Event = dict[str, Any]

LOAD_FILE = "mcgillx-edx-events-2014-05-01.log.gz.gpg"
LOAD_DATE = datetime(2014, 5, 2, 3, 4, 5, tzinfo=UTC)
COURSE = "course-v1:McGillX+CHEM181x+1T2014"
PROBLEM = "i4x://McGillX/CHEM181x/problem/Week_1"
NEW_PROBLEM = "block-v1:McGillX+CHEM181x+1T2014+type@problem+block@Week_1"
CCX_PROBLEM = "ccx-block-v1:McGillX+CHEM181x+1T2014+ccx@3+type@problem+block@Week_1"

read = line_reader(LOAD_FILE, "edx", LOAD_DATE)


def event(source: str = "server", **changes: Any) -> Event:
    """An event from a source, with changes; changing a field to None removes it."""
    plain: Event = {
        "username": "learner",
        "host": "courses.edx.org",
        "event_source": source,
        "event_type": "edx.something.happened",
        "context": {"user_id": 7, "org_id": "McGillX"},
        "time": "2014-05-01T12:34:56.789012+00:00",
        "ip": "192.0.2.1",
        "agent": "Mozilla/5.0",
        "event": {},
        "page": None if source == "server" else "https://courses.edx.org/dashboard",
    }
    return {field: value for field, value in {**plain, **changes}.items() if value is not None}


def line_of(delivered: Any) -> bytes:
    """A line as edX writes it."""
    return json.dumps(delivered).encode() + b"\n"


def record_of(delivered: Any) -> Event:
    """The record of an event, with its time to the microsecond."""
    document, told = read(line_of(delivered))
    return {**bson.decode(document), **told}


def id_of(line: bytes) -> Any:
    """The `_id` of the record made from a line."""
    return bson.decode(read(line)[0])["_id"]


def outcome(line: bytes) -> tuple[bytes | None, Any]:
    """A line's document and record, or None and the reason for rejecting it."""
    try:
        return read(line)
    except RejectedError as verdict:
        return None, verdict.reason
