"""The command line: what cannot be used is told in a line, with what to do about it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edx_assets.cli.main import main


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def told(result: Result) -> str:
    """What a command that cannot go on says, which is all that it says on stderr."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    return lines[0]


def test_the_help_lists_each_command_with_a_whole_sentence() -> None:
    text = run("--help").output
    listed = {line.split()[0] for line in text.splitlines() if re.match(r"  [a-z]+  ", line)}
    assert listed == main.commands.keys()
    assert "More:" not in text  # what a new command is for has to be said in `sections`
    assert text.count("...") == 1  # in the usage: no sentence is cut
    assert text.index("Try it") < text.index("Set it up") < text.index("Use the data")


@pytest.mark.parametrize("command", ["demo", "status"])
def test_a_demo_of_an_older_version_is_told_with_what_to_do(tmp_path: Path, command: str) -> None:
    old = tmp_path / "data" / "mongo" / "another-store"
    old.mkdir(parents=True)
    (old / "tracking_logs.db").touch()
    (tmp_path / "data" / "institution" / "buckets").mkdir(parents=True)
    text = told(run(command, "--data", tmp_path / "data"))
    assert "Error: The demo in" in text
    assert "make demo" in text


@pytest.mark.parametrize("command", ["demo", "dev", "status"])
def test_a_file_in_place_of_the_data_folder(tmp_path: Path, command: str) -> None:
    (tmp_path / "data").write_bytes(b"")
    assert str(tmp_path / "data") in told(run(command, "--data", tmp_path / "data"))


def test_a_file_in_place_of_the_samples_folder(tmp_path: Path) -> None:
    (tmp_path / "sample").write_bytes(b"")
    assert "a file is where a folder should be" in told(run("sample", tmp_path / "sample"))


@pytest.mark.parametrize("command", ["demo", "sample"])
def test_a_folder_that_cannot_be_written_to(command: str) -> None:
    """`/proc` is one even for root."""
    arguments = ["--data", "/proc/data"] if command == "demo" else ["/proc/data"]
    assert "/proc/data" in told(run(command, *arguments))


@pytest.mark.parametrize("command", ["status", "dev"])
def test_a_folder_where_no_demo_is(tmp_path: Path, command: str) -> None:
    text = told(run(command, "--data", tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in text
    assert "--data" in text
    assert not (tmp_path / "nowhere").exists()


def test_dev_on_a_port_in_use(tmp_path: Path) -> None:
    (tmp_path / "institution").mkdir()
    (tmp_path / "institution" / "manifest.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        text = told(run("dev", "--data", tmp_path, "--port", port))
    assert f"Port {port} is in use" in text
    assert "--port" in text


@pytest.mark.parametrize("uri", ["mongodb://u:p@ss@h/", "mongodb+srv://no-such-host.invalid/"])
def test_a_connection_string_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("EDX_MONGO_URI", uri)
    text = told(run("status"))
    assert "EDX_MONGO_URI" in text
    assert uri not in text


def test_the_doctor_makes_nothing_and_is_quick_where_nothing_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("EDX_MONGO_URI", f"mongodb://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setenv("EDX_STORAGE", str(tmp_path / "storage"))
        started = time.monotonic()
        result = run("doctor")
    assert time.monotonic() - started < 10
    assert result.exit_code == 1
    assert "nobody answers at its host" in result.output
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_where_nothing_is_set(tmp_path: Path) -> None:
    result = run("doctor")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "MongoDB: EDX_MONGO_URI is not set" in result.output
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_a_command_without_a_traceback(tmp_path: Path) -> None:
    # a shell starts background jobs with SIGINT ignored, and so all that they start
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}; from edx_assets.cli.main import main; main()"
    command = [sys.executable, "-c", code, "sample"]
    process = subprocess.Popen(
        [*command, str(tmp_path / "sample"), "--learners", "600"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    process.stdout.readline()  # it works now
    process.send_signal(signal.SIGINT)
    assert "Traceback" not in process.communicate(timeout=30)[1]
    assert process.returncode == 1


def test_the_status_tells_what_the_storage_keeps(
    tmp_path: Path, empty_mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_MONGO_URI", empty_mongo_uri)
    monkeypatch.setenv("EDX_STORAGE", str(tmp_path / "storage"))
    assert json.loads(run("status", "--json").output)["storage"] is None
    assert not (tmp_path / "storage").exists()
    log = tmp_path / "storage/events/edx/2014/2014-02-03.log.gz.gpg"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * 2048)
    log.with_name("2014-02-03.raw.json").write_bytes(b"{}")
    told_of = json.loads(run("status", "--json").output)["storage"]
    assert told_of["kept"] == {
        "raw_logs": 2048,
        "decrypted_logs": 0,
        "packages": 0,
        "decrypted_members": 0,
        "datasets": 0,
        "reports": 0,
        "notes": 2,
    }
    assert told_of["free"] > 0
    assert "Storage: 2.0 KiB (raw logs 2.0 KiB, notes 2 bytes)" in run("status").output
