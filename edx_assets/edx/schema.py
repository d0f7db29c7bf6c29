"""The known tables of a database package: columns, types, meanings and indexes.

They are read from `schema.tsv`, next to this module. Loading, the indexes of the collections, the
columns shown in the UI and the data dictionary in the documentation derive from them.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Index = Sequence[tuple[str, int]]

PARSED = "_parsed"
"""Suffix of the field that holds a JSON column's parsed value."""

_INDEXED = frozenset(
    {
        "anonymous_user_id",
        "hash_id",
        "module_id",
        "student_id",
        "submission_uuid",
        "user_id",
        "username",
    }
)
"""Columns used to join learners, blocks and submissions, in any table."""

_INDEXES: dict[str, list[Index]] = {
    "auth_user": [[("id", 1)], [("username", 1)]],
    "courseware_studentmodule": [[("student_id", 1), ("module_id", 1)], [("module_id", 1)]],
    "course_structure": [[("category", 1)]],
    "forum": [[("author_id", 1)], [("comment_thread_id", 1)]],
    "tracking": [
        [("timestamp", 1)],
        [("username", 1), ("timestamp", 1)],
        [("user_id", 1), ("timestamp", 1)],
        [("event_type", 1)],
        [("module_id", 1)],
        [("load_file", 1)],
    ],
}
"""Indexes that the column names alone do not imply."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    `type` is integer, number, datetime, date, text or json. `delivered_as` lists the names that edX
    has used for it at other times. `first` and `last` are the months (or years) between which
    packages contain it, where documented. `folder` is `ora` for the tables in that folder.
    """

    table: str
    column: str
    folder: str
    type: str
    delivered_as: tuple[str, ...]
    first: str
    last: str
    meaning: str


@cache
def tables() -> dict[str, dict[str, Column]]:
    """For each table, its columns by name, in the order in which edX delivers them.

    Sources: edX's documentation of the data packages, and the exporter's queries.
    """
    text = files(__package__).joinpath("schema.tsv").read_text(encoding="utf-8")
    known: dict[str, dict[str, Column]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        names = tuple(name for name in row.pop("delivered_as").split(",") if name)
        known.setdefault(row["table"], {})[row["column"]] = Column(**row, delivered_as=names)
    return known


def column_names(table: str, header: list[str]) -> list[str]:
    """The columns of a delivered header, under today's names."""
    known = tables().get(table, {})
    today = {old: name for name, column in known.items() for old in column.delivered_as}
    return [
        name if name in known or today.get(name) in header else today.get(name, name)
        for name in header
    ]


def drift(table: str, columns: list[str]) -> dict[str, list[str]]:
    """The columns that a delivered table has beyond the schema, or lacks; empty if none.

    A column whose last month is documented can be missing: edX no longer delivers it.
    """
    known = tables().get(table, {})
    new = [name for name in columns if name not in known] if known else []
    missing = [name for name, c in known.items() if not c.last and name not in columns]
    return {kind: names for kind, names in (("new", new), ("missing", missing)) if names}


def indexes(collection: str) -> list[Index]:
    """The indexes of a collection in a course's database, each for a join that studies use."""
    told = _INDEXES.get(collection)
    if told is not None:
        return told
    return [[(name, 1)] for name in tables().get(collection, {}) if name in _INDEXED]
