"""Tables: rows are read by their header and typed by the schema; unreadable rows are refused."""

import io
from datetime import datetime
from typing import Any

import bson
import pytest

from edx_assets.edx.lines import BadLine
from edx_assets.edx.reasons import Reason
from edx_assets.edx.schema import drift, tables
from edx_assets.edx.tables import TableError, TableReader

Rows = list[dict[str, Any] | BadLine]


def rows(content: bytes, table: str = "auth_user") -> Rows:
    return list(TableReader(io.BytesIO(content), table))


def test_a_row_is_a_document_typed_by_the_schema_and_numbered_by_its_line() -> None:
    content = (
        b"id\tusername\tis_staff\tlast_login\temail\n"
        b"7\tlearner\t0\t2014-05-01 12:34:56\ta@example.org\n"
        b"8\t12\t1\t2014-05-01 12:34:56.789000\t\n"
    )
    assert rows(content) == [
        {
            "_id": 2,
            "id": 7,
            "username": "learner",
            "is_staff": 0,
            "last_login": datetime(2014, 5, 1, 12, 34, 56),
            "email": "a@example.org",
        },
        {
            "_id": 3,
            "id": 8,
            "username": "12",
            "is_staff": 1,
            "last_login": datetime(2014, 5, 1, 12, 34, 56, 789000),
            "email": "",
        },
    ]


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("id", b"-5", -5),
        ("id", b"9223372036854775807", 2**63 - 1),
        ("id", b"", None),
        ("grade", b"0.85", 0.85),
        ("grade", b"1", 1.0),
        ("grade", b"", None),
        ("created_date", b"", None),
        ("created_date", b"2014-05-01", datetime(2014, 5, 1)),
        ("created_date", b"2014-05-01T12:00:00Z", datetime(2014, 5, 1, 12)),
        ("created_date", b"2014-05-01 12:00:00-04:00", datetime(2014, 5, 1, 16)),
        ("name", b"", ""),
        ("name", b"1.50", "1.50"),
        ("unknown_column", b"5", 5),
        ("unknown_column", b"007", "007"),
        ("unknown_column", b"1.5", 1.5),
        ("unknown_column", b"2014-05-01 12:00:00", datetime(2014, 5, 1, 12)),
        ("unknown_column", b"word", "word"),
    ],
)
def test_cells_take_the_type_of_their_column(column: str, cell: bytes, value: Any) -> None:
    table = TableReader(io.BytesIO(column.encode() + b"\n" + cell + b"\n"), CERTIFICATES)
    assert list(table) == [{"_id": 2, column: value}]
    assert not table.untyped


CERTIFICATES = "certificates_generatedcertificate"


