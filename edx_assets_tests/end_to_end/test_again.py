"""The sample institution through every stage a second time."""

from rich.console import Console

from edx_assets.cli.demo import take_through
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets_tests.end_to_end.built import Built, status_now


def test_all_of_it_again_changes_nothing(built: Built) -> None:
    manifest, store = built
    before = status_now()
    ids = sorted(record["_id"] for record in store.find(MASTER_TRACKING, {}, fields=["_id"]))
    for _stage in take_through(manifest, Console(quiet=True)):
        pass
    assert status_now() == before
    again = sorted(record["_id"] for record in store.find(MASTER_TRACKING, {}, fields=["_id"]))
    assert again == ids
