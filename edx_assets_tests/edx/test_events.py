"""Tracking records: the complete delivered event, its time and identity, and the added fields."""

import json
from datetime import UTC, datetime
from typing import Any

import bson
import pytest

from edx_assets.edx.events import ADDED_FIELDS, line_reader, record_id
from edx_assets_tests.edx.tracking import (
    COURSE,
    LOAD_DATE,
    LOAD_FILE,
    PROBLEM,
    event,
    line_of,
    read,
    record_of,
)


def test_a_record_is_the_event_with_our_fields_beside_it() -> None:
    delivered = event(context={"course_id": "McGillX/CHEM181x/1T2014"}, event={"id": PROBLEM})
    document, told = read(line_of(delivered))
    record = bson.decode(document)
    assert next(iter(record)) == "_id"
    assert {field: record[field] for field in delivered} == delivered
    assert {field: value for field, value in record.items() if field not in delivered} == {
        "_id": record_id(document),
        "timestamp": datetime(2014, 5, 1, 12, 34, 56, 789000),
        "course_id": COURSE,
        "module_id": PROBLEM,
        "site": "edx",
        "load_file": LOAD_FILE,
        "load_date": LOAD_DATE.replace(tzinfo=None),
    }
    assert told["timestamp"] == datetime(2014, 5, 1, 12, 34, 56, 789012)
    of_file = ("_id", "site", "load_file", "load_date")
    assert {**record, **told} == {**told, **{field: record[field] for field in of_file}}


def test_fields_that_cannot_be_told_are_absent() -> None:
    record = record_of(event())
    assert "course_id" not in record
    assert "module_id" not in record
    assert "delivered" not in record


def test_site_and_file_are_those_of_the_reader() -> None:
    document, _told = line_reader("f.log.gz", "edge", LOAD_DATE)(line_of(event()))
    record = bson.decode(document)
    assert (record["site"], record["load_file"], record["load_date"]) == (
        "edge",
        "f.log.gz",
        LOAD_DATE.replace(tzinfo=None),
    )


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2014-05-01T12:34:56.789012+00:00", datetime(2014, 5, 1, 12, 34, 56, 789012, UTC)),
        ("2014-05-01T12:34:56+00:00", datetime(2014, 5, 1, 12, 34, 56, 0, UTC)),
        ("2014-05-01T12:34:56.789012", datetime(2014, 5, 1, 12, 34, 56, 789012, UTC)),
        ("2014-05-01T12:34:56", datetime(2014, 5, 1, 12, 34, 56, 0, UTC)),
        ("2014-05-01T12:34:56.789012Z", datetime(2014, 5, 1, 12, 34, 56, 789012, UTC)),
        ("2014-05-01T12:34:56Z", datetime(2014, 5, 1, 12, 34, 56, 0, UTC)),
        ("2014-05-01T12:34:56.789Z", datetime(2014, 5, 1, 12, 34, 56, 789000, UTC)),
        ("2014-05-01 12:34:56", datetime(2014, 5, 1, 12, 34, 56, 0, UTC)),
        ("2014-05-01T08:34:56-04:00", datetime(2014, 5, 1, 12, 34, 56, 0, UTC)),
        ("1970-01-01T00:00:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2106-02-07T06:28:15.999999Z", datetime(2106, 2, 7, 6, 28, 15, 999999, UTC)),
    ],
)
def test_every_variant_of_time_is_the_moment_in_utc(time: str, moment: datetime) -> None:
    document, record = read(line_of(event(time=time)))
    assert record["timestamp"] == moment.replace(tzinfo=None)
    assert record["time"] == time
    assert int.from_bytes(record_id(document).binary[:4], "big") == int(moment.timestamp())
    stored = bson.decode(document)["timestamp"]
    milliseconds = moment.microsecond // 1000 * 1000
    assert stored == moment.replace(microsecond=milliseconds, tzinfo=None)


