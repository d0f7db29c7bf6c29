"""A collection's load that is killed at any of its writes, and what a plain rerun makes of it."""

from typing import Any

import pytest
from pymongo import MongoClient

from edx_assets.loading.courses.collection import forget_collection, load_collection
from edx_assets.loading.ledger import LOADS, course_load
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    collection,
    gnupg_of,
    members,
    sort,
)
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal

_USERS = Collection(DATABASE, "auth_user")
_MOST_WRITES = 50


def state(store: Store) -> tuple[Any, Any, Any]:
    """The collection, its quarantine, and what the ledger and the database say of them."""
    entries = [
        course_load(store, COURSE, _USERS.name),
        store.get(Collection(DATABASE, LOADS), _USERS.name),
    ]
    told = [{name: (entry or {}).get(name) for name in ("rows", "source")} for entry in entries]
    return collection(store, _USERS.name), collection(store, "quarantine"), told


@pytest.mark.parametrize("first", [True, False])
def test_a_load_killed_at_any_write_is_done_again_and_exactly(
    testx: Institution, store: Store, client: MongoClient[dict[str, Any]], first: bool
) -> None:
    storage, gnupg = Storage(place=str(testx.folder / "files")), gnupg_of(testx)

    def load(into: Store, rebuild: bool = False) -> None:
        load_collection(into, storage, gnupg, COURSE, _USERS.name, rebuild=rebuild)

    users = b"id\tusername\n9\tzoe\n\n10\n11\tbob\n"
    testx.deliver_package("2014-02-09", members(auth_user=users))
    sort(testx, "2014-02-09")
    load(store)
    whole = state(store)
    assert [(bad["line"], bad["raw"]) for bad in whole[1]] == [(3, b""), (4, b"10")]
    for writes in range(_MOST_WRITES):
        if first:
            forget_collection(store, COURSE, _USERS)
            assert collection(store, "quarantine") == []
        try:
            load(Mortal(store, writes), rebuild=True)
        except Killed:
            load(store)
            assert state(store) == whole, writes
            names = client[DATABASE].list_collection_names()
            assert not [name for name in names if name.startswith("_loading")], writes
        else:
            break
    assert 4 < writes < _MOST_WRITES - 1
