"""A store that can be killed and started again, behind the proxy through which runs reach it."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep
from typing import Any

from edx_assets.local.embedded_store import embedded_store
from edx_assets_tests.torture.kills.proxy import Proxy, proxy


class KillableStore:
    """An embedded store; `uri` is its own address, `proxied` the one that never changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        # whoever ends a server's use has to be who began it, so far as signals are concerned
        self._starter = ThreadPoolExecutor(1)
        self.uri = self._starter.submit(self._start).result()
        self.proxy: Proxy

    @property
    def proxied(self) -> str:
        """The address of the proxy."""
        return f"mongodb://127.0.0.1:{self.proxy.port}/?journal=true"

    @property
    def port(self) -> int:
        """The server's own port."""
        return int(self._record()["port"])

    @property
    def kind(self) -> str:
        """Which kind of server it is."""
        return str(self._record()["kind"])

    def kill(self) -> None:
        """SIGKILL to the server; it is gone when this returns."""
        pid = int(self._record()["pid"])
        os.kill(pid, signal.SIGKILL)
        while _runs(pid):
            sleep(0.005)

    def restart(self) -> None:
        """Start it again after it was killed; the proxy follows."""
        self._starter.submit(self._running.close).result()
        self.uri = self._starter.submit(self._start).result()
        self.proxy.upstream = self.port

    def close(self) -> None:
        """Stop it."""
        self._starter.submit(self._running.close).result()
        self._starter.shutdown()

    def _start(self) -> str:
        return self._running.enter_context(embedded_store(self._folder))

    def _record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self._folder / "server.json").read_bytes())
        return found


@contextmanager
def killable_store(folder: Path) -> Iterator[KillableStore]:
    """Start a store and a proxy before it."""
    store = KillableStore(folder)
    try:
        with proxy(store.port) as store.proxy:
            yield store
    finally:
        store.close()


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
