"""The lock where connections to the database are lost: none is left behind that nobody holds."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from edx_assets.resources.lock import LOCKS, locked
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store, StoreError
from edx_assets_tests.torture.faults.store_proxy import AFTER, BEFORE, StoreProxy, store_proxy


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
