"""What the first version has loaded, under this one: brought up to date by itself, nothing lost."""

import json
from pathlib import Path
from time import time
from typing import Any

import pytest
from click.testing import CliRunner
from pymongo import MongoClient

from edx_assets.automation.due.packages import deliveries_due
from edx_assets.cli.main import main
from edx_assets.definitions import build_resources
from edx_assets.loading.days.master_tracking import RECORDS
from edx_assets.loading.kept.tidying import tidy
from edx_assets.loading.upgrade import FORM, NewerLedgerError, upgrade
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import load_settings
from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, members

SENSORS = ("packages_sensor", "edx_tracking_logs_sensor", "courses_sensor")
FIRST = {
    "imports": "_id site date file etag version state lines loaded duplicates rejected reasons"
    " implicit first last courses loaded_at replaces",
    "packages": "_id date file etag version state members courses failed_exports not_of_a_course",
    "package_courses": "_id date file etag partition prefix tables",
    "course_loads": "_id partition collection documents rows duplicates rejected package source"
    " loaded_at with_module bound first last window",
    "courses": "_id course_key site database database_folded",
}
"""The fields of the first version's ledger."""

Client = MongoClient[dict[str, Any]]


def as_first_version(client: Client, storage: Path) -> None:
    """Make the ledger and the notes of what is loaded those that the first version wrote."""
    for name in client.tracking_logs.list_collection_names():
        if name not in (*FIRST, "tracking", "quarantine", "duplicates"):
            client.tracking_logs.drop_collection(name)
    for name, fields in FIRST.items():
        collection = client.tracking_logs[name]
        for entry in list(collection.find()):
            if entry.get("collection") in (None, "tracking", *members()):
                old = {field: entry[field] for field in fields.split() if field in entry}
                if name in ("imports", "packages"):
                    old |= {"etag": entry.get("etag") or entry["source"][0], "version": 1}
                if name == "package_courses":
                    old["tables"] = [
                        {"table": each["table"], "key": f"packages/{each['table']}", "bytes": 1}
                        for each in entry["tables"]
                    ]
                if "source" in old:
                    old["source"] = ["2014-02-09", "0" * 32, 1]
                collection.replace_one({"_id": entry["_id"]}, old)
            else:  # the first version had no such thing
                collection.delete_one({"_id": entry["_id"]})
    for note in storage.glob("packages/*/raw.json"):
        told = json.loads(note.read_text())
        note.write_text(json.dumps({name: told[name] for name in ("file", "etag", "size")}))


def until_idle(automation: Automation) -> int:
    """Let the sensors tick, and run what they ask for, until they ask for nothing; the runs."""
    runs = 0
    for _round in range(9):
        requests = [request for name in SENSORS for request in automation.tick(name)]
        for request in requests:
            result = automation.run(request)
            assert result.success, failure_text(result)
        if not requests:
            return runs
        runs += len(requests)
    raise AssertionError("the sensors do not come to rest")


def held(client: Client) -> dict[str, Any]:
    """All rows and records of the course and the master collection, without the time of a load."""
    where = [client.tracking_logs.tracking]
    where += [client[DATABASE][name] for name in sorted(client[DATABASE].list_collection_names())]
    return {
        each.full_name: sorted(
            str({**row, "load_date": None, "loaded_at": None, "source": None})
            for row in each.find()
        )
        for each in where
        if each.name != "_loads"
    }


@pytest.fixture
def loaded(automation: Automation, testx: Institution, client: Client) -> dict[str, Any]:
    """A package and two days, loaded; what is held of them."""
    testx.deliver_package("2014-02-09", members())
    testx.deliver("2014-02-03", [event(1), event(2), event(2), b"no event"])
    testx.deliver("2014-02-04", [event(9, time="2014-02-04T10:00:00.000000+00:00")])
    until_idle(automation)
    before = held(client)
    assert len(before[f"{DATABASE}.tracking"]) == 3
    return before


def test_the_sensors_bring_everything_up_to_date(
    loaded: dict[str, Any], automation: Automation, testx: Institution, client: Client
) -> None:
    as_first_version(client, testx.folder / "files")
    automation.cursors.clear()
    for run in testx.instance.get_runs():  # of the old version's runs none has a key of today's
        testx.instance.delete_run(run.run_id)
    assert until_idle(automation) >= 3
    versions = {
        entry["version"] for entry in client.tracking_logs.imports.find({"file": {"$ne": None}})
    }
    assert versions == {RECORDS}
    assert held(client) == loaded
    entry = client.tracking_logs.packages.find_one()
    assert entry is not None
    assert entry["source"]


@pytest.mark.usefixtures("loaded")
def test_a_course_that_is_materialized_first_says_what_it_waits_for(
    testx: Institution, client: Client
) -> None:
    as_first_version(client, testx.folder / "files")
    told = failure_text(testx.run("course/forum", partition=COURSE))
    assert "materialize packages/course_files" in told
    assert testx.run("packages/course_files", partition="2014-02-09").success
    assert testx.run("course/forum", partition=COURSE).success


def test_a_newer_ledger_is_left_alone(store: Store) -> None:
    upgrade(store)
    upgrade(store)
    versions = Collection("tracking_logs", "versions")
    assert store.get(versions, "ledger") == {"_id": "ledger", "form": FORM}
    store.put(versions, {"_id": "ledger", "form": FORM + 1})
    with pytest.raises(NewerLedgerError, match="install that version"):
        upgrade(store)


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("look", ["packages", "listing", "tidying", "folder"])
def test_whoever_looks_first_brings_the_ledger_up_to_date(
    testx: Institution, client: Client, store: Store, tmp_path: Path, look: str
) -> None:
    as_first_version(client, testx.folder / "files")
    settings = load_settings()
    resources = build_resources(settings)
    if look == "packages":
        assert [*deliveries_due(resources["buckets"], store, ())] == ["2014-02-09"]
    elif look == "tidying":
        tidy(resources["buckets"], store, resources["storage"], settings, time())
    else:
        (tmp_path / "dagster").mkdir()
        folder = tmp_path / "brought"
        folder.mkdir()
        key = "testx-2014-02-09.zip"
        testx.s3.download_file("course-data", key, str(folder / key))
        testx.s3.delete_object(Bucket="course-data", Key=key)
        words = ["load", "--packages", "--from-folder", str(folder)]
        command = ["list", "--packages"] if look == "listing" else words
        result = CliRunner().invoke(
            main, command, env={"DAGSTER_HOME": str(tmp_path / "dagster")}, catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
    assert store.get(Collection("tracking_logs", "versions"), "ledger")
