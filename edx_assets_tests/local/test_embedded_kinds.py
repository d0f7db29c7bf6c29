"""The kinds of embedded store: which one is taken, and what each keeps, and to itself."""

import os
import shutil
import signal
import socket
import stat
import sys
from itertools import count
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import pytest
from bson import encode
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from edx_assets.local.embedded_store import (
    KINDS,
    MONGOD,
    SECANTUSD_PY,
    SECANTUSD_RS,
    embedded_store,
    program_of,
)
from edx_assets.local.shared_process import ServerError
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import BATCH, Collection, Inserted, StoreError
from edx_assets_tests.local.processes import (
    USE_STORE,
    another_process,
    first_line,
    numbers,
    server_pid,
    write,
)

SECANTUS = [kind for kind in (SECANTUSD_RS, SECANTUSD_PY) if program_of(kind)]


def enter(folder: Path) -> None:
    with embedded_store(folder):
        pass


def nothing_installed(monkeypatch: pytest.MonkeyPatch, empty: Path) -> None:
    """As on a machine where no server is on the PATH, nor beside Python."""
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setattr(sys, "executable", str(empty / "python"))


@pytest.mark.parametrize("kind", SECANTUS)
def test_only_the_owner_can_read_the_stores_files(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "store"
    folder.mkdir(mode=0o755)
    with embedded_store(folder, kind) as uri:
        write(uri, 1)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (data,) = (path for path in folder.iterdir() if path.is_dir())
        files = [path for path in data.rglob("*") if path.is_file()]
        assert files
        assert [path for path in files if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_whose_kind_is_gone_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    nothing_installed(monkeypatch, tmp_path / "empty")
    folder = tmp_path / "store"
    (folder / kind).mkdir(parents=True)
    (folder / kind / "WiredTiger").touch()
    with pytest.raises(ServerError, match=f"made by {kind}, which is not there: .*anew"):
        enter(folder)


def test_without_any_program_it_is_said_which_to_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_installed(monkeypatch, tmp_path / "empty")
    with pytest.raises(ServerError) as error:
        enter(tmp_path / "store")
    for remedy in ("EDX_MONGO_URI", "mongod", "secantusd-rs", "edx-assets[local]", "3.11 to 3.13"):
        assert remedy in str(error.value)


def test_the_best_that_is_there_is_taken_and_a_folder_stays_with_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedded_store(tmp_path / "old", kind=SECANTUSD_PY) as uri:
        write(uri, 1)
    better = tmp_path / "bin"
    better.mkdir()
    for kind in (MONGOD, SECANTUSD_RS):
        (better / kind).write_text("#!/bin/sh\necho no licence\n")
        (better / kind).chmod(0o755)
    monkeypatch.setenv("PATH", f"{better}:{os.environ['PATH']}")
    with embedded_store(tmp_path / "old") as uri:
        assert numbers(uri) == [1]
    for kind in (MONGOD, SECANTUSD_RS):
        with pytest.raises(ServerError, match=rf"\({kind}\) ended before it answered"):
            enter(tmp_path / f"new {kind}")
        (better / kind).unlink()


def test_a_demo_of_an_older_version_is_told_from_a_new_folder(tmp_path: Path) -> None:
    (tmp_path / "another-store").mkdir()
    (tmp_path / "server.log").touch()
    with embedded_store(tmp_path) as uri:
        write(uri, 1)
    shutil.rmtree(tmp_path)
    (tmp_path / "another-store").mkdir(parents=True)
    (tmp_path / "another-store" / "tracking_logs.db").touch()
    with pytest.raises(ServerError, match=r"older version of edx_assets.*make clean.*make demo"):
        enter(tmp_path)


@pytest.mark.parametrize("kind", SECANTUS)
def test_settings_around_it_do_not_change_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Where it is started, in the home folder, and in the environment."""
    folder = tmp_path / "store"
    (tmp_path / ".secantus").mkdir()
    folder.mkdir()
    for place in (tmp_path / ".secantus", folder):
        (place / "secantusd.toml").write_text("[server]\nauth = true\nhost = '0.0.0.0'\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SECANTUS_WT_CONFIG_EXTRA", "no_such_option=1")
    with embedded_store(folder, kind) as uri, MongoClient[dict[str, Any]](uri) as client:
        write(uri, 1)
        assert numbers(uri) == [1]
        hello = client.admin.command("hello")
        assert "setName" not in hello
        # 127.0.0.2 is another address of the same machine
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", urlsplit(uri).port or 0), timeout=1)


@pytest.mark.parametrize("kind", SECANTUS)
def test_the_log_holds_nothing_of_what_is_stored(tmp_path: Path, kind: str) -> None:
    with embedded_store(tmp_path, kind) as uri, MongoClient[dict[str, Any]](uri) as client:
        client["a"]["b"].create_index("name", unique=True)
        client["a"]["b"].insert_one({"_id": 1, "name": "xlearnerx"})
        for wrong in (
            lambda: client["a"]["b"].insert_one({"_id": 2, "name": "xlearnerx"}),
            lambda: client["a"]["b"].find_one({"_id": {"$xlearnerx": 1}}),
            lambda: list(client["a"]["b"].aggregate([{"$project": {"x": {"$xlearnerx": 1}}}])),
            lambda: client["xlearnerx"]["c"].rename("d"),
            lambda: client["a"].command("aggregate", "b", pipeline="xlearnerx", cursor={}),
        ):
            with pytest.raises(PyMongoError):
                wrong()
    assert "xlearnerx" not in (tmp_path / "server.log").read_text()


@pytest.mark.parametrize("kind", SECANTUS)
def test_what_was_acknowledged_is_there_after_any_kill(tmp_path: Path, kind: str) -> None:
    for number in range(5):
        with another_process(USE_STORE, tmp_path, kind) as owner:
            uri = first_line(owner)
            assert numbers(uri) == list(range(number))
            write(uri, number)
            os.kill(server_pid(tmp_path), signal.SIGKILL)
            owner.kill()
            owner.wait(5)


@pytest.mark.parametrize("kind", SECANTUS)
def test_a_server_killed_in_mid_batch_is_an_error_of_the_stores(tmp_path: Path, kind: str) -> None:
    documents = (encode({"_id": number, "body": "x" * 500}) for number in count())
    acknowledged = 0
    with embedded_store(tmp_path, kind) as uri:
        store = connect(uri)
        pid = server_pid(tmp_path)
        inserting = store.insert_all(Collection("a", "b"), documents)
        for _ in range(3):
            batch, inserted = next(inserting)
            assert inserted == Inserted()
            acknowledged += len(batch)
        Timer(0.02, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(StoreError, match="AutoReconnect"):
            acknowledged += sum(len(batch) for batch, _inserted in inserting)
    with embedded_store(tmp_path, kind) as uri:
        assert connect(uri).count(Collection("a", "b")) >= acknowledged >= 3 * BATCH
