"""A user with the least role, over TLS with a client certificate, runs everything."""

import json
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gnupg
import pytest
from click.testing import CliRunner
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from edx_assets.cli.main import main
from edx_assets.definitions import build_defs
from edx_assets.local.embedded_store import SECANTUSD_PY, SECANTUSD_RS, program_of
from edx_assets.resources import mongo
from edx_assets.settings import load_settings
from edx_assets_tests.institution import Institution, event, failure_text, institution
from edx_assets_tests.least_role import Admin, Secured, grant, role, secured
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, members, sort
from edx_assets_tests.resources.authority import Authority
from edx_assets_tests.resources.secured import PASSWORD

RIGHTS: dict[str, set[str]] = {
    "aggregate": {"find"},
    "count": {"find"},
    "create": {"createCollection"},
    "createIndexes": {"createIndex"},
    "delete": {"remove"},
    "drop": {"dropCollection"},
    "find": {"find"},
    "insert": {"insert"},
    "listCollections": {"listCollections"},
    "renameCollection": {"renameCollectionSameDB", "dropCollection", "find"},
    "update": {"update", "insert"},
}
"""What MongoDB asks of a user for each command.

https://www.mongodb.com/docs/manual/reference/privilege-actions/
"""
FREE = {"buildInfo", "endSessions", "saslContinue", "saslStart"}
"""Commands for which it asks nothing."""

Commands = set[tuple[str, str]]


class _Listener(CommandListener):
    def __init__(self) -> None:
        self.commands: Commands = set()

    def started(self, event: CommandStartedEvent) -> None:
        self.commands.add((event.command_name, event.database_name))

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


@pytest.fixture(scope="module", params=[SECANTUSD_PY, SECANTUSD_RS])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    if program_of(request.param) is None:
        pytest.skip(f"{request.param} is not there")
    with secured(tmp_path_factory.mktemp("secured"), request.param) as made:
        yield made


@pytest.fixture
def admin(server: Secured) -> Iterator[Admin]:
    """Of a server where the user has the role that the page begins with, and nothing is loaded."""
    with MongoClient[dict[str, Any]](server.admin) as client:
        for database in ("tracking_logs", DATABASE, "payroll"):
            client.drop_database(database)
        client["payroll"]["salaries"].insert_one({"_id": 1})
        client.admin.command("updateRole", "edxAssets", privileges=role()["privileges"])
        yield client


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """What is asked of the server: command and database."""
    listener = _Listener()
    monkeypatch.setattr(mongo, "MongoClient", partial(MongoClient, event_listeners=[listener]))
    return listener.commands


@pytest.fixture
def testx(
    commands: Commands,
    admin: Admin,
    server: Secured,
    tmp_path: Path,
    s3_endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
    key: tuple[gnupg.GPG, str],
) -> Iterator[Institution]:
    with institution(tmp_path, s3_endpoint, server.uri, monkeypatch, key) as made:
        yield made


def run_course(testx: Institution) -> Any:
    assets = build_defs(load_settings()).assets or []
    keys = [key.to_user_string() for asset in assets for key in asset.keys]  # type: ignore[union-attr]
    return testx.run(*(key for key in keys if key.startswith("course/")), partition=COURSE)


def told(*command: str) -> str:
    result = CliRunner().invoke(main, command)
    assert PASSWORD not in result.output
    return result.output


def test_everything_runs_and_nothing_else_is_touched(
    testx: Institution, admin: Admin, commands: Commands
) -> None:
    testx.deliver("2014-02-03", [event(1), event(2), b"no JSON"])
    testx.deliver("2014-02-04", [event(3, time="2014-02-04T10:00:00+00:00")])
    testx.deliver_package("2014-02-09", members())
    day = testx.run_day("2014-02-03")
    assert day.success, failure_text(day)
    assert sort(testx, "2014-02-09").success

    refused = failure_text(testx.run("course/auth_user", partition=COURSE))
    lacks = f"lacks the right `listCollections` on the database {DATABASE}: grant it as docs/oper"
    assert lacks in refused
    assert PASSWORD not in refused
    doctor = told("doctor")
    assert f"failed  MongoDB: in {DATABASE}: the database answered OperationFailure (13)" in doctor

    admin.admin.command("grantPrivilegesToRole", "edxAssets", privileges=grant(DATABASE))
    course = run_course(testx)
    assert course.success, failure_text(course)
    assert admin[DATABASE]["tracking"].count_documents({}) == 2
    assert testx.run_day("2014-02-04").success
    update = testx.run("course/tracking", partition=COURSE)
    assert update.success, failure_text(update)
    assert admin[DATABASE]["tracking"].count_documents({}) == 3
    assert testx.run("upkeep/overview").success

    [status] = json.loads(told("status", "--json"))["courses"]
    assert status["collections"]["tracking"] == 3
    doctor = told("doctor")
    assert "failed  MongoDB" not in doctor
    assert "replaces a collection in one step in the databases of 1 courses" in doctor
    assert "warning  MongoDB: the user may use no database but those that its role names" in doctor

    assert {command for command, _database in commands} - FREE == {*RIGHTS}
    tried = {database for _command, database in commands if database.startswith("edx_assets_doc")}
    assert {database for _command, database in commands} - tried == {
        "admin",
        "tracking_logs",
        DATABASE,
    }
    assert not tried & {*admin.list_database_names()}
    assert admin["payroll"].list_collection_names() == ["salaries"]
    assert [*admin["payroll"]["salaries"].find()] == [{"_id": 1}]
    left = [n for d in ("tracking_logs", DATABASE) for n in admin[d].list_collection_names()]
    assert not [name for name in left if name.startswith("_loading")]


