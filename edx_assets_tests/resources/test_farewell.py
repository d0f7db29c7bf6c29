"""A store that nobody uses any more does not wait for a server that has ended."""

import gc
from pathlib import Path
from threading import Thread

from edx_assets.local.embedded_store import embedded_store
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Collection


def test_a_server_that_has_ended_is_not_waited_for(tmp_path: Path) -> None:
    with embedded_store(tmp_path) as uri:
        held = [connect(f"{uri}&serverSelectionTimeoutMS=600000")]
        assert held[0].count(Collection("d", "c")) == 0  # in a session

    def forget() -> None:
        held.clear()
        gc.collect()

    forgetting = Thread(target=forget, daemon=True)
    forgetting.start()
    forgetting.join(60)
    assert not forgetting.is_alive()
