"""A table whose columns are others than the schema's, or than before, is told with what moved."""

from typing import Any

import pytest

from edx_assets.checks.columns import columns_known
from edx_assets.datasets.definition import datasets
from edx_assets.edx.schema import moved
from edx_assets.loading.courses.collection import load_collection
from edx_assets.loading.ledger import course_load
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.exports.held import KEY, course, hold
from edx_assets_tests.institution import Institution
from edx_assets_tests.loading.courses.course_package import COURSE, gnupg_of, members, sort

BEFORE = {"id": "integer", "name": "text", "age": "integer"}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (BEFORE, {}),
        (dict(reversed(BEFORE.items())), {}),  # the order is of no account
        ({"id": "integer", "name": "text"}, {"gone": ["age"]}),
        (BEFORE | {"a": "text", "b": "text"}, {"added": ["a", "b"]}),
        (BEFORE | {"age": "text"}, {"other type": ["age (integer, now text)"]}),
        (
            {"id": "text", "name": "text", "years": "integer"},
            {"added": ["years"], "gone": ["age"], "other type": ["id (integer, now text)"]},
        ),
    ],
)
def test_what_moved(now: dict[str, str], told: dict[str, list[str]]) -> None:
    assert moved(BEFORE, now) == told


def verdict(store: Store) -> tuple[bool, str, Any]:
    result = columns_known(store, KEY, datasets())
    return bool(result.passed), result.description or "", result.metadata


@pytest.mark.parametrize(
    ("load", "told"),
    [
        ({"drift": {"missing": ["email"]}}, ""),
        ({"drift": {"new": ["pronouns"], "missing": ["email"]}}, "auth_user: new pronouns"),
        ({"drift": {"twice": ["name"]}}, "auth_user: twice name"),
        ({"moved": {"gone": ["a", "b"]}}, "auth_user: gone a b"),
        ({"rows": 10, "untyped_cells": {"id": 5, "last_login": 4}}, "not of their type id"),
        ({"rows": 0, "untyped_cells": {}}, ""),
    ],
)
def test_the_verdict(store: Store, load: dict[str, Any], told: str) -> None:
    course(store)
    hold(store, "auth_user", [], columns=BEFORE, **load)
    passed, text, metadata = verdict(store)
    assert passed is (not told)
    assert (told or "1 tables have the columns that are known") in text
    assert metadata["tables"].value == 1
    needing = [name for name, each in datasets().items() if "auth_user" in each.needs]
    assert metadata["differences"].value.get("auth_user", {}).get("datasets", []) == (
        needing if told else []
    )
    assert metadata["missing"].value == (
        {"auth_user": ["email"]} if "missing" in load.get("drift", {}) else {}
    )


def test_a_package_is_compared_with_the_one_before(testx: Institution, store: Store) -> None:
    users = [
        b"id\tusername\tfavourite\n7\tana\t4\n",
        b"id\tusername\tfavourite\tshoe\n7\tana\tfour\t38\n",
        b"id\tusername\tfavourite\tshoe\n8\tbob\tfive\t39\n",
    ]
    found = []
    storage, gnupg = Storage(place=str(testx.folder / "files")), gnupg_of(testx)
    for day, content in zip(("2014-02-09", "2014-02-16", "2014-02-23"), users, strict=True):
        testx.deliver_package(day, members(auth_user=content))
        sort(testx, day)
        for rebuild in (False, True):
            load_collection(store, storage, gnupg, COURSE, "auth_user", rebuild=rebuild)
            load = course_load(store, COURSE, "auth_user")
            assert load
            found.append(load.get("moved", {}))
    change = {"added": ["shoe"], "other type": ["favourite (integer, now text)"]}
    assert found == [{}, {}, change, change, {}, {}]
    assert "new favourite shoe" in verdict(store)[1]
