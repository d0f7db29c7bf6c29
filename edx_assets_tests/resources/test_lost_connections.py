"""Connections to the database that are lost: what is said of it, and no lock is left behind."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from edx_assets.resources.lock import LOCKS, locked
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store, StoreError
from edx_assets_tests.resources.documents import HERE
from edx_assets_tests.torture.faults.store_proxy import (
    AFTER,
    BEFORE,
    READ_ONLY,
    StoreProxy,
    store_proxy,
)


@pytest.fixture
def proxy(empty_mongo_uri: str) -> Iterator[StoreProxy]:
    with store_proxy(int(urlsplit(empty_mongo_uri).port or 27017)) as made:
        yield made


@pytest.fixture
def distant(proxy: StoreProxy) -> Store:
    return connect(f"mongodb://127.0.0.1:{proxy.port}/?serverMonitoringMode=poll", 2000)


@pytest.mark.parametrize("lost", [1, 2])
def test_it_is_released_over_another_connection(
    proxy: StoreProxy, distant: Store, client: MongoClient[dict[str, object]], lost: int
) -> None:
    with locked(distant, "d", "n"):
        losing = proxy.going_wrong(BEFORE, times=lost)
        losing.__enter__()
    assert proxy.hits == lost
    assert not client["d"][LOCKS].find_one()


def test_one_whose_taking_was_not_answered_is_released(
    proxy: StoreProxy, distant: Store, client: MongoClient[dict[str, object]]
) -> None:
    with (
        proxy.going_wrong(AFTER),
        pytest.raises(StoreError, match="AutoReconnect"),
        locked(distant, "d", "n"),
    ):
        pass
    assert not client["d"][LOCKS].find_one()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (BEFORE, "AutoReconnect: the connection was lost, as where the server is started again"),
        (AFTER, "AutoReconnect: the connection was lost, as where the server is started again"),
        (READ_ONLY, "NotPrimaryError: it takes no writes now, as while a primary is elected"),
    ],
)
def test_what_is_said_of_a_write(proxy: StoreProxy, distant: Store, kind: str, words: str) -> None:
    with proxy.going_wrong(kind), pytest.raises(StoreError, match=words) as error:
        distant.put(HERE, {"_id": 1})
    assert "materialize this partition again; check EDX_MONGO_URI" in str(error.value)
    distant.put(HERE, {"_id": 1})
    assert distant.count(HERE) == 1