def test_a_re_emitted_event_tells_its_time_as_timestamp() -> None:
    record = record_of(event(time=None, timestamp="2014-05-01T12:34:56+00:00"))
    assert record["timestamp"] == datetime(2014, 5, 1, 12, 34, 56)
    assert record["delivered"] == {"timestamp": "2014-05-01T12:34:56+00:00"}


def test_a_stringified_event_that_is_an_object_is_parsed() -> None:
    told = {"id": "x", "currentTime": 3.5, "keys.with": {"$dots": [1, None]}}
    assert record_of(event("browser", event=json.dumps(told)))["event"] == told


@pytest.mark.parametrize(
    "told",
    [
        "",
        "null",
        "[1, 2]",
        '["input_a_2_1=1", "<div>"]',
        "5",
        '"{}"',
        "a=b&c=d",
        '"a=b&c=d"',
        "{",
        '{"POST": {"a": [',
        '{\\"over\\": \\"escaped\\"',
    ],
)
def test_any_other_string_stays_as_delivered(told: str) -> None:
    assert record_of(event("browser", event=told))["event"] == told


@pytest.mark.parametrize("told", [[], ["input_a_2_1=1", "<div>"], {}, {"a": "{}"}, 5, 1.5, True])
def test_an_event_that_is_no_string_stays_as_delivered(told: Any) -> None:
    record = record_of(event(event=told))
    assert record["event"] == told
    assert type(record["event"]) is type(told)


def test_a_string_cut_at_512_characters_stays_as_delivered() -> None:
    whole = json.dumps({"POST": {"input_i4x-a": ["x" * 600]}, "GET": {}})
    record = record_of(event(event=whole[:512], event_type="/courses/A/B/C/x"))
    assert record["event"] == whole[:512]


def test_a_whole_string_of_512_characters_is_parsed() -> None:
    told = {"POST": {"a": "x" * (512 - len('{"POST": {"a": ""}}'))}}
    assert len(json.dumps(told)) == 512
    assert record_of(event(event=json.dumps(told)))["event"] == told


def test_keys_with_dots_dollars_and_dashes_are_kept() -> None:
    odd_field: dict[str, Any] = {"x.y": 1}
    odd = {"i4x-A-B": 1, "xblock.partition_service.1": 2, "$set": 3, "a.b.": {"": 4}}
    document, record = read(line_of(event(context={"course_user_tags": odd}, **odd_field)))
    for kept in (record, bson.decode(document)):
        assert kept["context"]["course_user_tags"] == odd
        assert kept["x.y"] == 1


@pytest.mark.parametrize("field", sorted(ADDED_FIELDS))
def test_a_delivered_field_of_one_of_our_names_is_set_aside(field: str) -> None:
    theirs: dict[str, Any] = {field: {"theirs": [1]}}
    delivered = event(**theirs)
    record = record_of(delivered)
    assert record["delivered"] == theirs
    ours = record_of(event())
    assert {**ours, "delivered": record["delivered"], "_id": record["_id"]} == record


@pytest.mark.parametrize("user", ["", None, 7, "7"])
def test_users_ids_stay_as_delivered(user: Any) -> None:
    assert record_of(event(context={"user_id": user}))["context"]["user_id"] == user


@pytest.mark.parametrize("written", ["learner\n", " learner", "\tlearner \r\n"])
def test_a_username_is_stripped_and_the_delivered_one_kept_beside(written: str) -> None:
    record = record_of(event(username=written))
    assert record["username"] == "learner"
    assert record["delivered"] == {"username": written}
    theirs = record_of(event(username=written, **{"site": "theirs"}))
    assert theirs["delivered"] == {"site": "theirs", "username": written}


@pytest.mark.parametrize("written", ["learner", "", None, 5, "a learner"])
def test_any_other_username_stays_as_delivered(written: Any) -> None:
    record = record_of({**event(), "username": written})
    assert record["username"] == written
    assert "delivered" not in record
