"""Credentials in a course's settings: removed wherever they come, and nothing else is."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import decode
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.course_structure import read_blocks
from edx_assets.edx.events import line_reader
from edx_assets.edx.secrets import (
    SECRET_FIELDS,
    bytes_without_secrets,
    may_have_secrets,
    text_without_secrets,
    without_secrets,
)

SECRET = "hunter2, {[ and \\ more"
VALUES: list[Any] = [SECRET, [f"a:b]c:{SECRET}", "hunter2"], {"a": {"b}": SECRET}, "c": SECRET}]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9).filter(
    lambda text: text not in SECRET_FIELDS  # hypothesis knows the constants of the source
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=9,
)


@given(st.dictionaries(texts, plain, max_size=4))
def test_what_has_none_stays_as_it_is(mapping: dict[str, Any]) -> None:
    assert without_secrets(mapping) == mapping
    line = json.dumps(mapping).encode()
    assert bytes_without_secrets(line) == line


@given(
    st.dictionaries(texts, plain, max_size=4),
    st.sampled_from(SECRET_FIELDS),
    st.lists(st.sampled_from(["object", "list", "json"]), max_size=3),
)
def test_a_field_goes_at_any_depth(mapping: dict[str, Any], name: str, wraps: list[str]) -> None:
    value: Any = {name: "hunter2"}
    for wrap in wraps:
        value = {"object": {"in": value}, "list": [value], "json": json.dumps(value)}[wrap]
    line = json.dumps({**mapping, "own": value}).encode()
    assert may_have_secrets(line)
    assert b"hunter2" not in bytes_without_secrets(line)
    assert "hunter2" not in json.dumps(without_secrets({**mapping, "own": value}))
    rest = without_secrets({**mapping, "own": value})
    assert {**rest, "own": 0} == {**mapping, "own": 0}


@pytest.mark.parametrize("name", SECRET_FIELDS)
@pytest.mark.parametrize("value", VALUES, ids=["text", "list", "object"])
def test_a_text_that_is_cut_short_shows_none(name: str, value: Any) -> None:
    text = json.dumps({"POST": {name: value, "x": 1}})
    for end in range(len(text)):
        assert "hunt" not in text_without_secrets(text[:end])


def test_prose_is_left_alone() -> None:
    text = 'My client_secret is a "client_secret", and lti_passports are: none'
    assert text_without_secrets(text) == text


COURSE = "block-v1:TestX+T101+2014+type@course+block@course"


@pytest.mark.parametrize("name", SECRET_FIELDS)
@pytest.mark.parametrize("value", VALUES, ids=["text", "list", "object"])
def test_no_block_has_one(name: str, value: Any) -> None:
    start = "2014-02-01T00:00:00Z"
    block = {
        "category": "course",
        "children": [],
        "metadata": {name: value, "start": start, "deep": {name: value}},
        name: value,
    }
    found = read_blocks(json.dumps({COURSE: block}).encode())
    assert found[COURSE]["metadata"] == {"start": start, "deep": {}}
    assert "hunter2" not in json.dumps(found)


@pytest.mark.parametrize("name", SECRET_FIELDS)
@pytest.mark.parametrize("value", VALUES, ids=["text", "list", "object"])
@pytest.mark.parametrize("stringified", [False, True, "cut"])
def test_no_event_has_one(name: str, value: Any, stringified: bool | str) -> None:
    event: Any = {"POST": {"a": ["1"], name: value}, "GET": {}}
    if stringified:
        event = json.dumps(event)
    if stringified == "cut":
        event = event[:-4]
    line = json.dumps(
        {
            "username": "ana",
            "event_type": "/settings/advanced/course-v1:TestX+T101+2014",
            "event_source": "server",
            "event": event,
            "context": {"course_id": "course-v1:TestX+T101+2014", name: value},
            "time": "2021-05-05T10:00:00.000001+00:00",
        }
    ).encode()
    document, record = line_reader("f", "edx", datetime(2021, 5, 6, tzinfo=UTC))(line)
    assert b"hunter2" not in document
    assert "hunter2" not in str(record)
    held = decode(document)
    assert held["course_id"] == "course-v1:TestX+T101+2014"
    if stringified != "cut":
        assert held["event"]["POST"] == {"a": ["1"]}


@pytest.mark.parametrize("levels", [99, 150, 240, 900, 5000])
@pytest.mark.parametrize("ends", ["]", ""], ids=["whole", "cut"])
def test_a_deep_text_is_no_trouble(levels: int, ends: str) -> None:
    text = "[" * levels + '{"consumer_secret": "hunter2"}' + ends * levels
    assert "hunter2" not in text_without_secrets(text)
    assert "hunter2" not in str(without_secrets({"a": text}))
