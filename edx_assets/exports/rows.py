"""The rows of a course's tables: each table as a Parquet file, whole and as the ledger says.

What the tables are belongs in `tables`; other forms of their files, in `conversion`.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from bson import CodecOptions, decode

from edx_assets.datasets.course import SourceChangedError, file_of
from edx_assets.datasets.tables import as_json, table_batches, table_schema
from edx_assets.edx.lines import batches
from edx_assets.edx.schema import PARSED
from edx_assets.exports.tables import OTHER, CourseTable, Kind, is_whole
from edx_assets.loading.ledger import course_load
from edx_assets.loading.registry import RegisteredCourse
from edx_assets.loading.stage import CountMismatchError, StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.resources.stored import digest_of

_ROWS, _BYTES = 5_000, 2**23  # of a batch
_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


def write_table(
    store: Store, storage: Storage, course: RegisteredCourse, table: CourseTable, target: Path
) -> int:
    """Write a table of a course to a Parquet file, and return its number of rows.

    Raises:
        StageMissingError: it is half loaded, or a dataset's file is gone.
        SourceChangedError: it was loaded again in the meantime.
        CountMismatchError: it has other rows than the ledger says.
        StoreError: the database failed.
    """
    see_whole(course, table)
    if table.kind == Kind.COLLECTION:
        here = Collection(course["database"], table.name)
        with pq.ParquetWriter(target, arrow_schema(table), compression="zstd") as writer:
            for batch in arrow_batches(store, here, table):
                writer.write_batch(batch)
    else:
        with file_in(storage, course, table) as path:
            shutil.copyfile(path, target)
    with pq.ParquetFile(target) as file:
        rows = int(file.metadata.num_rows)
    if table.load is not None:
        content = digest_of(target) if table.kind == Kind.DATASET else None
        see_unchanged(store, course, table, rows, content)
    return rows


@contextmanager
def file_in(storage: Storage, course: RegisteredCourse, table: CourseTable) -> Iterator[Path]:
    """The file of a dataset, or of the events.

    Raises:
        StageMissingError: it is not in the storage.
    """
    key = file_of(course["database"], table.name)
    if not storage.exists(key):
        raise StageMissingError(
            f"{course['_id']}: {table.name}: its file is not in the storage: materialize"
            f" course/{table.name} again"
        )
    with storage.reading(key) as path:
        yield path


def see_whole(course: RegisteredCourse, table: CourseTable) -> None:
    """See that a table is not being loaded.

    Raises:
        StageMissingError: it is, or that run was killed.
    """
    if table.load is not None and not is_whole(table.load):
        raise StageMissingError(
            f"{course['_id']}: {table.name} is being loaded, or half loaded: wait for that, or"
            f" materialize course/{table.name} again"
        )


def see_unchanged(
    store: Store,
    course: RegisteredCourse,
    table: CourseTable,
    rows: int,
    content: str | None = None,
) -> None:
    """See that what was read of a table is what the ledger said before, and says now.

    Args:
        store: the document store.
        course: the course.
        table: the table, with what the ledger said.
        rows: how many were read.
        content: of a dataset, the digest of what was read.

    Raises:
        SourceChangedError: it was loaded again in the meantime.
        CountMismatchError: it has other rows than the ledger says.
    """
    load = table.load
    if (
        course_load(store, course["_id"], table.name) != load
        or load is None
        or (content and load.get("content") != content)
    ):
        raise SourceChangedError(
            f"{course['_id']}: {table.name} was loaded again in the meantime: read it again"
        )
    if rows != load["documents"]:
        raise CountMismatchError(
            f"{course['_id']}: {table.name}: it has {rows} rows, and {load['documents']} by the"
            f" ledger: materialize course/{table.name} again"
        )


def arrow_schema(table: CourseTable) -> pa.Schema:
    """A collection's columns in Arrow's types."""
    schema = table_schema(table.name)
    return schema if table.documents else schema.append(pa.field(OTHER, pa.string()))


def arrow_batches(
    store: Store, collection: Collection, table: CourseTable
) -> Iterator[pa.RecordBatch]:
    """A collection's documents in its order, as batches of rows that bound the memory."""
    schema = arrow_schema(table)
    raw = store.find_raw(collection, {}, sort=[("_id", 1)])
    for piece in batches(raw, _ROWS, _BYTES):
        documents = [decode(each, _AWARE) for each in piece]
        [batch] = table_batches(table.name, documents)
        if not table.documents:
            others = pa.array(_others(documents, batch), pa.string())
            batch = pa.record_batch([*batch.columns, others], schema)
        yield batch


def _others(documents: list[dict[str, Any]], batch: pa.RecordBatch) -> Iterator[str | None]:
    """What documents have beside their columns' cells, but for what is parsed from one of them."""
    names = batch.schema.names
    parsed = {"_id", *(f"{name}{PARSED}" for name in names)}
    empty = {
        name: column.is_null().to_pylist()
        for name, column in zip(names, batch.columns, strict=True)
        if column.null_count
    }
    held = {*names} - empty.keys() | parsed
    for row, document in enumerate(documents):
        found = {
            name: value
            for name, value in document.items()
            if name not in held and value is not None and (name not in empty or empty[name][row])
        }
        yield as_json(found) if found else None