@pytest.mark.parametrize("column", ["id", "grade", "created_date", "name", "unknown_column"])
def test_null_is_none_in_every_column(column: str) -> None:
    content = column.encode() + b"\nNULL\nnull\n"
    found = rows(content, CERTIFICATES)
    assert found == [{"_id": 2, column: None}, {"_id": 3, column: "null"}]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("id", "x"),
        ("id", "1.0"),
        ("id", "1_000"),
        ("id", "9223372036854775808"),
        ("id", "1" * 5000),
        ("grade", "n/a"),
        ("grade", "1_0"),
        ("grade", "nan"),
        ("grade", "inf"),
        ("grade", "1e999"),
        ("created_date", "2015-09-31 00:00:00"),
        ("created_date", "0000-00-00 00:00:00"),
        ("created_date", "yesterday"),
        ("created_date", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_is_not_of_its_type_stays_text_and_is_counted(column: str, cell: str) -> None:
    table = TableReader(io.BytesIO(f"{column}\n{cell}\n{cell}\nNULL\n".encode()), CERTIFICATES)
    assert [row[column] for row in table if isinstance(row, dict)] == [cell, cell, None]
    assert table.untyped == {column: 2}


@pytest.mark.parametrize("line", [b"1", b"1\ta\tb", b"", b"\t\t", b"1\r"])
def test_a_line_with_another_number_of_fields_is_bad_and_the_rest_is_read(line: bytes) -> None:
    found = rows(b"id\tusername\n1\ta\n" + line + b"\n2\tb\n")
    assert found == [
        {"_id": 2, "id": 1, "username": "a"},
        BadLine(3, Reason.WRONG_NUMBER_OF_FIELDS, line),
        {"_id": 4, "id": 2, "username": "b"},
    ]


def test_the_last_line_needs_no_end() -> None:
    assert rows(b"id\tusername\n1\ta") == [{"_id": 2, "id": 1, "username": "a"}]


def test_a_raw_carriage_return_is_data_of_its_cell() -> None:
    found = rows(b"id\tbio\n1\tone\rtwo\r\n2\t\r\n", "auth_userprofile")
    assert found == [
        {"_id": 2, "id": 1, "bio": "one\rtwo\r"},
        {"_id": 3, "id": 2, "bio": "\r"},
    ]


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    assert rows(b"id\tusername\n1\tAndr\xe9\n") == [{"_id": 2, "id": 1, "username": "Andr\ufffd"}]


def test_quotes_are_literal() -> None:
    content = b'id\tusername\n1\t"a" \'b\n2\t"\n'
    assert [row["username"] for row in rows(content) if isinstance(row, dict)] == ['"a" \'b', '"']


def test_columns_are_read_by_name_whatever_their_order_or_set() -> None:
    content = b"username\tnewly_added\tid\nlearner\tyes\t7\n"
    table = TableReader(io.BytesIO(content), "auth_user")
    assert table.columns == ["username", "newly_added", "id"]
    assert list(table) == [{"_id": 2, "username": "learner", "newly_added": "yes", "id": 7}]


def test_a_table_that_the_schema_does_not_know_is_read_by_inferred_types() -> None:
    content = b"id\tscore\tnote\n7\t1\tNULL\n8\t1.5\tx\n"
    table = TableReader(io.BytesIO(content), "a_table_of_tomorrow")
    assert list(table) == [
        {"_id": 2, "id": 7, "score": 1.0, "note": None},
        {"_id": 3, "id": 8, "score": 1.5, "note": "x"},
    ]
    assert table.inferred == ["id", "score", "note"]


def test_a_cell_that_breaks_with_its_inferred_type_stays_text_and_is_counted() -> None:
    content = b"id\n" + b"7\n" * 1000 + b"x\n"
    table = TableReader(io.BytesIO(content), "a_table_of_tomorrow")
    assert [row["id"] for row in table if isinstance(row, dict)] == [7] * 1000 + ["x"]
    assert table.untyped == {"id": 1}


def test_drift_tells_new_and_missing_columns_but_not_those_that_went() -> None:
    columns = [name for name in tables()["auth_userprofile"] if name != "bio"]
    columns.remove("phone_number")
    assert drift("auth_userprofile", [*columns, "pronouns"]) == {
        "new": ["pronouns"],
        "missing": ["bio"],
    }
    assert drift("a_table_of_tomorrow", ["x"]) == {}


@pytest.mark.parametrize("header", [b"hash_id\tid\tusername", b"hash_id\tuser_id\tusername"])
def test_the_old_header_of_user_id_map_is_read_as_today_s(header: bytes) -> None:
    found = rows(header + b"\nabc\t7\tlearner\n", "user_id_map")
    assert found == [{"_id": 2, "hash_id": "abc", "user_id": 7, "username": "learner"}]


@pytest.mark.parametrize("content", [b"\n", b"\r\n", b"\n1\ta\n"])
def test_a_file_without_a_header_is_no_table(content: bytes) -> None:
    with pytest.raises(TableError, match="no header"):
        rows(content)


@pytest.mark.parametrize("name", ["auth_user", "a_table_of_tomorrow"])
@pytest.mark.parametrize("row", [b"7\tana\tana@mail.example", b"ana\t2014-02-01", b"1\t\t"])
def test_a_row_in_the_place_of_the_header_is_told_and_not_lost(name: str, row: bytes) -> None:
    with pytest.raises(TableError, match="its first line is a row") as told:
        rows(row + b"\n" + row + b"\n", name)
    assert "ana" not in str(told.value)


@pytest.mark.parametrize("name", ["auth_user", "a_table_of_tomorrow"])
def test_a_file_without_a_byte_is_a_table_without_rows(name: str) -> None:
    table = TableReader(io.BytesIO(b""), name)
    assert (table.columns, table.inferred, list(table)) == ([], [], [])


@pytest.mark.parametrize("content", [b"id\tusername\n", b"id\tusername"])
def test_a_table_of_a_header_only_has_no_rows(content: bytes) -> None:
    table = TableReader(io.BytesIO(content), "auth_user")
    assert table.columns == ["id", "username"]
    assert list(table) == []


@pytest.mark.parametrize(
    ("header", "columns", "twice"),
    [
        (b"id\tname\tid", ["id", "name", "id_2"], ["id"]),
        (b"id\tid\tid", ["id", "id_2", "id_3"], ["id", "id"]),
        (b"id\tid\tid_2", ["id", "id_2", "id_2_2"], ["id"]),
        (b"id\t\t", ["id", "", "_2"], [""]),
        (b"_id\tname\tid", ["_id_2", "name", "id"], []),
        (b"meta\tmeta_parsed\tid", ["meta", "meta_parsed_2", "id"], []),
        (b"a\0b\tname\tid", ["a\ufffdb", "name", "id"], []),
        (b"\xef\xbb\xbfid\tname\tmeta", ["id", "name", "meta"], []),
    ],
)
def test_every_column_has_a_name_of_its_own(
    header: bytes, columns: list[str], twice: list[str]
) -> None:
    table = TableReader(io.BytesIO(header + b"\n1\t2\t3\n"), "auth_userprofile")
    assert (table.columns, table.twice) == (columns, twice)
    [row] = table
    assert isinstance(row, dict)
    assert bson.decode(bson.encode(row)) == row
    assert row["_id"] == 2
    assert [str(row[name]) for name in columns] == ["1", "2", "3"]


def test_a_column_named_twice_is_read_by_its_type_both_times() -> None:
    [found] = rows(b"id\tmeta\tid\tmeta\n1\t{}\t2\t[]\n", "auth_userprofile")
    assert found == {
        "_id": 2,
        "id": 1,
        "meta": "{}",
        "id_2": 2,
        "meta_2": "[]",
        "meta_parsed": {},
        "meta_2_parsed": [],
    }


def test_a_row_knows_its_line_and_its_bytes() -> None:
    content = b"id\tusername\n1\ta\\tb\n\n2\tAndr\xe9\n"
    found = [(row.number, row.raw) for row in TableReader(io.BytesIO(content), "auth_user")]
    assert found == [(2, b"1\ta\\tb"), (3, b""), (4, b"2\tAndr\xe9")]


def test_rows_are_read_as_they_stream_by() -> None:
    def lines() -> Any:
        yield b"id\n"
        yield b"1\n"
        raise AssertionError("read ahead")

    assert next(iter(TableReader(lines(), "auth_user"))) == {"_id": 2, "id": 1}
