"""Two institutions in one server: neither sees, changes or loses anything by the other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from bson import encode
from click.testing import CliRunner
from pymongo import MongoClient

from edx_assets.cli.doctor_databases import database_findings
from edx_assets.cli.main import main
from edx_assets.loading.ledger import IMPORTS, MASTER
from edx_assets.loading.registry import course_database, register_course
from edx_assets.resources.mongo import connect
from edx_assets.settings import InvalidSettingError, load_settings
from edx_assets_tests.institution import Institution, event, failure_text, institution
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, load_all, members

Client = MongoClient[dict[str, Any]]
DAY = "2014-02-03"
ONE, OTHER = "testx_", "otherx_"
SYSTEM = {"admin", "config", "local"}


@contextmanager
def at(folder: Path, prefix: str, *of_fixture: Any) -> Iterator[Institution]:
    """One of the two, which has its own storage and its own Dagster instance."""
    endpoint, uri, monkeypatch, key = of_fixture
    with institution(folder / prefix, endpoint, uri, monkeypatch, key) as made:
        made.org = prefix.rstrip("_")
        monkeypatch.setenv("EDX_ORG", made.org)
        monkeypatch.setenv("EDX_DATABASE_PREFIX", prefix)
        yield made


def load(here: Institution, user: str, package: str) -> None:
    """A day and a package, with a line of each that goes to the quarantine."""
    here.deliver(DAY, [event(1, username=user), event(2, username=user), b"{cut"])
    users = f"id\tusername\n7\t{user}\nx\ty\tz\n".encode()
    ids = f"hash_id\tid\tusername\nabc\t7\t{user}\n".encode()
    here.deliver_package(package, members(auth_user=users, user_id_map=ids))
    assert here.run_day(DAY).success
    assert here.run("packages/delivered").success
    sorting = ("packages/database_package", "packages/course_files")
    assert here.run(*sorting, partition=package).success
    assert load_all(here).success
    assert here.run("course/learners", "course/tracking", partition=COURSE).success


def held(client: Client, prefix: str) -> dict[str, list[bytes]]:
    """Every document of the databases whose names begin so."""
    return {
        f"{name}.{collection}": sorted(map(encode, client[name][collection].find()))
        for name in client.list_database_names()
        if name.startswith(prefix)
        for collection in client[name].list_collection_names()
    }


def command(*arguments: str) -> Any:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_two_institutions_share_a_server_and_nothing_else(
    tmp_path: Path,
    s3_endpoint: str,
    empty_mongo_uri: str,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    key: Any,
) -> None:
    """They have a course of the same key, loaded from packages of different days."""
    places = s3_endpoint, empty_mongo_uri, monkeypatch, key
    with at(tmp_path, ONE, *places) as one:
        load(one, "wilhelmina", "2014-02-09")
        of_one = held(client, ONE)
        assert {f"{ONE}{MASTER}.tracking", f"{ONE}{DATABASE}.tracking"} <= of_one.keys()
    with at(tmp_path, OTHER, *places) as other:
        load(other, "theodora", "2014-02-16")
        status = command("status")
        found = command("quarantine", "list")
    assert held(client, ONE) == of_one
    of_other = held(client, OTHER)
    assert [course["database"] for course in status["courses"]] == [f"{OTHER}{DATABASE}"]
    assert [package["date"] for package in status["packages"]] == ["2014-02-16"]
    assert ONE not in json.dumps(found)
    for documents, theirs in ((of_one, b"theodora"), (of_other, b"wilhelmina")):
        assert not [each for each in chain.from_iterable(documents.values()) if theirs in each]
    names = set(client.list_database_names()) - SYSTEM
    assert {name.split("_")[0] + "_" for name in names} == {ONE, OTHER}


def test_a_wrong_prefix_stops_a_run(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its default would be the institution without a prefix."""
    monkeypatch.setenv("EDX_DATABASE_PREFIX", "TestX")
    testx.deliver(DAY, [event(1)])
    assert "EDX_DATABASE_PREFIX is no beginning" in failure_text(testx.run_day(DAY))
    result = CliRunner().invoke(main, ["status"])
    assert "EDX_DATABASE_PREFIX is no beginning" in result.output


@pytest.mark.parametrize(
    "prefix", ["a_b_", "_", "mcgillx", "Mcgillx_", "tracking_", "a" * 16 + "_"]
)
def test_no_prefix_begins_another_s_names(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_DATABASE_PREFIX", prefix)
    with pytest.raises(InvalidSettingError):
        load_settings().require("database_prefix")


@pytest.mark.parametrize("prefix", [ONE, "a23456789012345_"])
def test_the_longest_names_are_legal(empty_mongo_uri: str, client: Client, prefix: str) -> None:
    store = connect(empty_mongo_uri, prefix=prefix)
    for number in ("b" * 56, "b" * 200):
        partition = register_course(store, f"course-v1:O+{number}+2014", "edx")
        for day in (None, "2014-02-09"):
            name = course_database(store, partition, day)
            assert len(name) == 63
            assert name.startswith(prefix)
            assert store.renames_in(name)
    left = set(client.list_database_names()) - SYSTEM
    assert left == {f"{prefix}{MASTER}"}


def test_a_ledger_that_has_been_moved_below_a_prefix_is_found(empty_mongo_uri: str) -> None:
    """Its courses' databases get the prefix that they are known without."""
    store = connect(empty_mongo_uri, prefix=ONE)
    assert store.full_name(DATABASE) == store.full_name(ONE + DATABASE) == ONE + DATABASE


def test_the_doctor_tells_of_another_institution_in_the_same_databases(
    empty_mongo_uri: str, client: Client
) -> None:
    """With a prefix each has its own, and the doctor says which."""
    store = connect(empty_mongo_uri)
    for org in ("mcgillx", "OtherX"):
        file = f"{org}-edx-events-2014-03-09.log.gz.gpg"
        store.put(IMPORTS, {"_id": f"edx/{org}", "file": file})
    store.put(IMPORTS, {"_id": "edx/none", "file": None})
    [told] = [each for each in database_findings(store, "McGillX") if each.state == "failed"]
    assert told.found == "tracking_logs has tracking logs of otherx, not of McGillX"
    assert "EDX_DATABASE_PREFIX" in told.remedy
    found = list(database_findings(connect(empty_mongo_uri, prefix="mcgillx_"), "McGillX"))
    assert found[0].found == "names of databases begin with mcgillx_ (EDX_DATABASE_PREFIX)"
    assert found[1].found == "writes, reads and deletes in mcgillx_tracking_logs"
    assert {each.state for each in found} == {"ok"}
    assert client[MASTER].list_collection_names() == [IMPORTS.name]
