"""A proxy between a run and the store: it counts the writes, and stops at one of them.

It reads no more of MongoDB's messages than their length, their number and the name of the command.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from edx_assets_tests.torture.wire import command_of, message_from

WRITES = frozenset(
    {
        "insert",
        "update",
        "delete",
        "findAndModify",
        "create",
        "createIndexes",
        "renameCollection",
        "drop",
        "dropDatabase",
    }
)


@dataclass
class Proxy:
    """Where it listens, what it forwards to, how many writes it has seen, and what it waits for.

    Attributes:
        port: where it listens.
        upstream: the store's port; it can change while nobody is connected.
        writes: the commands that have passed since `arm`.
    """

    port: int
    upstream: int
    writes: list[str] = field(default_factory=list)
    _at: int | None = None
    _answered: bool = False
    _strike: Callable[[], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(
        self,
        at: int | None = None,
        answered: bool = False,
        strike: Callable[[], None] | None = None,
    ) -> None:
        """Count from 0 again, and call `strike` at a write, which is 0 for the first one.

        Args:
            at: the number of the write.
            answered: after the store has answered it, in place of before it has it; neither the
                write then nor the answer is passed on.
            strike: what to call, once.
        """
        with self._lock:
            self.writes.clear()
            self._at, self._answered, self._strike = at, answered, strike

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            try:
                store = socket.create_connection(("127.0.0.1", self.upstream), timeout=5)
            except OSError:
                client.close()
                continue
            store.settimeout(None)
            threading.Thread(target=self._forward, args=(client, store), daemon=True).start()

    def _forward(self, client: socket.socket, store: socket.socket) -> None:
        awaited: set[int] = set()
        with client, store:
            back = threading.Thread(target=self._to_client, args=(client, store, awaited))
            back.start()
            self._to_store(client, store, awaited)
            back.join()

    def _to_store(self, client: socket.socket, store: socket.socket, awaited: set[int]) -> None:
        with _closing(client, store):
            while message := message_from(client):
                if (name := command_of(message)) in WRITES:
                    with self._lock:
                        meant = len(self.writes) == self._at and self._strike is not None
                        self.writes.append(str(name))
                    if meant and self._answered:
                        awaited.add(int.from_bytes(message[4:8], "little"))
                    elif meant:
                        self._struck()
                        return
                store.sendall(message)

    def _to_client(self, client: socket.socket, store: socket.socket, awaited: set[int]) -> None:
        with _closing(client, store):
            while message := message_from(store):
                if int.from_bytes(message[8:12], "little") in awaited:
                    self._struck()
                    return
                client.sendall(message)

    def _struck(self) -> None:
        with self._lock:
            strike, self._strike = self._strike, None
        if strike:
            strike()


@contextmanager
def proxy(upstream: int) -> Iterator[Proxy]:
    """A proxy that listens on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Proxy(int(listener.getsockname()[1]), upstream)
        threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
        try:
            yield made
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`


@contextmanager
def _closing(*ends: socket.socket) -> Iterator[None]:
    try:
        yield
    except OSError:
        pass
    finally:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
