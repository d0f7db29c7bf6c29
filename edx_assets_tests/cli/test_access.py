"""Who reads what, on servers that ask who one is: a researcher reads the granted courses alone."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from edx_assets.cli.main import main
from edx_assets.loading.registry import register_course
from edx_assets.local.embedded_store import SECANTUSD_PY, SECANTUSD_RS
from edx_assets.resources.mongo import connect
from edx_assets_tests.least_role import role
from edx_assets_tests.resources.deviations import KEEPS_ROLES
from edx_assets_tests.resources.secured import PASSWORD, running

Client = MongoClient[dict[str, Any]]
OWN, OTHER = "course-v1:TestX+Own+1", "course-v1:TestX+Other+1"
DATABASES = {OWN: "TestX_Own_1", OTHER: "TestX_Other_1"}
SECRET = "p@ss w/rd:%"


class Server(NamedTuple):
    kind: str
    address: str
    keeper: Path
    """A file with the connection string of who may manage users, and read nothing."""


@pytest.fixture(scope="module", params=[SECANTUSD_PY, SECANTUSD_RS])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with two courses, the pipeline's user with the least role, and a keeper of users."""
    folder = tmp_path_factory.mktemp("access")
    with running(request.param, folder / "data") as address:
        uri = f"mongodb://{address}/?journal=true"
        for key in DATABASES:
            register_course(connect(uri), key, "edx")
        with Client(uri) as client:
            for name in DATABASES.values():
                client[name]["forum"].insert_one({"_id": name})
            made = role()
            client.admin.command("createRole", made.pop("role"), **made)
            for user, roles in {
                "root": ["root"],
                "keeper": ["userAdminAnyDatabase"],
                "edx_assets": ["edxAssets"],
            }.items():
                client.admin.command("createUser", user, pwd=PASSWORD, roles=roles)
    with running(request.param, folder / "data", "--auth") as address:
        keeper = folder / "keeper"
        keeper.write_text(f"mongodb://keeper:{PASSWORD}@{address}/?authSource=admin\n")
        yield Server(request.param, address, keeper)


