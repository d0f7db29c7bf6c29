"""Servers that ask for a user and a password, or for TLS: real ones, for a test module."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from edx_assets.local.embedded_store import SECANTUSD_PY, program_of

USERS: dict[str, list[Any]] = {
    "czar": ["readWriteAnyDatabase"],
    "narrow": [{"role": "readWrite", "db": "tracking_logs"}],
}
"""Who the server knows, with their roles; their password is PASSWORD where none is given."""
PASSWORD = "battery-staple"


@contextmanager
def server_with_users(folder: Path, password: str = PASSWORD) -> Iterator[str]:
    """A server that asks who one is; its host and port."""
    with (
        running(SECANTUSD_PY, folder) as address,
        MongoClient[Any](f"mongodb://{address}/") as client,
    ):
        for user, roles in USERS.items():
            client.admin.command("createUser", user, pwd=password, roles=roles)
    with running(SECANTUSD_PY, folder, "--auth") as address:
        yield address


@contextmanager
def server_with_tls(
    folder: Path, certificate: Path, clients: Path | None = None, kind: str = SECANTUSD_PY
) -> Iterator[str]:
    """A server that speaks TLS alone; its host and port.

    Args:
        folder: its data.
        certificate: a file with its certificate and key.
        clients: the authority that a client's certificate must be of; without one, none is needed.
        kind: of which kind it is.
    """
    options = ["--tls-cert-file", str(certificate), "--tls-key-file", str(certificate)]
    if clients:
        options += ["--tls-ca-file", str(clients), "--tls-require-client-cert"]
    with running(kind, folder, "--auth", *options) as address:
        yield address


@contextmanager
def running(kind: str, folder: Path, *options: str) -> Iterator[str]:
    """A server of a kind; its host and port."""
    program = program_of(kind)
    if program is None:
        pytest.skip(f"{kind} is not there")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program, "--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    process = subprocess.Popen(
        [*command, "--storage-path", str(folder), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(address)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:  # it waits for those who are still connected
            process.kill()
            process.wait()


def _wait(address: str) -> None:
    host, port = address.split(":")
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((host, int(port))).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < until, "the server does not come up"
            time.sleep(0.05)
