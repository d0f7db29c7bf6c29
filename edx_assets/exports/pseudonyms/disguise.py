"""A course's tables in disguise: read, rewritten with pseudonyms, and searched at the end.

How a folder is written and put in its place belongs in `exports.course`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from edx_assets.exports.formats import Format
from edx_assets.exports.pseudonyms.gathering import gather
from edx_assets.exports.pseudonyms.known import Known
from edx_assets.exports.pseudonyms.proof import Proof
from edx_assets.exports.pseudonyms.rows import Rewriting, without_unclassed
from edx_assets.exports.pseudonyms.scope import Scope
from edx_assets.exports.pseudonyms.texts import Texts
from edx_assets.exports.rows import write_table
from edx_assets.exports.tables import CourseTable
from edx_assets.loading.registry import RegisteredCourse
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store


class Disguise:
    """The tables of a course with pseudonyms.

    All of them are read first, whichever are exported: each can have identifiers that another
    mentions.

    Args:
        store: the document store.
        storage: the storage, which has the datasets and the key.
        course: the course.
        found: all its tables.
        scope: how far the pseudonyms reach.
        folder: an empty folder for what is read.

    Raises:
        StageMissingError, SourceChangedError, CountMismatchError: a table is not as it should be.
        StoreError: the database failed.
    """

    def __init__(
        self,
        store: Store,
        storage: Storage,
        course: RegisteredCourse,
        found: Iterable[CourseTable],
        scope: Scope,
        folder: Path,
    ) -> None:
        self._rows: dict[str, int] = {}
        self._sources: dict[str, Path] = {}
        self._scope = scope
        sources = {}
        for table in found:
            path = folder / f"{table.name}.parquet"
            self._rows[table.name] = write_table(store, storage, course, table, path)
            self._sources[table.name] = path
            sources[table.name] = (table, path)
        self._known = Known()
        gather(sources, self._known)
        self._pseudonyms = scope.pseudonyms(storage, course["_id"])
        self._rewriting = Rewriting(self._pseudonyms, Texts(self._known, self._pseudonyms))
        self._left_out: dict[str, list[str]] = {}

    def kept(self, tables: Sequence[CourseTable]) -> list[CourseTable]:
        """The tables without what nobody has classed: it can hold anything, and is left out."""
        found = []
        for table in tables:
            kept, unclassed = without_unclassed(table)
            gone = [name for name in unclassed if self._holds(table, name)]
            if gone:
                self._left_out[table.name] = gone
            if kept is not None:
                found.append(kept)
        return found

    def _holds(self, table: CourseTable, column: str) -> bool:
        """Whether any row has something in a column."""
        with pq.ParquetFile(self._sources[table.name]) as file:
            batches = file.iter_batches(columns=[column])
            return any(batch.column(0).null_count < batch.num_rows for batch in batches)

    def write(self, table: CourseTable, target: Path) -> int:
        """Write a kept table to a Parquet file, and return its number of rows."""
        source = self._sources[table.name]
        self._rewriting.write(table, source, target)
        return self._rows[table.name]

    def told(
        self, folder: Path, tables: Sequence[CourseTable], form: Format, others: Sequence[str]
    ) -> dict[str, Any]:
        """What the manifest says, once the finished files have been searched.

        Args:
            folder: the finished files.
            tables: those that they are of.
            form: their form.
            others: the names of CSV files that belong to no table.

        Raises:
            IdentifierLeftError: one of them holds a known identifier.
        """
        proof = Proof(self._known)
        for table in tables:
            proof.search(folder / f"{table.name}.{form}", table, form)
        for name in others:
            proof.search(folder / name, None, Format.CSV)
        return {
            "reach": str(self._scope.reach),
            "project": self._scope.project or None,
            "key": self._pseudonyms.fingerprint,
            "left_out": self._left_out,
            "proof": {
                "files": len(tables) + len(others),
                "cells": proof.cells,
                "identifiers": self._known.counts(),
                "ordinary_words": len(self._known.ordinary),
                "found": 0,
            },
        }