@pytest.fixture(autouse=True)
def nobody(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """No user of ours; EDX_MONGO_URI is that of the pipeline."""
    place = f"{PASSWORD}@{server.address}/?authSource=admin"
    monkeypatch.setenv("EDX_MONGO_URI", f"mongodb://edx_assets:{place}")
    with Client(f"mongodb://root:{place}") as root:
        for user in root.admin.command("usersInfo", 1)["users"]:
            if user["user"] in ("ana", "ben"):
                root.admin.command("dropUser", user["user"])
        yield root


def command(*arguments: str | Path, asked: str | None = None) -> Result:
    result = CliRunner().invoke(main, [*map(str, arguments)], input=asked)
    assert SECRET not in result.output + result.stderr
    assert PASSWORD not in result.output + result.stderr
    return result


def granted(server: Server, course: str, user: str, folder: Path | None = None) -> Result:
    arguments: list[str | Path] = ["grant", course, user, "--mongo-uri-file", server.keeper]
    if folder:
        (folder / "password").write_text(f"{SECRET}\n")
        arguments += ["--password-file", folder / "password"]
    result = command(*arguments)
    assert result.exit_code == 0, result.output
    return result


def researcher(server: Server, user: str = "ana", password: str = SECRET) -> Client:
    return Client(server.address, username=user, password=password, authSource="admin")


REFUSED: dict[str, Callable[[Client], Any]] = {
    "another course": lambda client: client["TestX_Other_1"]["forum"].find_one(),
    "its collections": lambda client: client["TestX_Other_1"].list_collection_names(),
    "the master collection": lambda client: client["tracking_logs"]["tracking"].find_one(),
    "the courses": lambda client: client["tracking_logs"]["courses"].find_one(),
    "insert": lambda client: client["TestX_Own_1"]["forum"].insert_one({}),
    "update": lambda client: client["TestX_Own_1"]["forum"].update_many({}, {"$set": {"a": 1}}),
    "delete": lambda client: client["TestX_Own_1"]["forum"].delete_many({}),
    "drop": lambda client: client["TestX_Own_1"]["forum"].drop(),
    "a new collection": lambda client: client["TestX_Own_1"].create_collection("new"),
    "out": lambda client: client["TestX_Own_1"]["forum"].aggregate([{"$out": "new"}]),
    "users": lambda client: client.admin.command("usersInfo", 1),
    "more rights": lambda client: client.admin.command("grantRolesToUser", "ana", roles=["root"]),
}


def test_a_researcher_reads_the_own_course_alone(server: Server, tmp_path: Path) -> None:
    told = granted(server, OWN, "ana", tmp_path).output
    assert told == f"ana reads {OWN} (database TestX_Own_1)\n"
    with researcher(server) as client:
        assert [*client["TestX_Own_1"]["forum"].find()] == [{"_id": "TestX_Own_1"}]
        assert client["TestX_Own_1"].list_collection_names() == ["forum"]
        for name, tries in REFUSED.items():
            with pytest.raises(OperationFailure) as refused:
                tries(client)
            assert refused.value.code == 13, name


def test_who_reads_what_is_told(server: Server, tmp_path: Path) -> None:
    granted(server, "TestX_Own_1", "ana", tmp_path)
    granted(server, "ALL", "ben", tmp_path)
    told = command("access", "--mongo-uri-file", server.keeper).output
    assert f"{OWN}: ana, ben\n" in told
    assert f"{OTHER}: ben\n" in told
    assert "with roles of another origin: edx_assets (edxAssets)\n" in told
    found = json.loads(command("access", "--json", "--mongo-uri-file", server.keeper).output)
    assert found["readers"] == {OWN: ["ana", "ben"], OTHER: ["ben"]}
    assert found["others"]["root"] == ["root"]


def test_what_was_granted_is_taken_away(server: Server, tmp_path: Path) -> None:
    granted(server, OWN, "ana", tmp_path)
    granted(server, OTHER, "ana")
    granted(server, OTHER, "ana")  # once more changes nothing
    with researcher(server) as client:
        assert client["TestX_Other_1"]["forum"].find_one()
        result = command("revoke", OTHER, "ana", "--mongo-uri-file", server.keeper)
        assert result.output == f"ana does not read {OTHER} any more\n"
        if server.kind not in KEEPS_ROLES:
            with pytest.raises(OperationFailure):
                client["TestX_Other_1"]["forum"].find_one()
    with researcher(server) as client:
        with pytest.raises(OperationFailure):
            client["TestX_Other_1"]["forum"].find_one()
        assert client["TestX_Own_1"]["forum"].find_one()
    result = command("revoke", OTHER, "ana", "--mongo-uri-file", server.keeper)
    assert f"ana does not read {OTHER} by a grant: see `edx-assets access`" in result.stderr
    result = command("revoke", "ALL", "ana", "--mongo-uri-file", server.keeper)
    assert "ana had no other role and is removed\n" in result.output
    with researcher(server) as client, pytest.raises(OperationFailure) as refused:
        client["TestX_Own_1"]["forum"].find_one()
    assert refused.value.code == 18
    result = command("revoke", "ALL", "ana", "--mongo-uri-file", server.keeper)
    assert "ana is no user in the database admin" in result.stderr


def test_a_user_with_another_role_stays(server: Server, tmp_path: Path, nobody: Client) -> None:
    nobody["payroll"]["salaries"].insert_one({})
    nobody.admin.command("createUser", "ana", pwd=SECRET, roles=[{"role": "read", "db": "payroll"}])
    granted(server, OWN, "ana")
    result = command("revoke", OWN, "ana", "--mongo-uri-file", server.keeper)
    assert "removed" not in result.output
    with researcher(server) as client:
        assert client["payroll"]["salaries"].find_one()


def test_who_may_not_manage_users_is_told_who_may(tmp_path: Path, nobody: Client) -> None:
    (tmp_path / "password").write_text(SECRET)
    for arguments in (
        ("grant", OWN, "ana", "--password-file", tmp_path / "password"),
        ("revoke", OWN, "ana"),
        ("access",),
    ):
        result = command(*arguments)
        assert result.exit_code == 1
        words = "the user of EDX_MONGO_URI may not manage users and roles: name a file with"
        assert words in result.stderr
    assert not nobody.admin.command("usersInfo", "ana")["users"]


def test_a_wrong_connection_string_is_told_by_its_file(server: Server, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    for text, words in {
        f"mongodb://keeper:{SECRET}@{server.address}/": f"{wrong} ",
        f"mongodb://keeper:other@{server.address}/?authSource=admin": f"correct them in {wrong}",
        "": f"{wrong} is not a connection string",
    }.items():
        wrong.write_text(text)
        result = command("access", "--mongo-uri-file", wrong)
        assert result.exit_code == 1
        assert words in result.stderr
        assert "EDX_MONGO_URI" not in result.stderr


def test_a_password_is_not_changed(server: Server, tmp_path: Path) -> None:
    granted(server, OWN, "ana", tmp_path)
    result = command(
        "grant", OTHER, "ana", "--mongo-uri-file", server.keeper, "--ask", asked="other\nother\n"
    )
    assert result.exit_code == 1
    assert "ana is there already and keeps the password" in result.stderr
    with researcher(server) as client, pytest.raises(OperationFailure):
        client["TestX_Other_1"]["forum"].find_one()


def test_a_password_can_be_asked_for(server: Server) -> None:
    result = command(
        "grant", OWN, "ana", "--mongo-uri-file", server.keeper, "--ask",
        asked=f"{SECRET}\n{SECRET}\n",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    with researcher(server) as client:
        assert client["TestX_Own_1"]["forum"].find_one()


def test_a_made_password_is_shown_on_a_terminal_alone(server: Server, nobody: Client) -> None:
    result = command("grant", OWN, "ana", "--mongo-uri-file", server.keeper)
    assert "there is no terminal to show a password on" in result.stderr
    assert not nobody.admin.command("usersInfo", "ana")["users"]
    told = on_a_terminal("grant", OWN, "ana", "--mongo-uri-file", str(server.keeper))
    found = re.search(r"password of ana, shown this once: (\S{24})\r?\n", told)
    assert found, told
    with researcher(server, password=found[1]) as client:
        assert client["TestX_Own_1"]["forum"].find_one()
    told = on_a_terminal("grant", OTHER, "ana", "--mongo-uri-file", str(server.keeper))
    assert "password" not in told


def on_a_terminal(*arguments: str) -> str:
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    code = "from edx_assets.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=theirs, stderr=theirs, stdin=theirs
    ) as process:
        os.close(theirs)
        told = b""
        try:
            while piece := os.read(ours, 4096):
                told += piece
        except OSError:  # the other end is closed: Linux says it so
            pass
        os.close(ours)
        assert process.wait() == 0, told
    return told.decode()


def test_a_course_that_is_not_there_is_told(server: Server) -> None:
    result = command("grant", "X", "ana", "--mongo-uri-file", server.keeper)
    assert "X is no course here (2 are)" in result.stderr


def test_an_open_server_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(SECANTUSD_PY, tmp_path / "data") as address:
        monkeypatch.setenv("EDX_MONGO_URI", f"mongodb://{address}/")
        result = command("access")
    assert "this server does not ask who one is: everybody reads everything" in result.stderr
