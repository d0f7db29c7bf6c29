"""The embedded store: a MongoDB-wire server whose data live in a folder."""

import importlib.util
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from edx_assets.local.shared_process import Server, ServerError, private_folder, shared_server

MONGOD = "mongod"
NX_27017 = "nx-27017"

logger = logging.getLogger(__name__)


@contextmanager
def embedded_store(folder: Path, kind: str | None = None) -> Iterator[str]:
    """A MongoDB URI, on 127.0.0.1, of a store whose data live in `folder` (made 0700).

    The server is a `mongod` where one is on the PATH, else nx-27017; a folder stays with the kind
    of server that made it, whose name its data folder bears. All who name the same folder share
    one server; the last to leave stops it.

    Raises:
        ServerError: the kind of server the folder needs is not there, or does not come up.
    """
    folder = private_folder(folder)
    kind = kind or _kind(folder)
    data = private_folder(folder / kind)
    server = _mongod(data) if kind == MONGOD else _nx_27017(data)
    with shared_server(folder, server) as port:
        yield _uri(port)


def _kind(folder: Path) -> str:
    """The kind of server that made the folder, or the best one there is for a new one."""
    made_by = next((k for k in (MONGOD, NX_27017) if _has_files(folder / k)), None)
    has_mongod = shutil.which(MONGOD) is not None
    has_nx = importlib.util.find_spec("nx_27017") is not None
    if made_by == MONGOD and not has_mongod:
        raise ServerError(
            f"The store in {folder} was made by mongod, and there is no mongod on the PATH: "
            "install MongoDB, or remove the folder to start anew"
        )
    if not has_nx and (made_by == NX_27017 or not has_mongod):
        raise ServerError(
            f"The store in {folder} needs nx-27017, or, if new, a mongod on the PATH: "
            "install edx-assets[local], or set EDX_MONGO_URI to a MongoDB of yours"
        )
    if made_by == NX_27017 and has_mongod:
        logger.info("The store in %s stays with nx-27017; remove it to move to mongod", folder)
    return made_by or (MONGOD if has_mongod else NX_27017)


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _mongod(data: Path) -> Server:
    options = [
        *("--dbpath", str(data)),
        *("--bind_ip", "127.0.0.1"),
        "--nounixsocket",
        # By default half of the machine's memory, which the loads need too.
        *("--wiredTigerCacheSizeGB", "1"),
        # Slow commands are logged with their contents, which may be learners' data.
        *("--slowms", str(2**31 - 1)),
    ]
    return Server(MONGOD, lambda port: [MONGOD, "--port", str(port), *options], _ping)


def _nx_27017(data: Path) -> Server:
    program = str(Path(__file__).with_name("nx_server.py"))
    return Server(
        NX_27017, lambda port: [sys.executable, "-P", program, str(data), str(port)], _ping
    )


def _ping(port: int) -> None:
    with MongoClient[dict[str, Any]](_uri(port), serverSelectionTimeoutMS=2000) as client:
        client.admin.command("ping")


def _uri(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/"
