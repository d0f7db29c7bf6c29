"""A proxy in front of the store: it refuses, drops connections, or answers as a secondary does.

Of MongoDB's messages it reads the length and the name of the command.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread

from bson import encode

from edx_assets_tests.torture.wire import answer_to, command_of, message_from

WRITES = frozenset(
    {"insert", "update", "delete", "create", "createIndexes", "renameCollection", "drop"}
)
_NOT_PRIMARY = encode(
    {
        "ok": 0.0,
        "errmsg": "not primary",
        "code": 10107,
        "codeName": "NotWritablePrimary",
    }
)

BEFORE, AFTER, READ_ONLY, THEN = "before", "after", "read-only", "then"
"""What becomes of a write: it is lost with its connection; it is done and the connection is lost;
it is refused; or it waits until something has been done to the store."""


@dataclass
class StoreProxy:
    """Where it listens, what it forwards to, and what goes wrong with which writes.

    Attributes:
        upstream: the store's port; it changes where the store is started again.
        hits: how many writes have gone wrong.
        seen: how many writes there were since something last began to go wrong.
    """

    port: int
    upstream: int
    hits: int = 0
    seen: int = 0
    _kind: str = ""
    _first: int = 0
    _last: int = 0
    _act: Callable[[], None] | None = None
    _listener: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def going_wrong(
        self, kind: str, first: int = 0, times: int = 1, act: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Let some writes go wrong: so many, from the one with this number (from 0) on."""
        self.seen = self.hits = 0
        self._first, self._last, self._act, self._kind = first, first + times, act, kind
        try:
            yield
        finally:
            self._kind = ""

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse connections, and end those that are there."""
        self.close()
        try:
            yield
        finally:
            self.listen()

    def listen(self) -> None:
        """Take connections."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Take none any more, and end those that are there."""
        if self._listener:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.drop()

    def drop(self) -> None:
        """End all connections."""
        with self._lock:
            ends, self._open = self._open, []
        _end(*ends)

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _address = listener.accept()
                Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        try:
            store = socket.create_connection(("127.0.0.1", self.upstream), timeout=5)
        except OSError:
            return _end(client)
        store.settimeout(None)
        with self._lock:
            self._open += [client, store]
        with suppress(OSError):
            while message := message_from(client):
                fault = self._fault_of(message)
                if fault == READ_ONLY:
                    client.sendall(answer_to(message, _NOT_PRIMARY))
                    continue
                if fault == BEFORE:
                    break
                if fault == THEN and self._act:
                    self._act()
                store.sendall(message)
                answered = message_from(store)
                if fault == AFTER or not answered:
                    break
                client.sendall(answered)
        return _end(client, store)

    def _fault_of(self, message: bytes) -> str:
        if command_of(message) not in WRITES:
            return ""
        with self._lock:
            self.seen += 1
            if not self._kind or not self._first < self.seen <= self._last:
                return ""
            self.hits += 1
            return self._kind


@contextmanager
def store_proxy(upstream: int) -> Iterator[StoreProxy]:
    """A proxy in front of the store at this port of 127.0.0.1."""
    proxy = StoreProxy(0, upstream)
    proxy.listen()
    try:
        yield proxy
    finally:
        proxy.close()


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
