"""The engine: DuckDB over Parquet files, with bounded memory. It knows no course and no server."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from edx_assets.datasets.definition import EVENTS, Dataset, DatasetError

_MEMORY = "1GB"
"""What a query may hold in memory; what is beyond goes into files of the scratch folder."""

_ACTIVITY = f"""
CREATE VIEW activity AS
SELECT * FROM {EVENTS}
WHERE user_id IS NOT NULL AND NOT coalesce(contains(event_type, '/xblock/'), FALSE)
"""
"""What learners did, for every dataset that counts or times it.

The requests of an XBlock are noise beside the explicit event: edx2bigquery and simeon leave them
out as well.
"""
ACTIVITY = "activity"

_FULL_DISK = ("No space left on device", "Disk quota exceeded", "max_temp_directory_size")
_TELLING = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
"""Errors from before any data is read: the messages of others can hold a learner's."""


@contextmanager
def engine(scratch: Path, *others: Path) -> Iterator[DuckDBPyConnection]:
    """A database in memory that reads and writes files below some folders, and nothing else.

    Args:
        scratch: a private folder, for the files of one course and for what does not fit in memory.
        others: folders with more of its files.
    """
    spill = scratch / "spill"
    spill.mkdir(mode=0o700)
    with duckdb.connect() as database:
        for setting in (
            "TimeZone = 'UTC'",
            f"memory_limit = '{_MEMORY}'",
            f"temp_directory = {literal(spill)}",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            f"allowed_directories = [{', '.join(map(literal, (scratch, *others)))}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            database.execute(f"SET {setting}")
        with _full_disks():
            yield database


@contextmanager
def _full_disks() -> Iterator[None]:
    """Tell a full disk as the system does: DuckDB says it in words alone.

    Raises:
        OSError: the disk is full.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        if any(words in str(error) for words in _FULL_DISK):
            raise OSError(ENOSPC, os.strerror(ENOSPC)) from None
        raise


def attach(database: DuckDBPyConnection, tables: Mapping[str, Path]) -> None:
    """Make Parquet files readable by name."""
    for name, path in tables.items():
        database.execute(f"CREATE VIEW {quoted(name)} AS SELECT * FROM {literal(path)}")
        if name == EVENTS:
            database.execute(_ACTIVITY)


def attach_empty(database: DuckDBPyConnection, dataset: Dataset) -> None:
    """Make a dataset that a course does not have readable: it has its columns, and no row."""
    columns = ", ".join(f"{quoted(each.name)} {each.type}" for each in dataset.columns)
    database.execute(f"CREATE TABLE {quoted(dataset.name)} ({columns})")


def tell_sources(database: DuckDBPyConnection, there: Iterable[str]) -> None:
    """Let queries ask which collections the course has: `there('forum')`.

    So what they count is null, not 0, where nothing could be counted.
    """
    database.execute("CREATE TABLE sources (name VARCHAR)")
    for name in there:
        database.execute("INSERT INTO sources VALUES (?)", [name])
    database.execute(
        "CREATE MACRO there(wanted) AS (SELECT count(*) > 0 FROM sources WHERE name = wanted)"
    )


def make(database: DuckDBPyConnection, dataset: Dataset, target: Path) -> int:
    """Write a dataset to a Parquet file, and return its number of rows.

    The rows are in the order of all columns from the left, so that a rerun writes the same bytes.

    Raises:
        DatasetError: the query fails, or does not have the columns that the file's head tells.
        OSError: the disk is full.
    """
    _check_needs(database, dataset)
    try:
        with _full_disks():
            return _made(database, dataset, target)
    except duckdb.Error as error:
        why = str(error) if isinstance(error, _TELLING) else f"DuckDB's {type(error).__name__}"
        raise DatasetError(
            f"{dataset.name}.sql: the query fails ({why}): correct the file, or report it"
        ) from None


def _made(database: DuckDBPyConnection, dataset: Dataset, target: Path) -> int:
    found = database.execute(f"DESCRIBE {dataset.query}").fetchall()
    have = [(name, kind) for name, kind, *_rest in found]
    wanted = [(column.name, column.type) for column in dataset.columns]
    if have != wanted:
        raise DatasetError(
            f"{dataset.name}.sql: its head tells other columns than its query has"
            f" ({_difference(wanted, have)}): correct the head or the query"
        )
    rows = database.execute(
        f"COPY (SELECT * FROM ({dataset.query}) ORDER BY ALL) TO {literal(target)}"
        " (FORMAT parquet, COMPRESSION zstd)"
    ).fetchone()
    return int(rows[0]) if rows else 0


def check_query(dataset: Dataset) -> None:
    """See that a query is one that DuckDB can read, before any course is made.

    Raises:
        DatasetError: it is not, or it reads other tables than its head tells.
    """
    with duckdb.connect() as database:
        _check_needs(database, dataset)


def sort_events(database: DuckDBPyConnection, events: Path, users: str, target: Path) -> None:
    """Write events in the order of learner and time.

    An event without a user id gets that of its username in the table `users`.
    """
    database.execute(f"""
        COPY (
            SELECT told.* REPLACE (
                coalesce(told.user_id, named.id) AS user_id,
                told.time::TIMESTAMP AS time,
                told.event::JSON AS event
            )
            FROM {literal(events)} AS told
            LEFT JOIN (
                SELECT username, min(id) AS id FROM {quoted(users)} GROUP BY username
            ) AS named
                ON told.user_id IS NULL AND told.username = named.username
            ORDER BY user_id, time, event_source, event_id
        ) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)
    """)


def _check_needs(database: DuckDBPyConnection, dataset: Dataset) -> None:
    """See that the query is one that DuckDB can read, and reads the tables that its head tells."""
    row = database.execute("SELECT json_serialize_sql(?)", [dataset.query]).fetchone()
    parsed = json.loads(row[0]) if row else {"error": True}
    if parsed["error"]:
        line = dataset.line + dataset.query.count("\n", 0, int(parsed.get("position") or 0))
        raise DatasetError(
            f"{dataset.name}.sql, line {line}: {parsed.get('error_message')}: correct the query,"
            " which has to be one SELECT"
        )
    named: set[str] = set()
    own: set[str] = set()
    for node in _nodes(parsed):
        if node.get("type") == "BASE_TABLE":
            named.add(str(node["table_name"]))
        own |= {entry["key"] for entry in node.get("cte_map", {}).get("map", ())}
    reads = {EVENTS if name == ACTIVITY else name for name in named - own}
    if reads != set(dataset.needs):
        raise DatasetError(
            f"{dataset.name}.sql: its head says `Needs: {', '.join(dataset.needs)}`, and its query"
            f" reads {', '.join(sorted(reads))}: correct the head"
        )


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a parsed query."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from _nodes(each)


def _difference(wanted: list[tuple[str, str]], have: list[tuple[str, str]]) -> str:
    only = [f"only the head has {name} {kind}" for name, kind in wanted if (name, kind) not in have]
    only += [
        f"only the query has {name} {kind}" for name, kind in have if (name, kind) not in wanted
    ]
    return ", ".join(only) or "they have another order"


def quoted(name: str) -> str:
    """A name as a query has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Path | str) -> str:
    """A path or a text as a query has it."""
    return "'" + str(value).replace("'", "''") + "'"
