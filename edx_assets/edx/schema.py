"""What is known of the tables of a database package: their columns, types and meanings."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Column:
    """A column of a table. `type`: integer, number, datetime, date or text.

    `formerly` is the name that it had in older packages.
    """

    table: str
    column: str
    type: str
    formerly: str
    meaning: str


@cache
def tables() -> dict[str, dict[str, Column]]:
    """Columns by name, by table. Read from `schema.tsv` beside this module.

    Source: edX's documentation of the packages and the exporter's queries.
    """
    text = files(__package__).joinpath("schema.tsv").read_text(encoding="utf-8")
    known: dict[str, dict[str, Column]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        known.setdefault(row["table"], {})[row["column"]] = Column(**row)
    return known


def column_names(table: str, header: list[str]) -> list[str]:
    """A delivered header's columns under the names that they have today."""
    known = tables().get(table, {})
    today = {column.formerly: name for name, column in known.items() if column.formerly}
    return [name if name in known else today.get(name, name) for name in header]
