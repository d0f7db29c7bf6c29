"""The e-mail opt-in list: a line that cannot be read costs no other."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.lines import BadLine
from edx_assets.edx.opt_in import read_opt_in
from edx_assets.edx.reasons import Reason
from edx_assets.edx.tables import TableError

COURSE = "course-v1:TestX+T101+2014"
HEADER = b"email,full_name,course_id,is_opted_in_for_email,preference_set_datetime\n"
REST = b",TestX/T101/2014,True,2014-12-01 00:00:00\n"
FIRST, LAST = b"a@x.example,Ana" + REST, b"z@x.example,Zoe" + REST


def read(*lines: bytes) -> list[Any]:
    """The rows and bad lines of a list of these lines below its header."""
    content = HEADER + FIRST + b"".join(lines) + LAST
    return list(read_opt_in(io.BytesIO(content), COURSE))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b"Bob", "Bob"),
        (b'"Ng, Bob"', "Ng, Bob"),
        (b'"Bob ""B"" Ng"', 'Bob "B" Ng'),
        (b'Bob "B" Ng', 'Bob "B" Ng'),
        (b"5'2\" Bob", "5'2\" Bob"),
        (b'"Bob\nNg"', "Bob\nNg"),
        (b'"Bob\n\n""Ng"""', 'Bob\n\n"Ng"'),
        (b'"Bob\r\nNg"', "Bob\r\nNg"),
        (b"B\0b", "B\0b"),
        (b"B\xffb", "B\ufffdb"),
        ("B\u2028\x0bb".encode(), "B\u2028\x0bb"),
        (b"x" * 300_000, "x" * 300_000),
        (b'"' + b"x" * 300_000 + b'"', "x" * 300_000),
    ],
)
def test_a_field_may_hold_anything(name: bytes, told: str) -> None:
    line = b"b@x.example," + name + REST
    first, found, last = read(line)
    assert (first["full_name"], found["full_name"], last["full_name"]) == ("Ana", told, "Zoe")
    assert (found.number, found.raw) == (3, line[:-1])
    assert last["_id"] == last.number == 4 + name.count(b"\n")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'b@x.example,"Bob' + REST, Reason.NOT_A_ROW),
        (b'b@x.example,"Bob"x' + REST, Reason.NOT_A_ROW),
        (b"b@x.example,B\rob" + REST, Reason.NOT_A_ROW),
        (b'"' + b"x" * 300_000 + b"\n", Reason.NOT_A_ROW),
        (b"b@x.example" + REST, Reason.WRONG_NUMBER_OF_FIELDS),
        (b"b@x.example,Bob,Ng" + REST, Reason.WRONG_NUMBER_OF_FIELDS),
        (b" \n", Reason.WRONG_NUMBER_OF_FIELDS),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_bytes_and_the_rest_is_read(
    line: bytes, reason: Reason
) -> None:
    first, bad, last = read(line)
    assert bad == BadLine(3, reason, line[:-1])
    assert (first["full_name"], last["full_name"], last["_id"]) == ("Ana", "Zoe", 4)


def test_a_stray_quote_costs_its_row_alone_however_many_follow() -> None:
    bad = b'b@x.example,"Bob' + REST
    found = read(bad, *[FIRST] * 300, bad, LAST)
    assert [each.number for each in found if isinstance(each, BadLine)] == [3, 304]
    assert len(found) == 305


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_blank_lines_are_no_rows(line: bytes) -> None:
    first, last = read(line)
    assert (first["_id"], last["_id"]) == (2, 4)


def test_rows_of_other_courses_are_skipped() -> None:
    assert len(read(FIRST.replace(b"T101", b"T102"))) == 2


def test_a_list_without_a_byte_has_no_rows() -> None:
    assert list(read_opt_in([], COURSE)) == []


def test_a_list_without_course_ids_is_none() -> None:
    with pytest.raises(TableError, match="course_id"):
        list(read_opt_in([b"email\n"], COURSE))


def test_every_column_has_a_name_of_its_own() -> None:
    [row] = read_opt_in(
        [b"\xef\xbb\xbf_id,email,email,course_id\n", b"1,2,3,TestX/T101/2014\n"], COURSE
    )
    assert row == {
        "_id": 2,
        "_id_2": "1",
        "email": "2",
        "email_2": "3",
        "course_id": "TestX/T101/2014",
    }


@given(st.lists(st.text(st.sampled_from('a,"\r\0 '), max_size=6).map(str.encode), max_size=5))
def test_whatever_the_lines_are_the_others_are_read(odd: list[bytes]) -> None:
    found = read(*[line + b"\n" for line in odd], b"\n" * 3)
    names = [each["full_name"] for each in found if not isinstance(each, BadLine)]
    assert names == ["Ana", "Zoe"]
