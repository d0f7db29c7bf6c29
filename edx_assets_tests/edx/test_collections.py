"""The catalogue of collections: complete, described, and what the rest derives from."""

import dataclasses
from typing import Any

import pytest

from edx_assets.assets.courses import course_assets
from edx_assets.edx import collections, schema
from edx_assets.edx.collections import (
    CORE,
    ORA,
    TABLES,
    Origin,
    catalogue,
    from_package,
    indexes,
)
from edx_assets.edx.dictionary import dictionary
from edx_assets.edx.schema import schema_version, tables
from edx_assets.settings import Settings


def test_it_holds_every_table_of_the_schema_and_every_table_in_it_is_there() -> None:
    delivered = {
        n
        for n, each in catalogue().items()
        if each.origin in ("package table", "e-mail opt-in list")
    }
    assert delivered == tables().keys()


def test_every_collection_is_described_and_of_a_known_group() -> None:
    for name, each in catalogue().items():
        assert each.name == name
        assert each.description.endswith("."), name
        assert each.group in (CORE, TABLES, ORA, ""), name
        assert f"| `{name}` | {each.origin} | {each.description} |" in dictionary()


def test_a_tables_indexes_are_over_its_columns() -> None:
    for name, columns in tables().items():
        fields = {field for index in indexes(name) for field, _way in index}
        assert fields <= columns.keys(), name


def test_each_collection_in_a_group_is_an_asset_of_a_course() -> None:
    keys = {key.path[-1] for each in course_assets(Settings().log_days) for key in each.keys}
    grouped = {name for name, each in catalogue().items() if each.group}
    assert keys == grouped | {"unknown_tables"}


def test_what_it_does_not_know_is_taken_for_a_table_of_a_package() -> None:
    assert from_package("a_new_table")
    assert indexes("a_new_table") == ()
    made_here = {name for name in catalogue() if not from_package(name)}
    assert made_here == {"tracking", "learners", "quarantine"}
    assert all(catalogue()[name].origin == Origin.MADE_HERE for name in made_here)


@pytest.mark.parametrize(
    "change", [{"type": "text"}, {"delivered_as": ("another_name",)}, {"column": "renamed"}]
)
def test_a_tables_version_follows_how_its_columns_are_read(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    before = schema_version("auth_user"), schema_version("auth_userprofile")
    columns = tables()["auth_user"]
    changed = columns | {"id": dataclasses.replace(columns["id"], **change)}
    monkeypatch.setattr(schema, "tables", lambda: {**tables(), "auth_user": changed})
    assert schema_version("auth_user") != before[0]
    assert schema_version("auth_userprofile") == before[1]
    monkeypatch.undo()
    described = columns | {"id": dataclasses.replace(columns["id"], meaning="said otherwise")}
    monkeypatch.setattr(schema, "tables", lambda: {**tables(), "auth_user": described})
    assert schema_version("auth_user") == before[0]
    assert schema_version("a_new_table") is None


def test_every_table_without_an_entry_of_its_own_is_described_once() -> None:
    listed = {each.name for each in collections._LISTED}
    assert collections._DESCRIPTIONS.keys() == tables().keys() - listed
