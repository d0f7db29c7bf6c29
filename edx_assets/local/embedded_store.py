"""The embedded store: a MongoDB-wire server whose data live in a folder.

SecantusDB is in beta, and under GPL-2.0: it is for trying and testing, runs as a process of its own
and is never imported.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from edx_assets.local.shared_process import Server, ServerError, private_folder, shared_server

MONGOD = "mongod"
SECANTUSD_RS = "secantusd-rs"
SECANTUSD_PY = "secantusd-py"

KINDS = (MONGOD, SECANTUSD_RS, SECANTUSD_PY)
"""The programs that can be the store, each named as its data folder is; the best one first."""

_REMEDIES = {
    MONGOD: "install MongoDB, so that mongod is on the PATH",
    SECANTUSD_RS: "put secantusd-rs on the PATH (cargo install secantus-mdb)",
    SECANTUSD_PY: "install edx-assets[local], on a Python from 3.11 to 3.13: "
    "there is no secantusd-py for others",
}


@contextmanager
def embedded_store(folder: Path, kind: str | None = None) -> Iterator[str]:
    """A MongoDB URI, on 127.0.0.1, of a store whose data live in `folder` (made 0700).

    The server is of the first of the kinds that is there; a folder stays with the kind that made
    it, whose name its data folder bears. All who name the same folder share one server; the last
    to leave stops it. What it acknowledges is there again after any `kill -9`.

    Raises:
        ServerError: the kind of server the folder needs is not there, or does not come up.
    """
    folder = private_folder(folder)
    kind = kind or _kind(folder)
    program = program_of(kind)
    if program is None:
        raise ServerError(f"The store in {folder} needs {kind}: {_REMEDIES[kind]}")
    data = private_folder(folder / kind)
    options = _mongod(data) if kind == MONGOD else _secantus(kind, data)
    server = Server(kind, lambda port: [program, "--port", str(port), *options], _ping)
    with shared_server(folder, server) as port:
        yield _uri(port)


def program_of(kind: str) -> str | None:
    """Where the program of a kind is; None where it is not there."""
    # A virtual environment that is not activated is on no PATH.
    beside = Path(sys.executable).parent if kind == SECANTUSD_PY else None
    return (beside and shutil.which(kind, path=str(beside))) or shutil.which(kind)


def _kind(folder: Path) -> str:
    """The kind of server that made the folder, or the best one there is for a new one."""
    filled = [path.name for path in folder.iterdir() if path.is_dir() and any(path.iterdir())]
    made_by = next((kind for kind in KINDS if kind in filled), None)
    if filled and made_by is None:
        raise ServerError(
            f"The demo in {folder} was made by an older version of edx_assets, "
            "with another store: remove that folder (or `make clean`), then make the demo again "
            "(`make demo`)"
        )
    if made_by and program_of(made_by) is None:
        raise ServerError(
            f"The store in {folder} was made by {made_by}, which is not there: "
            f"{_REMEDIES[made_by]}; or remove the folder to start anew"
        )
    best = made_by or next((kind for kind in KINDS if program_of(kind)), None)
    if best is None:
        raise ServerError(
            "There is no program for the embedded store. Take one: set EDX_MONGO_URI to a MongoDB "
            f"of yours; or {'; or '.join(_REMEDIES.values())}"
        )
    return best


def _mongod(data: Path) -> list[str]:
    return [
        *("--dbpath", str(data)),
        *("--bind_ip", "127.0.0.1"),
        "--nounixsocket",
        # By default half of the machine's memory, which the loads need too.
        *("--wiredTigerCacheSizeGB", "1"),
        # Slow commands are logged with their contents, which may be learners' data.
        *("--slowms", str(2**31 - 1)),
    ]


def _secantus(kind: str, data: Path) -> list[str]:
    return [
        *("--config", str(Path(__file__).with_name(f"{kind}.toml"))),
        *("--host", "127.0.0.1"),
        *("--storage-path", str(data)),
    ]


def _ping(port: int) -> None:
    with MongoClient[dict[str, Any]](_uri(port), serverSelectionTimeoutMS=2000) as client:
        client.admin.command("ping")


def _uri(port: int) -> str:
    # A write is acknowledged when it is on disk; by default mongod writes its journal a moment
    # later, and secantusd-py when a buffer is full.
    return f"mongodb://127.0.0.1:{port}/?journal=true"
