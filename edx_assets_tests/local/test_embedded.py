"""The embedded servers: started, shared, found again and stopped, with what they hold."""

import hashlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from edx_assets.local.embedded_s3 import embedded_s3, s3_client
from edx_assets.local.embedded_store import embedded_store
from edx_assets.local.shared_process import Server, ServerError, shared_server

ROOT = Path(__file__).parents[2]

USE_STORE = """
import signal, sys
from pathlib import Path
from edx_assets.local.embedded_store import embedded_store
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # so did the tests' process, since Dagster ran there
with embedded_store(Path(sys.argv[1])) as uri:
    print(uri, flush=True)
    sys.stdin.read()
"""

START_AND_SEED_FOR_EVER = """
import sys, time
from pathlib import Path
from edx_assets.local.shared_process import shared_server
from edx_assets_tests.local.test_embedded import page_server
def seed(port):
    print("seeding", flush=True)
    time.sleep(60)
with shared_server(Path(sys.argv[1]), page_server(seed)):
    pass
"""


@contextmanager
def another_process(program: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another Python process; it is killed at the end where it has not ended by itself."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


def server_pid(folder: Path) -> int:
    return int(json.loads((folder / "server.json").read_bytes())["pid"])


def write(uri: str, number: int) -> None:
    with MongoClient[dict[str, Any]](uri) as client:
        client["a_course"]["numbers"].insert_one({"_id": number})


def numbers(uri: str) -> list[int]:
    with MongoClient[dict[str, Any]](uri) as client:
        return [found["_id"] for found in client["a_course"]["numbers"].find(sort=[("_id", 1)])]


def no_seed(port: int) -> None:
    pass


def page_server(seed: Any = no_seed, command: list[str] | None = None) -> Server:
    """The smallest server there is, to try the sharing itself."""

    def command_line(port: int) -> list[str]:
        return command or [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

    return Server("pages", command_line, no_seed, seed)


def test_the_store_keeps_what_was_written_over_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "store"
    with embedded_store(folder) as uri:
        write(uri, 1)
    assert not listens(uri)
    with embedded_store(folder) as uri:
        write(uri, 2)
        assert numbers(uri) == [1, 2]


def test_only_the_owner_can_read_the_stores_files(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir(mode=0o755)
    with embedded_store(folder) as uri:
        write(uri, 1)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (data,) = (path for path in folder.iterdir() if path.is_dir())
        files = [path for path in data.rglob("*") if path.is_file()]
        assert files
        assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_a_second_process_shares_the_store_and_the_last_to_leave_stops_it(tmp_path: Path) -> None:
    with another_process(USE_STORE, tmp_path) as starter:
        started = first_line(starter)
        with embedded_store(tmp_path) as uri:
            assert uri == started
            write(uri, 1)
            leave(starter)
            assert numbers(uri) == [1]
        assert not listens(uri)
        assert not (tmp_path / "server.json").exists()


def test_the_starter_leaves_the_store_to_who_still_uses_it(tmp_path: Path) -> None:
    with ExitStack() as ending:
        with embedded_store(tmp_path) as uri, embedded_store(tmp_path) as again:
            assert again == uri
            user = ending.enter_context(another_process(USE_STORE, tmp_path))
            assert first_line(user) == uri
        assert listens(uri)
        leave(user)
        assert not listens(uri)


def test_processes_that_start_at_once_get_one_store(tmp_path: Path) -> None:
    with (
        another_process(USE_STORE, tmp_path) as one,
        another_process(USE_STORE, tmp_path) as two,
        another_process(USE_STORE, tmp_path) as three,
    ):
        uris = {first_line(process) for process in (one, two, three)}
        assert len(uris) == 1
        for process in (one, two, three):
            leave(process)
        assert not listens(uris.pop())


def test_a_store_that_survived_its_killed_owner_is_used_again(tmp_path: Path) -> None:
    with another_process(USE_STORE, tmp_path) as owner:
        started = first_line(owner)
        write(started, 1)
        owner.kill()
        owner.wait(5)
    assert listens(started)
    with embedded_store(tmp_path) as uri:
        assert uri == started
        assert numbers(uri) == [1]
    assert not listens(uri)


def test_a_store_killed_with_its_owner_starts_again(tmp_path: Path) -> None:
    with another_process(USE_STORE, tmp_path) as owner:
        write(first_line(owner), 1)
        os.kill(server_pid(tmp_path), signal.SIGKILL)
        owner.kill()
        owner.wait(5)
    assert (tmp_path / "server.json").exists()
    with embedded_store(tmp_path) as uri:
        assert numbers(uri) == [1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_store_ends_with_an_owner_that_is_ended(
    tmp_path: Path, number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    with another_process(USE_STORE, tmp_path) as owner:
        uri = first_line(owner)
        owner.send_signal(number)
        # Python ends itself with SIGINT after a KeyboardInterrupt.
        assert owner.wait(10) == (143 if number == signal.SIGTERM else -signal.SIGINT)
    assert not listens(uri)
    assert ("KeyboardInterrupt" in capfd.readouterr().err) == (number == signal.SIGINT)


def test_a_store_made_by_a_mongod_that_is_gone_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mongod").mkdir()
    (tmp_path / "mongod" / "WiredTiger").touch()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ServerError, match="install MongoDB, or remove"), embedded_store(tmp_path):
        pass


@pytest.mark.skipif(shutil.which("mongod") is not None, reason="a mongod is used here")
def test_the_log_tells_an_error_without_its_contents(tmp_path: Path) -> None:
    with embedded_store(tmp_path) as uri, MongoClient[dict[str, Any]](uri) as client:
        client["a"]["b"].insert_one({"_id": 1})
        with pytest.raises(PyMongoError, match="xlearnerx"):
            client["a"]["b"].find_one({"_id": {"$xlearnerx": 1}})
    log = (tmp_path / "server.log").read_text()
    assert "ERROR" in log
    assert "xlearnerx" not in log


def test_a_server_killed_half_seeded_is_not_used(tmp_path: Path) -> None:
    with another_process(START_AND_SEED_FOR_EVER, tmp_path) as starter:
        assert first_line(starter) == "seeding"
        half_seeded = server_pid(tmp_path)
        starter.kill()
        starter.wait(5)
    seeded: list[int] = []
    with shared_server(tmp_path, page_server(seeded.append)) as port:
        assert seeded == [port]
        assert server_pid(tmp_path) != half_seeded


def test_a_server_that_cannot_be_seeded_is_stopped(tmp_path: Path) -> None:
    ports: list[int] = []

    def seed(port: int) -> None:
        ports.append(port)
        raise FileNotFoundError("no seeds")

    with pytest.raises(FileNotFoundError), shared_server(tmp_path, page_server(seed)):
        pass
    assert not listens(f"http://127.0.0.1:{ports[0]}")


def test_a_server_that_ends_early_names_its_log(tmp_path: Path) -> None:
    broken = page_server(command=[sys.executable, "-c", "raise SystemExit('no licence')"])
    log = tmp_path / "server.log"
    with pytest.raises(ServerError, match=str(log)), shared_server(tmp_path, broken):
        pass
    assert log.read_text() == "no licence\n"


def test_a_folder_in_use_by_another_kind_is_refused(tmp_path: Path) -> None:
    other = Server("others", page_server().command, no_seed)
    with (
        shared_server(tmp_path, page_server()) as port,
        pytest.raises(ServerError, match="pages"),
        shared_server(tmp_path, other),
    ):
        pass
    assert not listens(f"http://127.0.0.1:{port}")


def test_a_server_gets_no_secrets_from_its_surroundings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_PASSPHRASE", "open sesame")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "open sesame")
    tell = [sys.executable, "-c", "import os; print(sorted(os.environ.values()))"]
    with pytest.raises(ServerError), shared_server(tmp_path, page_server(command=tell)):
        pass
    log = (tmp_path / "server.log").read_text()
    assert os.environ["PATH"] in log
    assert "open sesame" not in log


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """Two buckets with three objects."""
    buckets = tmp_path / "buckets"
    for key in ("course-data/a.zip", "edx-course-data/x/edge/b c.gz", "edx-course-data/x/é.gz"):
        file = buckets / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(key.encode() * 1000)
    (buckets / "course-data" / "large.zip").write_bytes(b"\x00\xff" * 5_000_000)
    return buckets


def test_s3_serves_the_files_with_their_etags(buckets: Path) -> None:
    served = {}
    with embedded_s3(buckets) as url:
        client = s3_client(url)
        for bucket in client.list_buckets()["Buckets"]:
            for found in client.list_objects_v2(Bucket=bucket["Name"])["Contents"]:
                served[f"{bucket['Name']}/{found['Key']}"] = found["ETag"]
        body = client.get_object(Bucket="course-data", Key="large.zip")["Body"].read()
    assert body == (buckets / "course-data" / "large.zip").read_bytes()
    assert served == {
        path.relative_to(buckets).as_posix(): f'"{hashlib.md5(path.read_bytes()).hexdigest()}"'  # noqa: S324
        for path in buckets.rglob("*")
        if path.is_file()
    }
    assert len(served) == 4
    assert not listens(url)


def test_s3_is_shared_and_logs_no_requests(buckets: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with embedded_s3(buckets, folder=state) as url:
        s3_client(url).put_object(Bucket="course-data", Key="new", Body=b"new")
        with embedded_s3(buckets, folder=state) as again:
            assert again == url
            assert s3_client(again).get_object(Bucket="course-data", Key="new")["Body"].read()
        assert listens(url)
        assert (state / "server.log").read_text() == ""
    assert not listens(url)


def test_s3_listens_on_the_port_asked_for(buckets: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with embedded_s3(buckets, port) as url:
        assert url == f"http://127.0.0.1:{port}"


def test_s3_without_its_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="buckets"), embedded_s3(tmp_path / "buckets"):
        pass
