"""MongoDB as a Dagster resource: the connection. Reading and writing belong in `store`."""

import weakref
from contextvars import Context
from typing import Any

from dagster import ConfigurableResource
from pydantic import PrivateAttr
from pymongo import MongoClient, timeout
from pymongo.errors import PyMongoError

from edx_assets.resources.access import Access
from edx_assets.resources.connection_causes import connection_string, misspelt
from edx_assets.resources.store import Document, Store, StoreError
from edx_assets.settings import InvalidSettingError, MissingSettingError, load_settings, secret

_PATIENCE_MS = 15_000  # a replica set elects a new primary within 12 s
_FAREWELL_SECONDS = 1


class Mongo(ConfigurableResource[Any]):
    """The MongoDB of EDX_MONGO_URI, which is never in a run's configuration: the UI shows that."""

    _store: Store | None = PrivateAttr(default=None)

    def store(self) -> Store:
        """The document store, connected on first use.

        Raises:
            MissingSettingError: EDX_MONGO_URI is not set.
            InvalidSettingError: it cannot be used.
            StoreError: DNS does not answer for it.
        """
        if self._store is None:
            self._store = institution_store()
        return self._store


def institution_store(patience_ms: int | None = None, uri: str | None = None) -> Store:
    """The document store of the settings, or at `uri`, and in it the databases of their prefix.

    Raises:
        MissingSettingError, InvalidSettingError: as `institution_uri`.
        StoreError: DNS does not answer for it.
    """
    return connect(uri or institution_uri(), patience_ms, load_settings().database_prefix or "")


def institution_uri() -> str:
    """The connection string of the settings.

    Raises:
        MissingSettingError: neither EDX_MONGO_URI nor EDX_MONGO_URI_FILE is set.
        InvalidSettingError: one of them cannot be used, or EDX_DATABASE_PREFIX is wrong: without
            it, the databases could be another institution's.
    """
    settings = load_settings()
    settings.require("mongo_uri", "mongo_uri_file", "database_prefix")
    uri = secret(settings, "mongo_uri").strip()
    if not uri:
        raise MissingSettingError("mongo_uri")
    return uri


def connect(uri: str, patience_ms: int | None = None, prefix: str = "") -> Store:
    """The document store at a connection string, whose options apply, with two exceptions.

    Writes must be acknowledged, and reads go to the primary, where the writes go. Otherwise no
    count could be trusted.

    Args:
        uri: the connection string.
        patience_ms: how long a server is waited for, if not as long as the string says
            (`serverSelectionTimeoutMS`), or else as an election takes.
        prefix: how the names of all its databases begin.

    Raises:
        InvalidSettingError: it is not a connection string, a file or a DNS record that it names is
            not there, or it asks for unacknowledged writes.
        StoreError: DNS does not answer.
    """
    client = _client(uri, patience_ms)
    if not client.write_concern.acknowledged:
        client.close()
        raise InvalidSettingError("EDX_MONGO_URI asks for unacknowledged writes: remove w=0")
    store = Store(client, prefix)
    weakref.finalize(store, _close, client)  # nobody else ends the connections of a run or a tick
    return store


def connect_access(uri: str, named: str) -> Access:
    """The users and roles of the server at a connection string, which errors call by a name.

    Raises:
        InvalidSettingError: it cannot be used.
        StoreError: DNS does not answer.
    """
    try:
        client = _client(uri, None)
    except (InvalidSettingError, StoreError) as error:
        raise type(error)(str(error).replace("EDX_MONGO_URI", named)) from None
    access = Access(client, named)
    weakref.finalize(access, _close, client)
    return access


def _client(uri: str, patience_ms: int | None) -> MongoClient[Document]:
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        raise InvalidSettingError(connection_string(ValueError())[0])
    if wrong := misspelt(uri):
        raise InvalidSettingError(wrong)
    options = uri.partition("?")[2].lower()
    try:
        return MongoClient(
            uri,
            tz_aware=True,
            appname="edx_assets",
            readPreference="primary",
            **_patience(options, patience_ms),
            **_key_password(options),
        )
    except (PyMongoError, OSError, ValueError, TypeError) as error:
        told, final = connection_string(error)
        raise (InvalidSettingError if final else StoreError)(told) from None


def _close(client: MongoClient[Document]) -> None:
    """Close a client; a server that has ended meanwhile is not waited for, to end sessions on it.

    What is not ended there, a server ends by itself after half an hour. The time limit is a context
    variable, and garbage may be collected while one of the caller's is being set, which CPython
    does not bear in the same context (github.com/python/cpython/issues/148891).
    """
    Context().run(_say_farewell, client)


def _say_farewell(client: MongoClient[Document]) -> None:
    with timeout(_FAREWELL_SECONDS):
        client.close()


def _patience(options: str, patience_ms: int | None) -> dict[str, Any]:
    """The driver's arguments for how long a server is waited for; none if the options say it."""
    if patience_ms is not None:
        # a connection has to fail before the patience ends, or nobody says why it did
        return {"serverSelectionTimeoutMS": patience_ms, "connectTimeoutMS": patience_ms // 2}
    said = "serverselectiontimeoutms=" in options
    return {} if said else {"serverSelectionTimeoutMS": _PATIENCE_MS}


def _key_password(options: str) -> dict[str, Any]:
    """The driver's argument without which OpenSSL asks for a key's password at the terminal."""
    asks = "tlscertificatekeyfile=" in options and "tlscertificatekeyfilepassword=" not in options
    return {"tlsCertificateKeyFilePassword": ""} if asks else {}
