"""The embedded store: started, shared, found again and stopped, with what it holds."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from edx_assets.local.embedded_store import (
    embedded_store,
)
from edx_assets_tests.local.processes import (
    USE_STORE,
    another_process,
    first_line,
    leave,
    listens,
    numbers,
    server_pid,
    write,
)


def test_the_store_keeps_what_was_written_over_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "store"
    with embedded_store(folder) as uri:
        write(uri, 1)
    assert not listens(uri)
    with embedded_store(folder) as uri:
        write(uri, 2)
        assert numbers(uri) == [1, 2]


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
