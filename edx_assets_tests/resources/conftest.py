"""Fixtures of the resources' tests: the server's name, a client beside the store, no AWS around."""

import gc
from collections.abc import Iterator
from typing import Any

import gnupg
import pytest
from pymongo import MongoClient

from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.deviations import MONGOD, SECANTUSD_PY, SECANTUSD_RS
from edx_assets_tests.resources.homes import gnupg_home, rsa_key


@pytest.fixture
def client(empty_mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A plain client of the store's server, to see what is really there."""
    with MongoClient[dict[str, Any]](empty_mongo_uri) as client:
        yield client


@pytest.fixture
def server(client: MongoClient[dict[str, Any]]) -> str:
    """Which server the test runs against, for what is known to be wrong of one."""
    told = client.admin.command("serverStatus").get("secantus", {})
    return {"python": SECANTUSD_PY, "rust": SECANTUSD_RS}.get(told.get("server"), MONGOD)


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The test's own log: an earlier test's store is closed when it is collected, and logs that."""
    gc.collect()
    return caplog


@pytest.fixture(scope="session")
def key() -> Iterator[tuple[gnupg.GPG, str]]:
    """The institution's key pair: the home and the fingerprint."""
    with gnupg_home() as home:
        fingerprint = rsa_key(home, PASSPHRASE)
        yield gnupg.GPG(gnupghome=home), fingerprint
