"""The forum: mongoexport's lines, with ids and dates in each form that it has written."""

import json
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.forum import read_forum
from edx_assets.edx.lines import BadLine
from edx_assets.edx.reasons import Reason

ID = "5365a1b2c3d4e5f601020304"


def post(**changes: Any) -> dict[str, Any]:
    plain = {
        "_id": {"$oid": ID},
        "_type": "CommentThread",
        "author_id": "7",
        "author_username": "learner",
        "body": "Why?\n$x$ and {a.b}",
        "course_id": "McGillX/CHEM181x/1T2014",
        "votes": {"up": ["8"], "down": [], "up_count": 1, "down_count": 0, "count": 1, "point": 1},
    }
    return {**plain, **changes}


def lines(*posts: Any) -> list[bytes]:
    return [json.dumps(each).encode() + b"\n" for each in posts]


def test_a_post_is_whole_with_its_ids_as_object_ids() -> None:
    told = post(parent_ids=[{"$oid": ID}], comment_thread_id={"$oid": ID})
    found = {"_id": ObjectId(ID), "parent_ids": [ObjectId(ID)], "comment_thread_id": ObjectId(ID)}
    assert list(read_forum(lines(told))) == [
        {**told, **found, "author_id": 7, "votes": {**told["votes"], "up": [8]}}
    ]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (1398947696789, datetime(2014, 5, 1, 12, 34, 56, 789000, UTC)),
        ({"$numberLong": "1398947696789"}, datetime(2014, 5, 1, 12, 34, 56, 789000, UTC)),
        ("2014-05-01T12:34:56.789Z", datetime(2014, 5, 1, 12, 34, 56, 789000, UTC)),
        ("2014-05-01T12:34:56Z", datetime(2014, 5, 1, 12, 34, 56, 0, UTC)),
        ("2014-05-01T12:34:56.789+0000", datetime(2014, 5, 1, 12, 34, 56, 789000, UTC)),
        ("2014-05-01T08:34:56.789-0400", datetime(2014, 5, 1, 12, 34, 56, 789000, UTC)),
        ("2014-05-01T08:34:56-04:00", datetime(2014, 5, 1, 12, 34, 56, 0, UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-1000, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_every_form_of_date_is_the_moment_in_utc(written: Any, moment: datetime) -> None:
    (found,) = read_forum(lines(post(created_at={"$date": written})))
    assert isinstance(found, dict)
    assert found["created_at"] == moment
    assert found["created_at"].utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", Reason.BLANK),
        (b"  \r", Reason.BLANK),
        (b"{", Reason.NOT_JSON),
        (b"nonsense", Reason.NOT_JSON),
        (b'{"_id": {"$oid": "zz"}}', Reason.NOT_A_POST),
        (b'{"_id": {"$date": null}}', Reason.NOT_A_POST),
        (b'{"_id": [1]}', Reason.NOT_A_POST),
        (b'{"_id": {"$regex": "a", "$options": ""}}', Reason.NOT_A_POST),
        (b"[" * 100_000, Reason.NOT_JSON),
        (b"[1]", Reason.NOT_A_POST),
        (b"5", Reason.NOT_A_POST),
        (b"null", Reason.NOT_A_POST),
        (b'{"body": "no id"}', Reason.NOT_A_POST),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_the_rest_is_read(
    line: bytes, reason: Reason
) -> None:
    first, last = lines(post(body="first"), post(body="last"))
    found = list(read_forum([first, line + b"\n", last]))
    assert found[1] == BadLine(2, reason, line)
    assert [each["body"] for each in found if isinstance(each, dict)] == ["first", "last"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ('{"$date": "nonsense"}', {"$date": "nonsense"}),
        ('{"$date": 99999999999999999}', {"$date": 99999999999999999}),
        ('{"$date": {"$numberLong": "9999999999999999"}}', {"$date": 9999999999999999}),
        ('{"$date": null}', {"$date": None}),
        ('{"$binary": {"base64": "x"}}', {"$binary": {"base64": "x"}}),
        ('{"$numberDecimal": "x"}', {"$numberDecimal": "x"}),
        ('{"$numberLong": "9223372036854775808"}', "9223372036854775808"),
        ('{"$numberDouble": "NaN"}', "NaN"),
        (r'"caf\ud83d"', "caf\ufffd"),
        ("9223372036854775808", "9223372036854775808"),
        (r'{"a\u0000": 1}', {"a\ufffd": 1}),
        ("NaN", "NaN"),
    ],
)
def test_an_odd_value_costs_itself_alone(value: str, kept: Any) -> None:
    [found] = read_forum([f'{{"_id": 1, "x": {value}, "body": "b"}}'.encode()])
    assert found == {"_id": 1, "x": kept, "body": "b"}
    assert isinstance(found, dict)
    assert bson.encode(found)


def test_every_user_id_is_an_integer_as_in_the_tables() -> None:
    told = post(
        closed_by_id="9",
        votes={"up": ["8", "11"], "down": ["12"], "up_count": 2},
        abuse_flaggers=["13"],
        historical_abuse_flaggers=["14", None, "x"],
        endorsement={"user_id": "15", "time": None},
        edit_history=[{"author_id": "16", "editor_username": "17"}],
        at_position_list=[{"position": 1, "username": "18", "user_id": "19"}],
    )
    [found] = read_forum(lines(told))
    assert isinstance(found, dict)
    changed = {name: value for name, value in found.items() if value != told[name]}
    assert changed == {
        "_id": ObjectId(ID),
        "author_id": 7,
        "closed_by_id": 9,
        "votes": {"up": [8, 11], "down": [12], "up_count": 2},
        "abuse_flaggers": [13],
        "historical_abuse_flaggers": [14, None, "x"],
        "endorsement": {"user_id": 15, "time": None},
        "edit_history": [{"author_id": 16, "editor_username": "17"}],
        "at_position_list": [{"position": 1, "username": "18", "user_id": 19}],
    }


@pytest.mark.parametrize("odd", [None, 5, "x", [5], {"up": 5}, {"up": {"a": "1"}}])
def test_a_field_of_user_ids_of_another_form_stays_as_it_is(odd: Any) -> None:
    [found] = read_forum(lines(post(votes=odd, endorsement=odd, edit_history=odd)))
    assert isinstance(found, dict)
    assert [found[name] for name in ("votes", "endorsement", "edit_history")] == [odd] * 3


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    (line,) = lines(post(body="@"))
    (found,) = read_forum([line.replace(b"@", b"Andr\xe9")])
    assert isinstance(found, dict)
    assert found["body"] == "Andr\ufffd"


def test_a_file_without_lines_has_no_posts() -> None:
    assert list(read_forum([])) == []


_NAMES = ["$oid", "$date", "$numberLong", "$binary", "$regex", "$numberDecimal", "$uuid", "$code"]
_values = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=4) | st.just(ID),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(_NAMES), inner, min_size=1, max_size=2)
    ),
    max_leaves=4,
)


@given(st.binary(max_size=20) | _values.map(lambda value: json.dumps(post(x=value)).encode()))
def test_any_line_is_a_post_or_a_bad_line(line: bytes) -> None:
    (found,) = read_forum([line])
    if isinstance(found, BadLine):
        assert (found.number, found.raw) == (1, line.removesuffix(b"\n"))
    else:
        assert found["_id"] == ObjectId(ID)
        assert bson.decode(bson.encode({"body": found["body"]})) == {"body": found["body"]}
