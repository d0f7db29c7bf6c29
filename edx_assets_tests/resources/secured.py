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
from pymongo.errors import PyMongoError

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
    with _server(folder) as address, MongoClient[Any](f"mongodb://{address}/") as client:
        for user, roles in USERS.items():
            client.admin.command("createUser", user, pwd=password, roles=roles)
    with _server(folder, "--auth") as address:
        yield address


@contextmanager
def server_with_tls(folder: Path) -> Iterator[tuple[str, Path]]:
    """A server that speaks TLS alone; its host and port, and its certificate."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    options = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    with _server(folder / "data", *options) as address:
        yield address, certificate


@contextmanager
def _server(folder: Path, *options: str) -> Iterator[str]:
    program = program_of(SECANTUSD_PY)
    if program is None:
        pytest.skip(f"{SECANTUSD_PY} is not there")
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
        _wait(address, "tls=true&tlsInsecure=true&" if "--tls-key-file" in options else "")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str, options: str) -> None:
    until = time.monotonic() + 20
    uri = f"mongodb://{address}/?{options}serverSelectionTimeoutMS=500"
    while True:
        with MongoClient[Any](uri) as client:
            try:
                client.admin.command("ping")
                return
            except PyMongoError:
                assert time.monotonic() < until, "the server does not come up"
