"""A shared local server: seeded, refused, and kept apart from its surroundings."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from edx_assets.local.shared_process import Server, ServerError, shared_server
from edx_assets_tests.local.processes import another_process, first_line, listens, server_pid

START_AND_SEED_FOR_EVER = """
import sys, time
from pathlib import Path
from edx_assets.local.shared_process import shared_server
from edx_assets_tests.local.test_shared_process import page_server
def seed(port):
    print("seeding", flush=True)
    time.sleep(60)
with shared_server(Path(sys.argv[1]), page_server(seed)):
    pass
"""


def no_seed(port: int) -> None:
    pass


def page_server(seed: Any = no_seed, command: list[str] | None = None) -> Server:
    """The smallest server there is, to try the sharing itself."""

    def command_line(port: int) -> list[str]:
        return command or [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

    return Server("pages", command_line, no_seed, seed)


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
