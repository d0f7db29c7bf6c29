"""A local server process shared by all who use its folder: start, find, share and stop it.

What the folder holds:
- `server.json`: process id, port, kind of the server, and whether it is ready to be used;
- `alive.lock`: locked by the server process itself from its start to its end. The kernel hands the
  lock down at exec and lets go of it at any death, so that a process id from before a reboot or a
  `kill -9` is never mistaken for the server, nor another process ended in its place;
- `users.lock`: locked, shared, by every user; who gets it exclusively was the last;
- `gate.lock`: locked exclusively by who looks for, starts or stops the server;
- `server.log`: what the server printed since its last start.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

START_SECONDS = 20
STOP_SECONDS = 15
PORT_TRIES = 3
WITHHELD = ("AWS_", "EDX_", "SECANTUS_")
"""Settings a local server does not need: they may be secrets, or change how it works."""


class ServerError(RuntimeError):
    """A local server cannot be started, found or shared."""


class _EndedEarlyError(ServerError):
    """The server process ended before it answered."""


@dataclass(frozen=True)
class Server:
    """What to run.

    `kind` tells servers apart that must not be taken for one another; `command` makes the command
    line for a port; `ping` raises unless the server on a port answers; `seed` fills a server that
    has just been started, before others see it.
    """

    kind: str
    command: Callable[[int], Sequence[str]]
    ping: Callable[[int], None]
    seed: Callable[[int], None] = lambda port: None


_children: dict[int, "subprocess.Popen[bytes]"] = {}
"""Servers started by this process, by process id: they must be waited for when they end."""


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner can enter, and give its absolute path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder.resolve()


@contextmanager
def shared_server(folder: Path, server: Server, port: int = 0) -> Iterator[int]:
    """The port, on 127.0.0.1, of a server shared by all who name the same folder.

    Whoever comes first starts it, on `port` or, if 0, on a free one; the last to leave stops it.
    A server that outlived its users is used again. SIGTERM and SIGHUP end the caller as an
    exception would (where they had no handler), so that the server is stopped then too.

    Raises:
        ServerError: it does not come up, does not answer, or the folder is used by another kind.
    """
    folder = private_folder(folder)
    with _ending_on_signals(), (folder / "users.lock").open("ab") as users:
        with _gate(folder):
            used_port = _find(folder, server, users)
            if used_port is None:
                used_port = _start(folder, server, port)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield used_port
        finally:
            with _gate(folder):
                fcntl.flock(users, fcntl.LOCK_UN)
                if _is_last(users):
                    _stop(folder)


def _find(folder: Path, server: Server, users: IO[bytes]) -> int | None:
    """The port of the server that runs in the folder; what is left of a broken one is removed."""
    if not _is_alive(folder):
        _forget(folder)
        return None
    record = _record(folder)
    if record["kind"] != server.kind:
        raise ServerError(
            f"{folder} is in use by another server ({record['kind']}); "
            f"end its users first, or use another folder"
        )
    if record["ready"]:
        try:
            _wait_for(server, record["port"], lambda: _is_alive(folder))
            return int(record["port"])
        except ServerError as error:
            if not _is_last(users):
                raise ServerError(f"{error}; see {folder / 'server.log'}") from error
    _stop(folder)  # its starter was killed before it was ready, or it hangs
    return None


def _start(folder: Path, server: Server, port: int) -> int:
    """Start a server, wait until it answers, seed it and make it known; gives its port."""
    log = folder / "server.log"
    for tries_left in reversed(range(PORT_TRIES)):
        chosen = port or _free_port()
        try:
            process = _spawn(folder, server, chosen)
            _wait_for(server, chosen, lambda: process.poll() is None)  # noqa: B023
            server.seed(chosen)
            _write_record(folder, server, process.pid, chosen, ready=True)
            return chosen
        except _EndedEarlyError as error:
            _stop(folder)
            # A free port may be taken by another process before the server gets to it.
            if port or not tries_left:
                raise ServerError(f"{error}; see {log}") from error
        except ServerError as error:
            _stop(folder)
            raise ServerError(f"{error}; see {log}") from error
        except BaseException:
            _stop(folder)
            raise
    raise AssertionError("unreachable")


def _spawn(folder: Path, server: Server, port: int) -> "subprocess.Popen[bytes]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith(WITHHELD)}
    with (folder / "alive.lock").open("ab") as alive, (folder / "server.log").open("wb") as log:
        (folder / "server.log").chmod(0o600)
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process = subprocess.Popen(
            server.command(port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            pass_fds=[alive.fileno()],
            start_new_session=True,  # a terminal's Ctrl-C is for the owner, who may still need it
            umask=0o077,
        )
        _children[process.pid] = process
        _write_record(folder, server, process.pid, port, ready=False)
    return process


def _wait_for(server: Server, port: int, is_alive: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            # Cheaper than a ping, whose clients wait between their tries.
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            server.ping(port)
            if is_alive():
                return
        except Exception as failure:  # whatever a client raises: it is not up yet
            cause = type(failure).__name__
        else:
            cause = "another server answers on its port"
        if not is_alive():
            raise _EndedEarlyError(f"The server ({server.kind}) ended before it answered")
        if time.monotonic() > deadline:
            raise ServerError(
                f"The server ({server.kind}) does not answer after {START_SECONDS} s ({cause})"
            )
        time.sleep(0.05)


def _stop(folder: Path) -> None:
    """Stop the server that runs in the folder, if one does, and forget it."""
    if _is_alive(folder):
        pid = _record(folder)["pid"]
        for signal_number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal_number)
            if _is_gone(folder, seconds):
                break
        else:
            raise ServerError(f"The server of {folder} (process {pid}) cannot be ended")
    _forget(folder)


def _is_gone(folder: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _is_alive(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _forget(folder: Path) -> None:
    (folder / "server.json").unlink(missing_ok=True)
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]


def _is_alive(folder: Path) -> bool:
    with (folder / "alive.lock").open("ab") as alive:
        return not _lock_exclusively(alive)


def _is_last(users: IO[bytes]) -> bool:
    """Whether nobody holds the users' lock; for who holds the gate and not the users' lock."""
    is_last = _lock_exclusively(users)
    fcntl.flock(users, fcntl.LOCK_UN)
    return is_last


def _lock_exclusively(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _gate(folder: Path) -> Iterator[None]:
    with (folder / "gate.lock").open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _record(folder: Path) -> dict[str, Any]:
    """What is known of the server that runs in the folder."""
    try:
        record: dict[str, Any] = json.loads((folder / "server.json").read_bytes())
    except FileNotFoundError:
        raise ServerError(
            f"A server runs in {folder} but server.json is gone; "
            f"end the process that has {folder / 'alive.lock'} open"
        ) from None
    return record


def _write_record(folder: Path, server: Server, pid: int, port: int, *, ready: bool) -> None:
    record = {"pid": pid, "port": port, "kind": server.kind, "ready": ready}
    written = folder / "server.json.new"
    written.write_text(json.dumps(record))
    written.replace(folder / "server.json")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise SystemExit in the main thread, where nothing handles them."""
    replaced = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _raise_exit)
                replaced.append(number)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)


def _raise_exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
