"""Every field that is a learner's identifier is classified: in tables, documents, datasets."""

import re

import pytest

from edx_assets.datasets.definition import datasets
from edx_assets.datasets.events import COLUMNS
from edx_assets.edx.collections import catalogue
from edx_assets.edx.personal import (
    LEARNERS_PARTS,
    Identity,
    Kind,
    fields_of,
    personal_fields,
    read_personal,
)
from edx_assets.edx.schema import tables

NAMED = {
    "user_id": "user id",
    "owner_id": "user id",
    "username": "username",
    "email": "e-mail",
    "ip": "address",
    "ip_address": "address",
    "session": "session",
    "hash_id": "anonymous id",
    "anonymous_user_id": "anonymous id",
    "original_poster": "user id",
    "responded_to": "user id",
    "target_user_id": "user id",
}
"""Columns that are identifiers wherever they are."""

MEANT = {
    r"\(auth_user\.id\)": "user id",
    r"\(auth_user\.username\)": "username",
    r"anonymous_user_id\)": "anonymous id",
    r"anonymous id,": "anonymous id",
    r"^e-mail address": "e-mail",
    r"^full name|^name on the certificate": "name",
    r"^IP address": "address",
}
"""What the meanings of such columns say."""


@pytest.mark.parametrize("table", sorted(tables()))
def test_every_column_of_a_table_has_its_class(table: str) -> None:
    for name, column in tables()[table].items():
        told = str(read_personal(column.personal))
        assert told == column.personal
        expected = NAMED.get(name)
        for meant, identity in MEANT.items():
            if re.search(meant, column.meaning):
                expected = identity
        if expected:
            assert told == f"identifier: {expected}", name
        if column.type == "json":
            assert told == "free text", name


@pytest.mark.parametrize("dataset", sorted(datasets()))
def test_every_column_of_a_dataset_has_its_class(dataset: str) -> None:
    for column in datasets()[dataset].columns:
        told = str(read_personal(column.personal))
        if column.name in NAMED:
            assert told == f"identifier: {NAMED[column.name]}", column.name
        if column.name == "scorer_id":
            assert told == "identifier: user id"


@pytest.mark.parametrize("dataset", sorted(datasets()))
def test_a_column_that_a_dataset_takes_from_an_identifier_is_one(dataset: str) -> None:
    each = datasets()[dataset]
    copied = {c.name: c.personal for c in COLUMNS} if "events" in each.needs else {}
    for need in each.needs:
        if need in tables():
            copied |= {name: column.personal for name, column in tables()[need].items()}
        elif need in datasets():
            copied |= {c.name: c.personal for c in datasets()[need].columns}
    for column in each.columns:
        taken = copied.get(column.name, "none")
        if taken.startswith("identifier"):
            assert column.personal == taken, column.name


def test_every_collection_says_what_it_holds() -> None:
    for name in catalogue():
        fields = personal_fields(name)
        assert fields is not None, name
        if name == "tracking":
            assert {"username", "user_id", "ip", "session", "event", "page"} <= fields.keys()
    assert personal_fields("a_table_of_tomorrow") is None


def test_learners_have_the_classes_of_the_rows_that_they_are_made_of() -> None:
    fields = personal_fields("learners") or {}
    assert fields_of("learners", Kind.IDENTIFIER, Identity.EMAIL) == ["user.email"]
    assert {"_id", "username", "hash_id", "user.id", "profile.name"} <= fields.keys()
    for part, table in LEARNERS_PARTS.items():
        assert {name.partition(".")[2] for name in fields if name.startswith(f"{part}.")} == set(
            personal_fields(table) or {}
        )


@pytest.mark.parametrize("text", ["identifier", "identifier: nobody", "none: name", "secret", ""])
def test_what_is_no_class_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no class of personal data"):
        read_personal(text)
