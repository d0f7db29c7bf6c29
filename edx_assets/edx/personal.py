"""Which fields hold personal data, and of which class. What is done about it belongs elsewhere.

The columns of tables say it in `schema.tsv`, and the documents' fields in `personal_paths.tsv`; of
a dataset, the head of its file does.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from edx_assets.edx.schema import tables


class Kind(StrEnum):
    """What a field tells of a person."""

    IDENTIFIER = "identifier"
    """Who it is, by itself."""
    QUASI = "quasi-identifier"
    """Who it is, together with others: what somebody else can know of a person."""
    SENSITIVE = "sensitive"
    """What can harm if others learn it: grades, results, proofs of identity."""
    FREE_TEXT = "free text"
    """What a person wrote, or an address: it can hold anything, identifiers too."""
    NONE = "none"


class Identity(StrEnum):
    """Which identifier it is. Those of the same identity are joined."""

    USER_ID = "user id"
    USERNAME = "username"
    EMAIL = "e-mail"
    NAME = "name"
    ANONYMOUS_ID = "anonymous id"
    ADDRESS = "address"
    """Of a computer (IP)."""
    SESSION = "session"
    OTHER = "other"
    """A phone number, a mailing address, the id of a certificate."""


@dataclass(frozen=True)
class Personal:
    """The class of a field; `identity` where it is an identifier."""

    kind: Kind
    identity: Identity | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.identity}" if self.identity else str(self.kind)


NONE = Personal(Kind.NONE)


@cache
def read_personal(text: str) -> Personal:
    """A class from its words, such as `identifier: username` or `free text`.

    Raises:
        ValueError: it is no class, or an identifier that does not say which.
    """
    kind, _, identity = text.partition(": ")
    if kind not in {*Kind} or identity not in {"", *Identity}:
        raise ValueError(f"{text!r} is no class of personal data")
    if (kind == Kind.IDENTIFIER) != bool(identity):
        raise ValueError(f"{text!r} is no class of personal data: an identifier alone says which")
    return Personal(Kind(kind), Identity(identity) if identity else None)


@cache
def document_paths() -> dict[str, dict[str, Personal]]:
    """For each collection of documents, the class of each field that has one, by path.

    The names in a path are separated by dots. A list is passed through: `edit_history.author_id` is
    that field of each entry. `*` is any one name, and `**` any number of them, none included.
    """
    text = files(__package__).joinpath("personal_paths.tsv").read_text(encoding="utf-8")
    found: dict[str, dict[str, Personal]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        found.setdefault(row["collection"], {})[row["path"]] = read_personal(row["personal"])
    return found


def personal_fields(collection: str) -> dict[str, Personal] | None:
    """The fields of a collection that hold personal data, by column or path.

    None of a collection that is not known here: any of its fields can hold them.
    """
    columns = tables().get(collection)
    if columns is not None:
        told = ((name, read_personal(column.personal)) for name, column in columns.items())
        return {name: personal for name, personal in told if personal != NONE}
    if collection == "learners":
        return document_paths()[collection] | dict(_joined())
    return document_paths().get(collection)


def fields_of(collection: str, kind: Kind, identity: Identity | None = None) -> list[str]:
    """The fields of a collection that are of a class (of an identity, where given)."""
    return [
        name
        for name, personal in (personal_fields(collection) or {}).items()
        if personal.kind == kind and identity in (None, personal.identity)
    ]


def _joined() -> Iterator[tuple[str, Personal]]:
    """The fields of `learners` that are whole rows of tables."""
    for part, table in LEARNERS_PARTS.items():
        for name, personal in (personal_fields(table) or {}).items():
            yield f"{part}.{name}", personal


LEARNERS_PARTS = {
    "user": "auth_user",
    "profile": "auth_userprofile",
    "enrolment": "student_courseenrollment",
    "certificate": "certificates_generatedcertificate",
}
"""The fields of a document of `learners` that are rows, each with the table that it is from."""
