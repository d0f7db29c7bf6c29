"""Other processes, and what is looked at of a local server: for the tests of both."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient

ROOT = Path(__file__).parents[2]

USE_STORE = """
import signal, sys
from pathlib import Path
from edx_assets.local.embedded_store import embedded_store
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # so did the tests' process, since Dagster ran there
with embedded_store(Path(sys.argv[1]), *sys.argv[2:]) as uri:
    print(uri, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(program: str, *arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
    """Another Python process; it is killed at the end where it has not ended by itself."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
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
