"""Datasets made of rows by hand, for the sections of a report to read, and what these then say."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from edx_assets.datasets.definition import datasets
from edx_assets.datasets.engine import attach_empty
from edx_assets.reports.content import Bars, Cell, Content, Name, Section, Strip
from edx_assets.reports.published import Published
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


AXIS = axis(
    ("c1", "chapter", "Water"),
    ("v1", "video", "Rivers", "c1"),
    ("p1", "problem", "Dams", "c1"),
    ("p2", "problem", "Seas", "c1"),
    ("c2", "chapter", "Fire"),
    ("v2", "video", "Sparks", "c2"),
)


VIDEOS = [
    {"index_video": 2, "module_id": "v1", "name": "Rivers", "chapter_name": "Water"},
    {"index_video": 6, "module_id": "v2", "name": "Sparks", "chapter_name": "Fire"},
]


def drawn(section: Section, **told: Rows) -> Content:
    """What a section shows of these datasets."""
    with tables(**told) as session:
        content = section.draw(session)
    assert content is not None
    return content


def texts(row: Sequence[Cell]) -> list[str | list[str]]:
    """What a row says."""
    said: list[str | list[str]] = []
    for cell in row:
        if isinstance(cell, Bars):
            said.append([each.text for each in cell.values])
        elif isinstance(cell, Published | Name):
            said.append(cell.text)
        else:
            said.append(cell.alt if isinstance(cell, Strip) else cell)
    return said


def rows_of(content: Content) -> list[list[str | list[str]]]:
    return [texts(row) for table in content.tables for row in table.rows]


def per_learner(learners: range, **row: Any) -> list[dict[str, Any]]:
    return [{"user_id": learner, **row} for learner in learners]
