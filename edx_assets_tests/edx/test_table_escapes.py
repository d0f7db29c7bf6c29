"""What a table's writer escaped comes back, for the writers of both eras."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.tables import TableReader

Cell = str | None

_MYSQL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\0": r"\0"})
_EXPORTER = str.maketrans({"\\": r"\\", "\r": r"\r", "\t": r"\t", "\n": r"\n"})


def mysql_batch(cell: Cell) -> str:
    """As the mysql client's batch mode writes a cell (until November 2015): a CR stays raw."""
    return "NULL" if cell is None else cell.translate(_MYSQL)


def exporter(cell: Cell) -> str:
    """As edX's exporter writes a cell since: a NUL stays raw (until July 2023)."""
    return "NULL" if cell is None else cell.translate(_EXPORTER)


Writer = Callable[[Cell], str]
WRITERS = pytest.mark.parametrize("writer", [mysql_batch, exporter])


def written(rows: list[list[Cell]], writer: Writer) -> bytes:
    return "".join("\t".join(map(writer, row)) + "\n" for row in rows).encode()


_characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\\t\n\r\0tnr0"')
_cells = st.text(_characters, max_size=12).filter(lambda cell: cell != "NULL")
_names = st.text(_characters, min_size=1, max_size=6).filter(lambda name: name != "_id")


@st.composite
def _tables(draw: st.DrawFn) -> tuple[list[str], list[list[Cell]]]:
    header = draw(st.lists(_names, min_size=1, max_size=4, unique=True))
    row = st.lists(st.none() | _cells, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, max_size=5))


@WRITERS
@given(table=_tables())
def test_any_table_comes_back(table: tuple[list[str], list[list[Cell]]], writer: Writer) -> None:
    header, rows = table
    content = written([list[Cell](header), *rows], writer)
    found = list(TableReader(io.BytesIO(content), "a_table_of_text"))
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
    found = list(TableReader(io.BytesIO(f"state\n{cell}\n".encode()), "courseware_studentmodule"))
    assert found == [{"_id": 2, "state": value}]


def test_json_in_a_cell_whose_backslashes_were_doubled_is_json_again() -> None:
    cell = r'{"student_answers": {"a": "say \\"yes\\"\\n"}}'
    found = list(TableReader(io.BytesIO(f"state\n{cell}\n".encode()), "courseware_studentmodule"))
    assert found == [{"_id": 2, "state": r'{"student_answers": {"a": "say \"yes\"\n"}}'}]
