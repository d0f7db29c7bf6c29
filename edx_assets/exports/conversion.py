"""Parquet files written as CSV and JSON Lines.

CSV: UTF-8 with a byte order mark (without it, Excel takes it for another encoding), commas, and
quotes as in RFC 4180. An empty cell is null, an empty text is `""`. Times are ISO 8601 in UTC.
"""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

from edx_assets.datasets.engine import literal, quoted
from edx_assets.errors import FinalError
from edx_assets.exports.formats import Format
from edx_assets.exports.tables import CourseTable

_MARK = "\ufeff"
_TEXT = "VARCHAR"
_FORMULA = r"^''*[=+\-@\t\r\n\x00＝＋－＠]"  # noqa: RUF001 - as wide characters, too
_NUMBER = r"^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$"


class NotConvertedError(FinalError):
    """A table's file cannot be written in another form; the message names the table."""


def convert(
    database: DuckDBPyConnection, table: CourseTable, source: Path, target: Path, form: Format
) -> int:
    """Write a Parquet file's rows in another form; return how many cells were marked.

    In CSV, a text that a spreadsheet would run as a formula gets a `'` before it. In JSON Lines,
    the line of a row that is a document is the document.

    Args:
        database: the engine, in whose folder both files are.
        table: what the rows are of.
        source: the Parquet file.
        target: the file to write.
        form: not Parquet.

    Raises:
        NotConvertedError: the engine cannot do it.
    """
    target.touch(mode=0o600)
    if form == Format.JSONL and table.documents:
        _lines(source, target)
        return 0
    try:
        return _convert(database, table, source, target, form)
    except duckdb.Error as error:  # its message can hold a cell
        raise NotConvertedError(
            f"{table.name} cannot be written as {form}: DuckDB's {type(error).__name__}: make room"
            " on the disk, or export Parquet"
        ) from None


def _convert(
    database: DuckDBPyConnection, table: CourseTable, source: Path, target: Path, form: Format
) -> int:
    found = database.execute(f"DESCRIBE SELECT * FROM {literal(source)}").fetchall()
    told = {column.name: column.type for column in table.columns}
    columns = [
        (str(name), "JSON" if told.get(name) == "JSON" else str(kind))
        for name, kind, *_rest in found
    ]
    options = "FORMAT json" if form == Format.JSONL else "FORMAT csv, HEADER true"
    cell = _value if form == Format.JSONL else _cell
    names = [
        quoted(_MARK + name if form == Format.CSV and not place else name)
        for place, (name, _kind) in enumerate(columns)
    ]
    cells = ", ".join(
        f"{cell(name, kind)} AS {shown}" for (name, kind), shown in zip(columns, names, strict=True)
    )
    database.execute(
        f"COPY (SELECT {cells} FROM {literal(source)})"
        f" TO {literal(target)} ({options}, USE_TMP_FILE false)"
    )
    texts = [name for name, kind in columns if kind == _TEXT] if form == Format.CSV else []
    if not texts:
        return 0
    marked = " + ".join(f"count(*) FILTER ({_runs(name)})" for name in texts)
    row = database.execute(f"SELECT {marked} FROM {literal(source)}").fetchone()
    return int(row[0]) if row else 0


def _lines(source: Path, target: Path) -> None:
    with pq.ParquetFile(source) as file, target.open("wb") as lines:
        for batch in file.iter_batches(1_000, columns=["document"]):
            for document in batch.column(0).to_pylist():
                lines.write(document.encode() + b"\n")


def _runs(name: str) -> str:
    """Whether a spreadsheet would run a text as a formula. A number it only reads."""
    text = quoted(name)
    return f"regexp_matches({text}, '{_FORMULA}') AND NOT regexp_matches({text}, '{_NUMBER}')"


def _cell(name: str, kind: str) -> str:
    if kind == _TEXT:
        return f"CASE WHEN {_runs(name)} THEN '''' ELSE '' END || {quoted(name)}"
    return _moment(name, kind)


def _value(name: str, kind: str) -> str:
    if kind in ("FLOAT", "DOUBLE"):  # JSON has no form for what is no number
        return f"CASE WHEN isfinite({quoted(name)}) THEN {quoted(name)} END"
    if kind == "JSON":
        return f"{quoted(name)}::JSON"
    return _moment(name, kind)


def _moment(name: str, kind: str) -> str:
    if kind.startswith("TIMESTAMP"):
        return f"strftime({quoted(name)}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    return quoted(name)
