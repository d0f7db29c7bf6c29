"""Learners retired from the master collection: as if the days had been loaded without them."""

import json
from typing import Any

import pytest

from edx_assets.edx.identifiers import Identifiers
from edx_assets.loading.ledger import DUPLICATES, IMPORTS, MASTER_QUARANTINE, MASTER_TRACKING
from edx_assets.loading.retired.retirement import look, remaining, retire
from edx_assets.loading.retired.suppression import RETIRED as _HASHES
from edx_assets.resources import lock
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.conftest import empty
from edx_assets_tests.institution import event
from edx_assets_tests.loading.days.deliveries import Delivery, adds_up, line, load, state
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal

MARY = Identifiers(
    user_ids=frozenset([9]),
    usernames=frozenset(["mary_b"]),
    emails=frozenset(["mary@example.org"]),
    names=frozenset(["Mary Ann Blue"]),
)


def mary(number: int, **fields: Any) -> bytes:
    """An event of the learner."""
    context = {"course_id": "TestX/T101/2014", "user_id": 9}
    of = {"username": "mary_b", "context": context} | fields
    return json.dumps(event(number, **of)).encode()


def post(number: int, body: str) -> bytes:
    """A post that another learner wrote."""
    told = {"body": body, "commentable_id": "x", "id": f"{number:024x}"}
    kind = "edx.forum.response.created"
    return json.dumps(event(number, event=told, event_type=kind, event_source="server")).encode()


def request(number: int, address: str, told: str = "{}", **fields: Any) -> bytes:
    """A request to the server: what was sent stays text, and is no field of its own."""
    of = {"event": told, "event_type": address, "event_source": "server"} | fields
    return json.dumps(event(number, **of)).encode()


LOGIN = '{"POST": {"email": ["mary@example.org"]}, "GET": {}}'
NOBODY = {"username": "", "context": {"course_id": "TestX/T101/2014", "user_id": None}}

FILES: list[Delivery] = [
    ("edx", 3, [line(1), mary(2), post(3, "thanks, Mary_B!"), b'{"username": "mary_b", ', b"{"]),
    ("edx", 4, [mary(2), mary(5), line(1), post(3, "thanks, Mary_B!"), mary(6, username="")]),
    ("edge", 4, [mary(7), line(5), post(8, "ask mary@example.org"), post(9, "not maryland")]),
    ("edge", 5, [request(11, "/login", LOGIN, **NOBODY), request(12, "/c/progress/9/")]),
    ("edx", 5, [line(3), line(6), b"9", post(10, "Mary Ann  Blue said 9 of 9")]),
]


def everything(store: Store) -> str:
    collections = (MASTER_TRACKING, DUPLICATES, MASTER_QUARANTINE, IMPORTS)
    return repr([bytes(raw) for name in collections for raw in store.find_raw(name, {})]).lower()


def ignore(_told: str) -> None:
    """Progress that nobody watches."""


@pytest.mark.parametrize("mode", ["delete", "pseudonymise"])
def test_a_learner_is_retired_as_if_the_days_were_loaded_again(
    store: Store, storage: Storage, mongo_uri: str, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("EDX_RETIRE", mode)
    load(store, storage, FILES)
    done = retire(store, storage, "list.csv", MARY, ignore)
    in_place = state(store)
    adds_up(store)
    assert not remaining(store, storage, done, ignore, {}).found
    for word in ("mary_b", "mary@example.org", "mary ann", "progress/9"):
        assert word not in everything(store)
    retired = store.find_raw(MASTER_TRACKING, {})
    assert len(list(retired)) == (10 if mode == "delete" else 14)
    keep = {name: list(store.find_raw(name, {})) for name in (_HASHES,)}
    empty(mongo_uri)
    for name, documents in keep.items():
        store.insert(name, documents)
    load(store, storage, FILES)
    assert state(store) == in_place


def test_what_is_found_of_a_learner_is_told_before_anything_is_written(
    store: Store, storage: Storage
) -> None:
    load(store, storage, FILES)
    before = everything(store)
    found = look(store, MARY, ignore).found
    assert found == {
        "tracking_logs.tracking": {"go": 4, "change": 5},
        "tracking_logs.duplicates": {"go": 1, "change": 1},
        "tracking_logs.quarantine": {"lines": 1},
    }
    assert everything(store) == before
    assert store.get(_HASHES, "state") is None


def test_a_retirement_killed_at_any_write_is_gone_on_with(
    store: Store, storage: Storage, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    load(store, storage, FILES)
    retire(store, storage, "list.csv", MARY, ignore)
    right = state(store)
    for writes in range(100):
        empty(mongo_uri)
        load(store, storage, FILES)
        try:
            retire(Mortal(store, writes), storage, "list.csv", MARY, ignore)
        except Killed:
            retire(store, storage, "list.csv", MARY, ignore)
            assert state(store) == right, writes
        else:
            break
    assert 10 < writes < 60


def test_days_that_a_killed_retirement_left_can_be_loaded_instead(
    store: Store, storage: Storage, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    load(store, storage, FILES)
    retire(store, storage, "list.csv", MARY, ignore)
    right = state(store)
    for writes in range(2, 100, 2):
        empty(mongo_uri)
        load(store, storage, FILES)
        try:
            retire(Mortal(store, writes), storage, "list.csv", MARY, ignore)
        except Killed:
            load(store, storage, FILES)
            retire(store, storage, "list.csv", MARY, ignore)
            assert state(store) == right, writes
        else:
            break
