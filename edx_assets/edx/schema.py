"""The known columns of a package's tables: names, types and meanings, from `schema.tsv`.

How rows are read, the columns shown in the UI and the data dictionary derive from them. What each
collection is, and its indexes, is in `collections`.
"""

import csv
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files

PARSED = "_parsed"
"""Suffix of the field that holds a JSON column's parsed value."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    `type` is integer, number, datetime, date, text or json. `delivered_as` lists the names that edX
    has used for it at other times. `first` and `last` are the months (or years) between which
    packages contain it, where documented. `folder` is `ora` for the tables in that folder.
    Of a person it tells what `personal` says, in the words of the module of that name.
    """

    table: str
    column: str
    folder: str
    type: str
    delivered_as: tuple[str, ...]
    first: str
    last: str
    personal: str
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


def moved(before: dict[str, str], now: dict[str, str]) -> dict[str, list[str]]:
    """What is different between a table's columns (with their types) then and now; empty if none.

    It is told as `added`, `gone` and `other type`.
    """
    found = {
        "added": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
        "other type": [
            f"{name} ({before[name]}, now {kind})"
            for name, kind in now.items()
            if before.get(name, kind) != kind
        ],
    }
    return {kind: names for kind, names in found.items() if names}


def schema_version(table: str) -> str | None:
    """What changes whenever a table's rows would be read otherwise; None of an unknown table."""
    columns = tables().get(table)
    if columns is None:
        return None
    read_by = [(column.column, column.type, column.delivered_as) for column in columns.values()]
    return blake2b(repr(read_by).encode(), digest_size=6).hexdigest()