def test_the_role_has_the_rights_of_these_commands_and_no_other() -> None:
    needed = set[str]().union(*RIGHTS.values())
    [events], [course] = role()["privileges"], grant(DATABASE)
    assert events == {
        "resource": {"db": "tracking_logs", "collection": ""},
        "actions": course["actions"],
    }
    assert course["resource"] == {"db": DATABASE, "collection": ""}
    assert {*course["actions"]} == needed


TRIES: dict[str, Callable[[Admin], Any]] = {
    "find": lambda client: client["payroll"]["salaries"].find_one(),
    "insert": lambda client: client["payroll"]["salaries"].insert_one({}),
    "update": lambda client: client["payroll"]["salaries"].update_one({}, {"$set": {"a": 1}}),
    "delete": lambda client: client["payroll"]["salaries"].delete_many({}),
    "drop": lambda client: client["payroll"]["salaries"].drop(),
    "rename": lambda client: client["payroll"]["salaries"].rename("wages"),
    "list": lambda client: client["payroll"].list_collection_names(),
    "out": lambda client: client["tracking_logs"]["imports"].aggregate(
        [{"$out": {"db": "payroll", "coll": "salaries"}}]
    ),
    "new": lambda client: client["new"]["new"].insert_one({}),
    "databases": lambda client: client.drop_database("tracking_logs"),
    "users": lambda client: client.admin.command("createUser", "eve", pwd="eve", roles=["root"]),
    "role": lambda client: client.admin.command(
        "grantPrivilegesToRole", "edxAssets", privileges=grant("payroll")
    ),
}


def test_the_user_can_do_nothing_else(server: Secured, admin: Admin) -> None:
    with MongoClient[dict[str, Any]](server.uri) as user:
        user["tracking_logs"]["imports"].insert_one({"_id": 1})
        for name, tries in TRIES.items():
            with pytest.raises(OperationFailure) as refused:
                tries(user)
            assert refused.value.code == 13, name
    assert [*admin["payroll"]["salaries"].find()] == [{"_id": 1}]


@pytest.mark.parametrize("server", [SECANTUSD_PY], indirect=True)
def test_one_role_for_every_database(testx: Institution, admin: Admin) -> None:
    """For a MongoDB that holds nothing else."""
    [everywhere] = grant("")
    admin.admin.command("grantPrivilegesToRole", "edxAssets", privileges=[everywhere])
    testx.deliver_package("2014-02-09", members())
    assert sort(testx, "2014-02-09").success
    assert testx.run("course/auth_user", partition=COURSE).success
    doctor = told("doctor")
    assert "MongoDB: replaces a collection in one step in a new database, as a course has" in doctor
    assert "warning  MongoDB" not in doctor


@pytest.mark.parametrize("server", [SECANTUSD_PY], indirect=True)
def test_a_run_and_the_doctor_say_what_is_wrong(
    testx: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    monkeypatch.setattr("edx_assets.cli.doctor._PATIENCE_MS", 1000)
    uri = f"{os.environ['EDX_MONGO_URI']}&serverSelectionTimeoutMS=1000"
    foreign = Authority(tmp_path / "foreign").file
    for wrong, words in {
        uri.replace(f":{PASSWORD}@", f":{PASSWORD}2@"): "does not know the user, or the password",
        re.sub("tlsCAFile=[^&]+", f"tlsCAFile={foreign}", uri): "an authority that is not known",
    }.items():
        monkeypatch.setenv("EDX_MONGO_URI", wrong)
        result = testx.run_day("2014-02-03")
        failure = failure_text(result)
        assert words in failure
        assert PASSWORD not in failure
        assert not [event for event in result.all_events if event.is_step_up_for_retry]
        doctor = told("doctor")
        assert "failed  MongoDB: the database answered" in doctor
        assert words in doctor
