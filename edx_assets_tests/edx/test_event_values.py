"""Values of events that BSON cannot hold: they are kept as text, and the rest as it is."""

import json
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.documents import MAX_DEPTH
from edx_assets.edx.event_values import cut
from edx_assets_tests.edx.tracking import event, line_of, read, record_of

KEPT = ["9223372036854775807", "-9223372036854775808", "9007199254740993", "0", "1.5", "-2.5e30"]
BEYOND = [
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "-18446744073709551616",
    "1" + "0" * 30,
    "7" * 5000,
]


def stored(line: bytes) -> dict[str, Any]:
    return bson.decode(read(line)[0])


@pytest.mark.parametrize("source", ["browser", "server", "mobile"])
@pytest.mark.parametrize("number", [*KEPT, *BEYOND])
def test_a_number_keeps_all_its_digits(source: str, number: str) -> None:
    expected = number if number in BEYOND else json.loads(number)
    told = event(source, event={"n": "@", "deep": [{"n": ["@"]}], "id": "x"})
    record = stored(line_of(told).replace(b'"@"', number.encode()))
    assert record["event"] == {"n": expected, "deep": [{"n": [expected]}], "id": "x"}
    assert isinstance(record["event"]["n"], type(expected))
    written = f'{{"n": {number}, "deep": [{{"n": [{number}]}}], "id": "x"}}'
    assert stored(line_of({**told, "event": written}))["event"] == record["event"]


@pytest.mark.parametrize("number", [BEYOND[0], BEYOND[2]])
def test_a_number_beside_the_event_is_kept_as_well(number: str) -> None:
    line = line_of(event(score="@", context={"user_id": "@"})).replace(b'"@"', number.encode())
    record = stored(line)
    assert (record["score"], record["context"]) == (number, {"user_id": number})
    assert "user_id" not in record


def test_a_key_that_bson_cannot_hold_is_mended_and_none_is_lost() -> None:
    told = {"a\0": 1, "b": {"\0": 5}, **{half: n for n, half in enumerate("\ud800\ud801\ufffd", 2)}}
    expected = {
        "a\ufffd": 1,
        "\ufffd\ufffd": 2,
        "\ufffd\ufffd\ufffd": 3,
        "\ufffd": 4,
        "b": {"\ufffd": 5},
    }
    assert stored(line_of(event(event=told)))["event"] == expected
    assert stored(line_of(event("browser", event=json.dumps(told))))["event"] == expected
    beside: dict[str, Any] = {"a\0key": 1}
    assert stored(line_of(event(**beside)))["a\ufffdkey"] == 1


