"""Tables opened for Python: as data frames and by SQL, read-only.

Which tables a course has, and how their rows are read, belongs in `tables` and `rows`; the file of
all courses, in `warehouse`.
"""

import re
import secrets
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from edx_assets.datasets.engine import literal, quoted
from edx_assets.datasets.own import known_datasets
from edx_assets.errors import FinalError
from edx_assets.exports.rows import arrow_batches, arrow_schema, file_in, see_unchanged, see_whole
from edx_assets.exports.tables import (
    CourseTable,
    Kind,
    UnknownTableError,
    course_tables,
    find_course,
)
from edx_assets.exports.warehouse import WAREHOUSE
from edx_assets.loading.registry import RegisteredCourse
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.mongo import institution_store
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection as StoreCollection
from edx_assets.resources.store import Store
from edx_assets.resources.stored import second_name
from edx_assets.settings import load_settings

if TYPE_CHECKING:
    import pandas
    import polars

_READS = ("SELECT", "EXPLAIN")
_WORD = re.compile(r"\w+")
_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")


class NotReadingError(FinalError):
    """What was asked for would change something; the message says what can be asked."""


class MissingExtraError(FinalError):
    """A library for data frames is not installed; the message says how to install it."""


class Opened:
    """The tables of a course, or of all: as data frames, and by SQL (DuckDB's).

    Times are in UTC. A collection is read from the database once, when it is first asked for, and
    then is as it was; a dataset of a course is as it is in the storage when it is asked for. Keep
    the object as long as its answers are used.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        names: Collection[str],
        prepare: Callable[[set[str]], None],
        closing: ExitStack,
    ) -> None:
        self._connection, self._names, self._prepare = connection, sorted(names), prepare
        weakref.finalize(self, closing.close)

    def tables(self) -> list[str]:
        """The names of the tables."""
        return list(self._names)

    def sql(self, query: str) -> DuckDBPyRelation:
        """The answer to a query: `.df()`, `.pl()` or `.fetchall()` of it gives the rows.

        Raises:
            NotReadingError: it is not one SELECT.
            UnknownTableError: it reads a table that is not there.
            duckdb.Error: DuckDB cannot answer it.
        """
        statements = self._connection.extract_statements(query)
        if [each.type.name in _READS for each in statements] != [True]:
            raise NotReadingError("the tables can only be read: ask one SELECT at a time")
        # by its words: DuckDB tells a query's tables only once they are all there
        self._prepare(set(_WORD.findall(query.lower())) & set(self._names))
        try:
            found = self._connection.sql(query)
        except duckdb.CatalogException as error:
            if unknown := _NO_TABLE.search(str(error)):
                raise self._unknown(unknown[1]) from None
            raise
        weakref.finalize(found, id, self)  # its files stay as long as the answer does
        return found

    def arrow(self, name: str) -> pa.Table:
        """A table as Arrow.

        Raises:
            UnknownTableError: there is none of that name.
        """
        return self._table(name).to_arrow_table()

    def frame(self, name: str) -> "pandas.DataFrame":
        """A table as a data frame of pandas.

        Raises:
            UnknownTableError: there is none of that name.
            MissingExtraError: pandas is not installed.
        """
        _see_installed("pandas")
        return self._table(name).df()

    def polars(self, name: str) -> "polars.DataFrame":
        """A table as a data frame of Polars.

        Raises:
            UnknownTableError: there is none of that name.
            MissingExtraError: Polars is not installed.
        """
        _see_installed("polars")
        return cast("polars.DataFrame", self._table(name).pl())

    def _table(self, name: str) -> DuckDBPyRelation:
        if name not in self._names:
            raise self._unknown(name)
        return self.sql(f"SELECT * FROM {quoted(name)}")

    def _unknown(self, name: str) -> UnknownTableError:
        there = ", ".join(self._names) or "none yet"
        return UnknownTableError(f"there is no table {name}; there are: {there}")


def open_course(named: str) -> Opened:
    """The tables of a course, by its key or the name of its database.

    Raises:
        MissingSettingError, InvalidSettingError: EDX_MONGO_URI or EDX_STORAGE cannot be used.
        UnknownCourseError: there is no such course.
        StoreError: the database failed.
    """
    settings = load_settings()
    store = institution_store()
    storage = Storage.of(settings)
    course = find_course(store, named)
    tables = course_tables(store, storage, course, known_datasets(settings.datasets))
    closing = ExitStack()
    scratch = closing.enter_context(storage.beside())
    connection = _connected(scratch, ":memory:")
    read: set[str] = set()
    links: dict[str, Path] = {}

    def prepare(names: set[str]) -> None:
        for name in names - read:
            table = tables[name]
            if table.kind == Kind.COLLECTION:
                _read(connection, store, course, table)
                read.add(name)
                continue
            with file_in(storage, course, table) as path:
                if name in links and links[name].samefile(path):
                    continue
                # under a name of its own: DuckDB opens a file more than once for a query, and
                # would mix the old and the new where it is replaced in between
                links[name] = scratch / f"{name}-{secrets.token_hex(4)}.parquet"
                second_name(path, links[name])
            connection.execute(
                f"CREATE OR REPLACE VIEW {quoted(name)} AS SELECT * FROM {literal(links[name])}"
            )

    return Opened(connection, tables, prepare, closing)


def open_all_courses() -> Opened:
    """The datasets of all courses, each with the column `course_id`.

    Raises:
        MissingSettingError: EDX_STORAGE is not set.
        StageMissingError: the file of all courses has not been made.
    """
    storage = Storage.of(load_settings())
    if not storage.exists(WAREHOUSE):
        raise StageMissingError(
            "the file of all courses has not been made: run `edx-assets warehouse`, or materialize"
            " all_courses/warehouse"
        )
    closing = ExitStack()
    scratch = closing.enter_context(storage.beside())
    with storage.reading(WAREHOUSE) as path:
        # under a name of its own: DuckDB gives a process one database for a path, new or old
        database = scratch / f"{secrets.token_hex(4)}.duckdb"
        second_name(path, database)
    connection = _connected(scratch, str(database), read_only=True)
    named = connection.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database()"
    )
    return Opened(connection, [name for (name,) in named.fetchall()], lambda _names: None, closing)


def _connected(scratch: Path, database: str, read_only: bool = False) -> DuckDBPyConnection:
    """A connection; what does not fit in memory goes into the private folder."""
    connection = duckdb.connect(database, read_only=read_only)
    for setting in (
        "TimeZone = 'UTC'",
        f"temp_directory = {literal(scratch / 'spill')}",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "python_enable_replacements = false",  # a name is a table, not a variable of somebody's
    ):
        connection.execute(f"SET {setting}")
    return connection


def _read(
    connection: DuckDBPyConnection, store: Store, course: RegisteredCourse, table: CourseTable
) -> None:
    """Read a collection into the connection."""
    see_whole(course, table)
    json = {column.name for column in table.columns if column.type == "JSON"}
    cells = ", ".join(
        f"{quoted(name)}::JSON AS {quoted(name)}" if name in json else quoted(name)
        for name in arrow_schema(table).names
    )
    here = StoreCollection(course["database"], table.name)
    with _transaction(connection):
        _insert(connection, table.name, cells, arrow_schema(table).empty_table())
        rows = 0
        for batch in arrow_batches(store, here, table):
            rows += batch.num_rows
            _insert(connection, table.name, cells, pa.Table.from_batches([batch]))
        see_unchanged(store, course, table, rows)


def _insert(connection: DuckDBPyConnection, name: str, cells: str, rows: Any) -> None:
    connection.register("incoming", rows)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {quoted(name)} AS SELECT {cells} FROM incoming LIMIT 0"
    )
    connection.execute(f"INSERT INTO {quoted(name)} SELECT {cells} FROM incoming")
    connection.unregister("incoming")


@contextmanager
def _transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _see_installed(library: str) -> None:
    if find_spec(library) is None:
        raise MissingExtraError(f"{library} is not installed: pip install 'edx-assets[frames]'")
