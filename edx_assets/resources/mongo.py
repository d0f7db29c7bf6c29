"""MongoDB as a Dagster resource: the connection. Reading and writing belong in `store`."""

import weakref
from typing import Any

from dagster import ConfigurableResource
from pydantic import PrivateAttr
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from edx_assets.resources.store import Document, Store, StoreError
from edx_assets.settings import MissingSettingError, load_settings

_PATIENCE_MS = 15_000  # a replica set elects a new primary within 12 s


class Mongo(ConfigurableResource[Any]):
    """The MongoDB of EDX_MONGO_URI, which is never in a run's configuration: the UI shows that."""

    _store: Store | None = PrivateAttr(default=None)

    def store(self) -> Store:
        """The document store, connected on first use.

        Raises:
            MissingSettingError: EDX_MONGO_URI is not set.
            StoreError: it is not a connection string.
        """
        if self._store is None:
            uri = load_settings().mongo_uri
            if uri is None:
                raise MissingSettingError("mongo_uri")
            self._store = connect(uri.get_secret_value())
        return self._store


def connect(uri: str) -> Store:
    """The document store at a connection string, whose options apply, with two exceptions.

    Writes must be acknowledged, and reads go to the primary, where the writes go. Otherwise no
    count could be trusted.

    Raises:
        StoreError: it is not a connection string, or asks for unacknowledged writes.
    """
    try:
        client: MongoClient[Document] = MongoClient(
            uri,
            tz_aware=True,
            serverSelectionTimeoutMS=_PATIENCE_MS,
            appname="edx_assets",
            readPreference="primary",
        )
    except (PyMongoError, ValueError, TypeError):
        raise StoreError("EDX_MONGO_URI is not a connection string (mongodb://…)") from None
    if not client.write_concern.acknowledged:
        client.close()
        raise StoreError("EDX_MONGO_URI asks for unacknowledged writes: remove w=0")
    store = Store(client)
    weakref.finalize(store, client.close)  # nobody else ends the connections of a run or a tick
    return store
