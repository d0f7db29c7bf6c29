"""Properties of every line: none of it is lost, and it never stops the reading of the rest."""

import json
from typing import Any

import bson
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from edx_assets.edx.events import ADDED_FIELDS, record_id
from edx_assets.edx.secrets import may_have_secrets
from edx_assets_tests.edx.tracking import (
    CCX_PROBLEM,
    COURSE,
    NEW_PROBLEM,
    PROBLEM,
    event,
    id_of,
    line_of,
    outcome,
    read,
)

REASONS = {"blank", "comment", "not_json", "not_an_event", "no_time", "not_storable"}

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_name = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_scalar = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text
)
_json = st.recursive(
    _scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_name, inner, max_size=4),
    max_leaves=12,
)
_KNOWN = ["context", "event_type", "event_source", "page", "name", "username", "event"]
_KEYS = [
    PROBLEM,
    NEW_PROBLEM,
    CCX_PROBLEM,
    COURSE,
    "McGillX/CHEM181x/1T2014\n",
    "A/B/100%",
    "i4x-McGillX-CHEM181x-problem-Week_1",
    "lb:McGillX:Questions:problem:1",
    "aside-usage-v1:block-v1$:A+B+C+type@p+block@q::aside",
    "library-v1:A+B",
    "https://courses.edx.org/courses/McGillX/CHEM181x/1T2014/courseware/Week_1/Lecture/",
    "/courses/A/B/100%/modx/i4x:;_;_A;_B;_problem;_c/problem_get",
    "input_i4x-McGillX-CHEM181x-problem-Week_1_2_1=choice_0",
    "edx.course.enrollment.activated",
    "/xblock/",
    "server",
    "browser",
]
_key = st.sampled_from(_KEYS)
_told = st.dictionaries(
    st.sampled_from(["id", "problem_id", "module_id", "course_id", "code", "location"]), _key
)
_module = st.fixed_dictionaries({}, optional={"usage_key": _key})
_context = st.fixed_dictionaries({}, optional={"course_id": _key, "path": _key, "module": _module})
_keyed = st.fixed_dictionaries(
    {},
    optional={
        "event": _key | _told | _told.map(json.dumps) | st.lists(_key),
        "context": _context,
        "event_source": st.sampled_from(["server", "browser", "mobile", "task"]),
        "event_type": _key,
        "page": _key,
        "name": _key,
    },
)
_other = st.dictionaries(_name | st.sampled_from([*_KNOWN, *sorted(ADDED_FIELDS)]), _json)
_events = st.builds(
    lambda other, keyed: {**other, **keyed, "time": "2014-05-01T12:34:56.789000+00:00"},
    _other,
    _keyed | st.just({}),
)


def _as_parsed(told: Any) -> Any:
    """An event member as it should be in the record: a stringified object is parsed."""
    if not isinstance(told, str) or not told.startswith("{"):
        return told
    try:
        return json.loads(told)
    except ValueError:
        return told


@settings(max_examples=400)
@given(_events, st.booleans())
def test_nothing_of_a_delivered_event_is_lost(delivered: dict[str, Any], ascii_only: bool) -> None:
    line = json.dumps(delivered, ensure_ascii=ascii_only).encode()
    assume(not may_have_secrets(line))  # Hypothesis finds the names of credentials in the source
    document, told = read(line)
    record = bson.decode(document)
    assert record.keys() - told.keys() == {"_id", "site", "load_file", "load_date"}
    assert {**record, **told} == record
    for field, value in delivered.items():
        kept = record["delivered"][field] if field in ADDED_FIELDS else record[field]
        expected = _as_parsed(value) if field == "event" else value
        if field == "username" and isinstance(value, str) and value != value.strip():
            assert kept == value.strip()
            kept = record["delivered"]["username"]
        assert json.dumps(kept) == json.dumps(expected)
    assert record.keys() - delivered.keys() <= ADDED_FIELDS


_LINES = [
    line_of(event(event={"problem_id": PROBLEM, "state": {"seed": 1, "a.b": [None]}})),
    line_of(event("browser", event=json.dumps({"id": NEW_PROBLEM, "code": "html5"}), page=None)),
    line_of(event("browser", event="input_i4x-A-B-problem-c_2_1=1", page=_KEYS[10])),
    b"Sep  9 00:00:48 localhost " + line_of(event(odd="@")).replace(b'"@"', rb'"\ud800"'),
    line_of(event(odd="@")).replace(b'"@"', b"NaN"),
]
_pieces = st.binary(max_size=4) | st.sampled_from(
    [b"\x00", b"\xff", b"\\", b'"', b"{", b"}", b"[", b",", b"\\ud800", b"NaN", b"-", b"1e400"]
)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """A real line with bytes removed, inserted or replaced, and possibly cut short."""
    line = draw(st.sampled_from(_LINES))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(_pieces) + line[at + draw(st.sampled_from([0, 0, 1, 1, 5, 400])) :]
    return line


@given(st.binary() | st.binary().map(lambda tail: b"{" + tail) | _mutated())
@example(b"\x00")
@example(b'{"time": "2014-05-01T12:34:56", "event": "{\\"\\ud800\\": \\"\\ud800\\"}"}')
def test_any_bytes_come_to_a_record_or_a_verdict(line: bytes) -> None:
    document, found = outcome(line)
    if document is None:
        assert found in REASONS
    else:
        assert bson.decode(document)["_id"] == record_id(document)
        assert found["timestamp"].tzinfo is None


@settings(max_examples=100)
@given(_events, st.sampled_from([b"Sep  9 00:00:48 localhost ", b"a.gz:", b"\0\0", b""]))
def test_a_prefix_changes_nothing(delivered: dict[str, Any], prefix: bytes) -> None:
    line = json.dumps(delivered).encode()
    assert read(prefix + line + b"\n") == read(line)


@settings(max_examples=50)
@given(_events, _events)
def test_two_lines_have_one_id_only_where_they_are_equal(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    lines = [json.dumps(delivered).encode() for delivered in (one, other)]
    ids = [id_of(line) for line in lines]
    assert (ids[0] == ids[1]) == (lines[0] == lines[1])


@pytest.mark.parametrize(
    "piece", ["course-v1:", " input_", "\\", "/courses/", "i4x://", '{"', "%25"]
)
@pytest.mark.parametrize("field", ["event", "page", "event_type"])
@pytest.mark.parametrize("source", ["browser", "server"])
def test_a_megabyte_of_one_piece_is_read_in_linear_time(
    piece: str, field: str, source: str
) -> None:
    """In the square of its length, it would take a quarter of an hour."""
    text = piece * (1_000_000 // len(piece))
    for delivered in (text, text + "client_secret"):
        told = read(line_of(event(source, **{field: delivered})))[1]
        assert told[field] == delivered
