"""The store that a stage is measured on: empty when it begins, and left empty."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from benchmarks.plan import Plan
from edx_assets.local.embedded_store import embedded_store

_SYSTEM = {"admin", "config", "local"}


@contextmanager
def scratch_store(plan: Plan) -> Iterator[str]:
    """The connection string of an empty store: an embedded one, or the plan's."""
    if plan.mongo:
        empty(plan.mongo)
        try:
            yield plan.mongo
        finally:
            empty(plan.mongo)
        return
    with (
        tempfile.TemporaryDirectory(prefix="store-", dir=plan.work) as folder,
        embedded_store(Path(folder)) as uri,
    ):
        yield uri


def databases(uri: str) -> list[str]:
    """Names of a server's databases, its own aside."""
    with MongoClient[dict[str, Any]](uri) as client:
        return sorted(set(client.list_database_names()) - _SYSTEM)


def empty(uri: str) -> None:
    """Drop every collection of every database."""
    with MongoClient[dict[str, Any]](uri) as client:
        for database in databases(uri):
            for collection in client[database].list_collection_names():
                client[database].drop_collection(collection)
            client.drop_database(database)
