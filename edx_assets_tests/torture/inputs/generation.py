"""Inputs that hypothesis makes from nothing, where mutations start from what is valid."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

_NAMES = (
    *("event", "event_type", "event_source", "context", "time", "page", "username", "course_id"),
    *("_id", "children", "category", "metadata", "votes", "up", "$date", "$oid", "a.b", ""),
)
_characters = st.characters()  # halves of surrogate pairs among them
_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(_characters, max_size=12)
    | st.sampled_from(["2014-02-03T10:00:00.5+00:00", "course-v1:A+B+C", "i4x://A/B/problem/c"])
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(_characters, max_size=6) | st.sampled_from(_NAMES), inner, max_size=4
        )
    ),
    max_leaves=12,
)
_event = st.dictionaries(st.sampled_from(_NAMES), _values | _values.map(json.dumps)).map(
    lambda event: {"time": "2014-02-03T10:00:00.500000+00:00", **event}
)
_json = (_values | _event).map(lambda value: json.dumps(value).encode())
_rows = st.lists(
    st.lists(st.text(_characters, max_size=8), max_size=5).map("\t".join), max_size=5
).map(lambda rows: "\n".join(rows).encode("utf-8", "surrogatepass"))
_INPUTS = (
    _json
    | st.lists(_json, max_size=4).map(b"\n".join)
    | _rows
    | _rows.map(lambda rows: b"auth_userprofile\nid\tuser_id\tmeta\n" + rows)
    | st.text(_characters, max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.binary(max_size=200)
)


def generated(number: int, count: int, use: Callable[[bytes], Any]) -> None:
    """Make inputs, always the same for the same number, and use each."""

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_INPUTS)
    def each(content: bytes) -> None:
        use(content)

    each()
