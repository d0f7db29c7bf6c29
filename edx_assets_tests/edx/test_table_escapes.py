"""Escaped text in tables is restored, for the writers of each era."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets.edx.schema import tables
from edx_assets.edx.tables import TableReader
from edx_assets_tests.edx.table_writers import Cell, bytes_literals, exporter, mysql_batch

Writer = Callable[[Cell], str]
WRITERS = pytest.mark.parametrize("writer", [mysql_batch, exporter, bytes_literals])


def written(rows: list[list[Cell]], writer: Writer) -> bytes:
    return "".join("\t".join(map(writer, row)) + "\n" for row in rows).encode()


_characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\\t\n\r\0tnr0"')
_cells = st.text(_characters, max_size=12).filter(
    lambda cell: cell != "NULL" and cell[:2] not in ("b'", 'b"')
)
_names = st.sampled_from(
    [c.column for c in tables()["auth_userprofile"].values() if c.type == "text"]
)


@st.composite
def _tables(draw: st.DrawFn) -> tuple[list[str], list[list[Cell]]]:
    header = draw(st.lists(_names, min_size=1, max_size=4, unique=True))
    row = st.lists(st.none() | _cells, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, max_size=5))


@WRITERS
@settings(max_examples=2_000)
@given(table=_tables())
def test_any_table_comes_back(table: tuple[list[str], list[list[Cell]]], writer: Writer) -> None:
    header, rows = table
    content = "\t".join(header).encode() + b"\n" + written(rows, writer)
    found = list(TableReader(io.BytesIO(content), "auth_userprofile"))
    assert found == [
        {"_id": number, **dict(zip(header, row, strict=True))} for number, row in enumerate(rows, 2)
    ]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (r"a\tb\nc\rd", "a\tb\nc\rd"),
        (r"\\t \\n \\r \\0", r"\t \n \r \0"),
        (r"\\\t", "\\\t"),
        (r"nul\0", "nul\0"),
        (r"C:\\temp\\new", r"C:\temp\new"),
        (r"{\\\"a\\\": 1}", r'{\\"a\\": 1}'),
        ("\\", "\\"),
        (r"\x \' \"", r"\x \' \""),
        (r"\NULL", r"\NULL"),
    ],
)
def test_escapes_are_undone_once_and_from_the_left(cell: str, value: str) -> None:
    [found] = TableReader(io.BytesIO(f"state\n{cell}\n".encode()), "courseware_studentmodule")
    assert isinstance(found, dict)
    assert found["state"] == value


def test_json_in_a_cell_whose_backslashes_were_doubled_is_json_again() -> None:
    cell = r'{"student_answers": {"a": "say \\"yes\\"\\n"}}'
    found = list(TableReader(io.BytesIO(f"state\n{cell}\n".encode()), "courseware_studentmodule"))
    text, value = r'{"student_answers": {"a": "say \"yes\"\n"}}', {"a": 'say "yes"\n'}
    assert found == [{"_id": 2, "state": text, "state_parsed": {"student_answers": value}}]


@pytest.mark.parametrize("cell", ["{", "", "NULL", "[" * 3000])
def test_json_that_cannot_be_parsed_stays_text_alone(cell: str) -> None:
    table = TableReader(io.BytesIO(f"state\n{cell}\n".encode()), "courseware_studentmodule")
    [found] = table
    assert found == {"_id": 2, "state": None if cell == "NULL" else cell}
    assert table.untyped == ({"state": 1} if cell not in ("", "NULL") else {})


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        ('"{""a"": 1}"', '{"a": 1}', {"a": 1}),
        ('"{""a"": ""say """"yes""""""}"', None, None),
        ('"[""a""]"', '["a"]', ["a"]),
        (r'{"a": "\ud83d"}', r'{"a": "\ud83d"}', {"a": "\ufffd"}),
        ('{"a": 18446744073709551616}', '{"a": 18446744073709551616}', {"a": str(2**64)}),
        ('{"a": NaN}', '{"a": NaN}', {"a": "NaN"}),
        (r'{"a\u0000b": 1}', r'{"a\u0000b": 1}', {"a\ufffdb": 1}),
        ('"text"', '"text"', "text"),
    ],
)
def test_odd_json_is_mended(cell: str, text: str | None, value: Any) -> None:
    content = f"state\n{cell}\n".replace("\\", "\\\\").encode()
    table = TableReader(io.BytesIO(content), "courseware_studentmodule")
    [found] = table
    if value is None:
        assert found == {"_id": 2, "state": cell}
    else:
        assert found == {"_id": 2, "state": text, "state_parsed": value}
    assert table.mended == ({"quoted_json": 1} if text not in (None, cell) else {})


def test_a_cell_that_looks_like_a_bytes_literal_among_others_that_do_not_is_text() -> None:
    table = TableReader(io.BytesIO(b"name\tbio\nb'x'\tplain\n"), "auth_userprofile")
    assert list(table) == [{"_id": 2, "name": "b'x'", "bio": "plain"}]


def test_bytes_literals_hold_numbers_dates_nulls_and_utf_8() -> None:
    content = b"id\tusername\tlast_login\nb'7'\tb'Zo\\xc3\\xa9'\tb'NULL'\n"
    table = TableReader(io.BytesIO(content), "auth_user")
    assert list(table) == [{"_id": 2, "id": 7, "username": "Zo\u00e9", "last_login": None}]
    assert table.mended == {"bytes_literals": 1}


def test_a_row_that_only_begins_and_ends_like_bytes_literals_is_left_alone() -> None:
    row = "b'a', b'b'"
    [found] = TableReader(io.BytesIO(f"bio\n{row}\n".encode()), "auth_userprofile")
    assert isinstance(found, dict)
    assert found["bio"] == row
