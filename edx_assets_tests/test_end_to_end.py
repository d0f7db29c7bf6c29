"""The sample institution through every stage, on each store, held against its manifest."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from edx_assets.cli.demo import take_through
from edx_assets.cli.main import main
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.local.environment import local_environment
from edx_assets.local.sample import make_institution
from edx_assets.local.truth import differences
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.conftest import empty

Built = tuple[dict[str, Any], Store, Path]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    data = tmp_path_factory.mktemp("data")
    return data, make_institution(data / "institution", learners=12, weeks=4)


@pytest.fixture(scope="module")
def built(sample: tuple[Path, dict[str, Any]], mongo_uri: str) -> Iterator[Built]:
    """The institution taken through every stage once."""
    data, manifest = sample
    empty(mongo_uri)
    with local_environment(data, mongo_uri):
        for _stage in take_through(manifest, Console(quiet=True)):
            pass
        yield manifest, connect(mongo_uri), data


def status_told() -> dict[str, Any]:
    result = CliRunner().invoke(main, ["status", "--json"])
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.output)
    return told


def test_every_count_is_the_manifests(built: Built) -> None:
    manifest, _store, _data = built
    told = status_told()
    assert differences(manifest, told) == []
    assert sum(file["loaded"] for file in told["files"]) > 1000
    assert {state for file in told["files"] for state in [file["state"]]} == {"loaded", "no_file"}


def test_the_databases_hold_what_the_ledger_says(built: Built) -> None:
    manifest, store, _data = built
    told = status_told()
    assert store.count(MASTER_TRACKING) == sum(file["loaded"] for file in manifest["files"])
    assert len(told["courses"]) == len(manifest["courses"])
    for course in told["courses"]:
        for name, documents in course["collections"].items():
            assert store.count(Collection(course["database"], name)) == documents, (
                course["database"],
                name,
            )


def test_windows_and_packages_are_the_manifests(built: Built) -> None:
    manifest, _store, _data = built
    told = status_told()
    assert [package["date"] for package in told["packages"]] == [
        package["date"] for package in manifest["packages"]
    ]
    windows = {
        (course["course_key"], course["site"]): course["window"] for course in told["courses"]
    }
    for course in manifest["courses"]:
        start = windows[course["course_key"], course["site"]]["start"]
        assert start[:10] == course["window"]["start"][:10]


def test_events_are_bound_as_the_manifest_says(built: Built) -> None:
    manifest, store, _data = built
    databases = {(c["course_key"], c["site"]): c["database"] for c in status_told()["courses"]}
    for course in manifest["courses"]:
        database = databases[course["course_key"], course["site"]]
        records = list(
            store.find(Collection(database, TRACKING), {}, fields=["module_id", "parent_data"])
        )
        with_module = [record for record in records if "module_id" in record]
        bound = [record for record in records if "parent_data" in record]
        assert len(with_module) == course["tracking"]["with_module"], database
        assert len(bound) == course["tracking"]["bound"], database


def test_all_of_it_again_changes_nothing(built: Built) -> None:
    manifest, store, _data = built
    before = status_told()
    ids = sorted(record["_id"] for record in store.find(MASTER_TRACKING, {}, fields=["_id"]))
    for _stage in take_through(manifest, Console(quiet=True)):
        pass
    assert status_told() == before
    again = sorted(record["_id"] for record in store.find(MASTER_TRACKING, {}, fields=["_id"]))
    assert again == ids


def test_the_doctor_finds_nothing_wrong(built: Built) -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    assert "failed" not in result.output
