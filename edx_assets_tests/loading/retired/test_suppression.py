"""The list of retired learners: its key, and loads that run while learners are added."""

from pathlib import Path

import pytest

from edx_assets.edx.identifiers import Identifiers
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.ledger import DUPLICATES, IMPORTS, MASTER_TRACKING
from edx_assets.loading.registry import register_courses
from edx_assets.loading.retired.retirement import RETIREMENTS, retire
from edx_assets.loading.retired.suppression import (
    LostKeyError,
    RetiredMeanwhileError,
    suppression,
)
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.loading.days.deliveries import Delivery, adds_up, deliver, line, load

ANA = Identifiers(user_ids=frozenset([7]), usernames=frozenset(["ana"]))
BOB = Identifiers(user_ids=frozenset([8]), usernames=frozenset(["bob"]))
DAY: Delivery = ("edx", 3, [line(1), line(2)])


def ignore(_told: str) -> None:
    """Progress that nobody watches."""


def test_nobody_is_on_the_list_and_no_key_is_made_until_somebody_retires(
    store: Store, storage: Storage
) -> None:
    load(store, storage, [DAY])
    assert not suppression(store, storage).retired
    assert not storage.exists("keys/retirement")


@pytest.mark.parametrize("lost", ["gone", "another"])
def test_without_its_key_nothing_is_loaded_or_retired_and_no_other_key_is_made(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    retire(store, Storage(place=str(tmp_path / "first")), "list.csv", BOB, ignore)
    monkeypatch.setattr("edx_assets.loading.retired.suppression._held", {})  # another process
    storage = Storage(place=str(tmp_path / "second"))
    if lost == "another":
        with storage.writing("keys/retirement") as path:
            path.write_bytes(b"k" * 32)
    receipts = list(store.find(RETIREMENTS, {}))
    with pytest.raises(LostKeyError, match="put the file back from a backup"):
        load(store, storage, [DAY])
    with pytest.raises(LostKeyError, match="put the file back from a backup"):
        retire(store, storage, "other.csv", ANA, ignore)
    assert list(store.find(RETIREMENTS, {})) == receipts
    assert storage.exists("keys/retirement") == (lost == "another")
    assert store.count(MASTER_TRACKING) == 0


def test_a_load_that_began_before_a_retirement_is_refused_and_then_right(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = deliver(storage, DAY)

    def retire_first(*arguments: object) -> list[str]:
        """The lines are loaded; the day is not counted yet."""
        retire(store, storage, "list.csv", ANA, ignore)
        return register_courses(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(f"{load_day.__module__}.register_courses", retire_first)
    with pytest.raises(RetiredMeanwhileError, match="materialize this partition again"):
        load_day(store, storage, day)
    monkeypatch.undo()
    deliver(storage, DAY)
    load_day(store, storage, day)
    assert store.count(MASTER_TRACKING) == store.count(DUPLICATES) == 0
    [entry] = store.find(IMPORTS, {})
    assert (entry["lines"], entry["retired"], entry["state"]) == (2, 2, "loaded")
    adds_up(store)
