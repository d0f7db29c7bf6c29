"""Datasets made of rows by hand, for the sections of a report to read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from edx_assets.datasets.definition import datasets
from edx_assets.datasets.engine import attach_empty
from edx_assets.reports.reads import READS

Rows = Sequence[Mapping[str, Any]]


@contextmanager
def tables(**told: Rows) -> Iterator[DuckDBPyConnection]:
    """A session with every dataset that reports read; those that are not told are empty."""
    with duckdb.connect() as session:
        for name in READS:
            attach_empty(session, datasets()[name])
        for name, rows in told.items():
            for row in rows:
                columns = ", ".join(f'"{column}"' for column in row)
                marks = ", ".join("?" for _column in row)
                insert = f"INSERT INTO {name} ({columns}) VALUES ({marks})"  # noqa: S608 - ours
                session.execute(insert, [*row.values()])
        yield session


def axis(*blocks: tuple[str, str, str] | tuple[str, str, str, str]) -> list[dict[str, Any]]:
    """Blocks in the course's order: id, category, name, and the chapter's id if it is in one."""
    names = ("module_id", "category", "name", "chapter_id")
    return [
        {"index": n, **dict(zip(names, block, strict=False))} for n, block in enumerate(blocks, 1)
    ]
