"""What a dataset is: an `.sql` file whose head describes it. Running it belongs in `engine`.

The head is a comment: the purpose, then `Grain:`, `Source:`, `Needs:` (tables separated by commas)
and, if there are any, `Indexes:` (fields separated by commas, indexes by semicolons), then the
columns as a Markdown table, each with its class of personal data (see `edx.personal`). DuckDB is
not loaded here: every process reads the heads.
"""

import dataclasses
import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from edx_assets.edx.personal import read_personal
from edx_assets.errors import FinalError

EVENTS = "events"
"""The table that a course's tracking becomes: see `events`."""
PLACES = "places"
"""Where the addresses in it are: see `places`."""

_VERSION = 3  # of the columns of events and tables, and of how a dataset gets into the database
_FIELD = re.compile(r"(Grain|Source|Needs|Indexes): *(.*)")
_COLUMN = re.compile(r"\| *`?(\w+)`? *\| *([^|]+?) *\| *([^|]+?) *\|(?: *([^|]+?) *\|)?")
_ABOVE = re.compile(r"\| column \| type \| meaning \|(?: personal \|)?|(?:\|---){3,4}\|")


class DatasetError(FinalError):
    """A dataset cannot be made; the message names its file, the cause and the remedy."""


@dataclass(frozen=True)
class DatasetColumn:
    """A column: its name, its type in DuckDB's words, its meaning, and its class of personal data.

    The class is empty where nobody has told it, as in an institution's own datasets. It is no part
    of the digest: a dataset is not made again because of it.
    """

    name: str
    type: str
    meaning: str
    personal: str = dataclasses.field(default="", repr=False)


@dataclass(frozen=True)
class Dataset:
    """A dataset: what it is for, what a row is, where its definition comes from, and its query.

    `needs` names the tables that the query reads: `events`, collections of the course, and other
    datasets. `line` is where the query begins in the file. `wrong` says why it cannot be used, or
    is empty.
    """

    name: str
    purpose: str
    grain: str
    source: str
    columns: tuple[DatasetColumn, ...]
    indexes: tuple[tuple[str, ...], ...]
    needs: tuple[str, ...]
    query: str
    line: int
    wrong: str = ""

    @property
    def digest(self) -> str:
        """What changes with the definition: a dataset is then made again."""
        told = (self.columns, self.indexes, self.needs, self.query)
        return blake2b(repr(told).encode(), digest_size=6).hexdigest()

    @property
    def personal(self) -> dict[str, str]:
        """The class of each column that holds personal data."""
        return {c.name: c.personal for c in self.columns if c.personal not in ("", "none")}

    @property
    def made_by(self) -> str:
        """What the ledger says first of a dataset that this definition has made."""
        return f"{_VERSION}-{self.digest}"


@cache
def datasets() -> dict[str, Dataset]:
    """The datasets that come with the package, by name, each after those that it needs.

    Raises:
        DatasetError: one of the files cannot be used.
    """
    folder = files(__package__).joinpath("sql")
    found = {
        path.name.removesuffix(".sql"): path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.name.endswith(".sql")
    }
    return in_order({name: read(name, text) for name, text in sorted(found.items())})


def read(name: str, text: str) -> Dataset:
    """A dataset from its file's text.

    Raises:
        DatasetError: the head or the query is not as it should be.
    """
    lines = text.splitlines()
    end = next((at for at, line in enumerate(lines) if not line.startswith("--")), len(lines))
    head = [line.removeprefix("--").strip() for line in lines[:end]]
    told: dict[str, list[str]] = {"Purpose": []}
    field = "Purpose"
    columns: list[DatasetColumn] = []
    for number, line in enumerate(head, 1):
        if _ABOVE.fullmatch(line):
            continue
        if line.startswith("|"):
            column = _COLUMN.fullmatch(line)
            if column is None:
                raise _wrong(name, number, "is no row with column, type and meaning")
            if not _is_class(column[4]):
                raise _wrong(name, number, "does not end in a class of personal data")
            columns.append(DatasetColumn(*column.groups("")))
        elif found := _FIELD.fullmatch(line):
            field = found[1]
            told[field] = [found[2]]
        elif line and not columns:  # what follows them is a remark on the query
            told[field].append(line)
    words = {field: " ".join(lines).strip() for field, lines in told.items()}
    for needed in ("Purpose", "Grain", "Source", "Needs"):
        if not words.get(needed):
            raise _wrong(name, 1, f"begins a head without {needed}")
    if not columns:
        raise _wrong(name, 1, "begins a head without columns")
    indexes = [each for each in words.get("Indexes", "").split(";") if each.strip()]
    known = {column.name for column in columns}
    if unknown := [field for each in indexes for field in _words(each) if field not in known]:
        raise _wrong(name, 1, f"begins a head with an index of {unknown[0]}, which is no column")
    query = "\n".join(lines[end:]).strip().removesuffix(";")
    return Dataset(
        name=name,
        purpose=words["Purpose"],
        grain=words["Grain"],
        source=words["Source"],
        columns=tuple(columns),
        indexes=tuple(tuple(_words(each)) for each in indexes),
        needs=tuple(_words(words["Needs"])),
        query=query,
        line=end + 1,
    )


def in_order(found: dict[str, Dataset]) -> dict[str, Dataset]:
    """Datasets, each after those that it needs.

    Raises:
        DatasetError: some need each other.
    """
    ordered: dict[str, Dataset] = {}
    while len(ordered) < len(found):
        ready = [
            name
            for name, each in found.items()
            if name not in ordered and all(n in ordered for n in each.needs if n in found)
        ]
        if not ready:
            circle = ", ".join(sorted(found.keys() - ordered.keys()))
            raise DatasetError(f"the datasets {circle} need each other: break the circle")
        ordered |= {name: found[name] for name in ready}
    return ordered


def _is_class(told: str | None) -> bool:
    try:
        read_personal(told or "none")
    except ValueError:
        return False
    return True


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _wrong(name: str, line: int, why: str) -> DatasetError:
    return DatasetError(f"{name}.sql, line {line} {why}: correct the file")
