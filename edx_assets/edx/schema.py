"""What is known of the tables of a database package: columns, types, meanings and indexes.

It is read from `schema.tsv` beside this module, and drives the loading, the indexes of the
collections, what the UI shows of their columns, and the data dictionary in the documentation.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Index = Sequence[tuple[str, int]]

PARSED = "_parsed"
"""What a JSON column's parsed value is named, behind the column's name."""

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
"""Columns by which learners, blocks and submissions are joined, in whichever table they stand."""

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
"""Indexes where the columns' names alone do not say which queries there are."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    `type` is integer, number, datetime, date, text or json; `delivered_as` names that edX has given
    it at other times; `first` and `last` the months (or years) between which packages carry it,
    where they are documented; `folder` is `ora` for the tables that lie in that folder.
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
    """Columns by name, by table, in the order in which edX delivers them.

    Source: edX's documentation of the packages and the exporter's queries.
    """
    text = files(__package__).joinpath("schema.tsv").read_text(encoding="utf-8")
    known: dict[str, dict[str, Column]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        names = tuple(name for name in row.pop("delivered_as").split(",") if name)
        known.setdefault(row["table"], {})[row["column"]] = Column(**row, delivered_as=names)
    return known


def column_names(table: str, header: list[str]) -> list[str]:
    """A delivered header's columns under the names that they have today."""
    known = tables().get(table, {})
    today = {old: name for name, column in known.items() for old in column.delivered_as}
    return [
        name if name in known or today.get(name) in header else today.get(name, name)
        for name in header
    ]


def drift(table: str, columns: list[str]) -> dict[str, list[str]]:
    """What a delivered table has more and less than the schema knows; empty where nothing.

    A column whose last month is documented may be missing: it went.
    """
    known = tables().get(table, {})
    new = [name for name in columns if name not in known] if known else []
    missing = [name for name, c in known.items() if not c.last and name not in columns]
    return {kind: names for kind, names in (("new", new), ("missing", missing)) if names}


def indexes(collection: str) -> list[Index]:
    """The indexes of a collection of a course's database, each for a join that studies make."""
    told = _INDEXES.get(collection)
    if told is not None:
        return told
    return [[(name, 1)] for name in tables().get(collection, {}) if name in _INDEXED]