def nested(levels: int) -> str:
    return '{"a":[' * (levels // 2) + ("[]" if levels % 2 else "") + "]}" * (levels // 2)


def depth(value: Any) -> int:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if held is None else 1 + max(map(depth, held), default=0)


@pytest.mark.parametrize("levels", [MAX_DEPTH, 990, 20_000])
@pytest.mark.parametrize("beside", ["1", "NaN", r'"\ud800"', r'"]\"["'])
@pytest.mark.parametrize("field", ["event", "context", "odd", "metadata"])
def test_what_is_nested_too_deeply_is_kept_as_its_text(
    field: str, levels: int, beside: str
) -> None:
    deep = f'{{"b": {beside}, "a": {"[" * levels}{"]" * levels}}}'
    told = event("browser", **{field: "@"})
    record = stored(line_of(told).replace(b'"@"', deep.encode()))
    assert depth(record) == MAX_DEPTH
    kept = record["delivered"][field] if field == "metadata" else record[field]
    while isinstance(kept, dict):
        kept = kept["a"]
    opened = 0
    while isinstance(kept, list):
        kept, opened = kept[0], opened + 1
    assert kept == "[" * (levels - opened) + "]" * (levels - opened)


def test_what_is_set_aside_is_a_level_deeper() -> None:
    deepest = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    line = line_of(event("browser", metadata="@", odd=["#"])).replace(b'"@"', deepest.encode())
    assert depth(stored(line)) == MAX_DEPTH


def test_what_is_just_not_too_deep_stays() -> None:
    deepest = json.loads(nested(MAX_DEPTH - 1))  # the record itself is one level
    assert record_of(event(event=deepest))["event"] == deepest
    wide: list[Any] = [{"a": [{}]}] * 200
    assert record_of(event(event={"wide": wide}))["event"] == {"wide": wide}


@pytest.mark.parametrize("levels", [MAX_DEPTH, 600, 20_000])
def test_a_stringified_event_nested_too_deeply_stays_as_delivered(levels: int) -> None:
    for deep in (nested(levels), nested(levels).replace("[]", "[NaN]")):
        assert record_of(event("browser", event=deep))["event"] == deep


def test_a_stringified_event_that_is_not_too_deep_is_parsed() -> None:
    for told in (nested(MAX_DEPTH - 1), json.dumps({"wide": [{"a": [{}]}] * 200})):
        assert record_of(event("browser", event=told))["event"] == json.loads(told)


def test_an_event_whose_value_is_larger_than_a_document_stays_text() -> None:
    numbers = list(range(10)) * 200_000  # over ten bytes each in BSON
    written = json.dumps({"id": "x", "n": numbers}, separators=(",", ":"))
    assert stored(line_of(event("browser", event=written)))["event"] == written
    as_object = stored(line_of(event("browser", event={"id": "x", "n": numbers})))["event"]
    assert json.loads(as_object) == {"id": "x", "n": numbers}


OVER_ESCAPED: list[dict[str, Any]] = [
    {"old": 2, "new": 1, "id": "i4x://A/B/sequential/c"},
    {"quoted": 'say "no"', "path": "a\\b", "list": ["}", {"x": "},"}], "line": "a\nb"},
]


@pytest.mark.parametrize("told", OVER_ESCAPED)
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("after", ["", ', "page": null'])
def test_an_over_escaped_event_is_the_object_it_means(
    told: dict[str, Any], times: int, after: str
) -> None:
    text = json.dumps(told)
    as_value = text
    for _ in range(times):
        as_value = json.dumps(as_value)[1:-1]
    record = record_of(event("browser", event=as_value))
    assert record["event"] == told
    doubled = json.dumps(text)[1:-1].replace("\\", "\\" * 2**times)
    line = line_of(event("browser", event="@")).decode().replace("@", doubled)
    line = line.replace("}\n", f"{after}}}\n")
    assert stored(line.encode())["event"] == told


def test_a_line_whose_quotes_alone_are_over_escaped_is_mended() -> None:
    line = line_of(event("browser", event="@")).replace(b"@", rb'{\\"id\\": \\"x\\", \\"n\\": 1}')
    assert stored(line)["event"] == {"id": "x", "n": 1}


_key = st.text(max_size=4)
_number = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
_value = st.recursive(
    st.none() | st.booleans() | _number | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_key, inner, max_size=3),
    max_leaves=8,
)


def as_kept(value: Any) -> Any:
    """What a value should become, but for its keys."""
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, list):
        return [as_kept(item) for item in value]
    return [as_kept(item) for item in value.values()]


def without_keys(value: Any) -> Any:
    if isinstance(value, list):
        return [without_keys(item) for item in value]
    if isinstance(value, dict):
        return [without_keys(item) for item in value.values()]
    return value


@given(st.dictionaries(_key, _value, max_size=4), st.sampled_from(["browser", "server", "mobile"]))
def test_any_value_is_kept_as_it_is_or_as_its_text(told: dict[str, Any], source: str) -> None:
    record = stored(line_of({**event(source), "event": told}))
    assert without_keys(record["event"]) == as_kept(told)
    written = stored(line_of({**event(source), "event": json.dumps(told)}))
    assert without_keys(written["event"]) == as_kept(told)


@given(_value, st.integers(0, 4))
def test_a_cut_text_has_no_more_levels_and_loses_nothing(value: Any, levels: int) -> None:
    text = json.dumps(value)
    shallow = json.loads(cut(text, levels))
    assert depth(shallow) <= levels
    if depth(value) <= levels:
        assert shallow == value
