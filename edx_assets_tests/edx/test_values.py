"""Values: whatever JSON holds can be stored, and what BSON cannot hold is mended or text."""

import json
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.documents import MAX_DEPTH
from edx_assets.edx.values import read_json, storable, unlike

_TEXTS = st.text(st.characters(exclude_categories=()) | st.sampled_from("\ud83d\0"), max_size=4)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**400])
    | st.floats()
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
)


def nested(levels: int) -> str:
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (1 if isinstance(value, dict | list) else 0) + max(map(depth, inner), default=0)


@given(_JSON)
def test_any_json_value_survives_a_round_trip(value: Any) -> None:
    for kept in (storable(value), read_json(json.dumps(value))):
        assert bson.decode(bson.encode({"x": kept})) == {"x": kept}
        assert len(kept) == len(value) if isinstance(value, dict | list) else True
        assert storable(kept) == kept


@given(st.integers(), st.text())
def test_a_value_that_bson_holds_stays_as_it_is(number: int, text: str) -> None:
    value = {"n": number % 2**63, "list": [-(2**63), 1.5, None, True], "text": text}
    assert storable(value) == value
    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"caf\ud83d"', "caf\ufffd"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'"\ud83d\ude00"', "\N{GRINNING FACE}"),
        (r'{"\ud83d": 1, "\ufffd": 2}', {"\ufffd": 2, "\ufffd_2": 1}),
        (r'{"\ud83d": 1, "\ud83e": 2}', {"\ufffd": 1, "\ufffd_2": 2}),
        (r'{"a\u0000b": "c\u0000d"}', {"a\ufffdb": "c\0d"}),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "9223372036854775808"),
        ("-9223372036854775808", -(2**63)),
        ("-9223372036854775809", "-9223372036854775809"),
        ("[18446744073709551616]", ["18446744073709551616"]),
        ("1" * 5000, "1" * 5000),
        ("0.12345678901234567890", 0.12345678901234568),
        ("NaN", "NaN"),
        ("[-Infinity, Infinity]", ["-Infinity", "Infinity"]),
        ("1e999", "1e999"),
        ('"a\tb"', "a\tb"),
    ],
)
def test_what_bson_cannot_hold_is_mended_or_text(text: str, value: Any) -> None:
    found = read_json(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (bson.Int64(2**63), "9223372036854775808"),
        (bson.Regex("a\0"), str(bson.Regex("a\0"))),
        (bson.Binary(b"x"), bson.Binary(b"x")),
    ],
)
def test_python_s_own_values_too(value: Any, kept: Any) -> None:
    assert storable([value]) == [kept]


@pytest.mark.parametrize("levels", [1, MAX_DEPTH - 1, MAX_DEPTH])
def test_what_is_too_deep_is_kept_as_its_text(levels: int) -> None:
    allowed = read_json(nested(levels), levels)
    assert allowed == json.loads(nested(levels))
    deeper = read_json(nested(levels + 3), levels)
    assert depth(deeper) == levels
    for _level in range(levels - 1):
        deeper = deeper["a"]
    assert deeper == {"a": json.dumps(json.loads(nested(3)))}


@pytest.mark.parametrize("text", ["", "{", "nul", "{'a': 1}", "[" * 100_000, nested(50_000)])
def test_what_is_not_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_json(text)


def test_a_taken_name_is_numbered() -> None:
    assert unlike("a", {"b"}) == "a"
    assert unlike("a", {"a", "a_2"}) == "a_3"
