"""A proxy in front of an S3 server: what the server answers goes wrong on its way."""

import http.client
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

_OF_THE_CONNECTION = {"connection", "transfer-encoding", "content-length", "date", "server"}
_RESET = struct.pack("ii", 1, 0)  # what close() sends is then a RST
_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>told by the proxy</Message></Error>"
_SLOW_PIECES = 20
_SLOW_PAUSE = 0.05  # seconds


@dataclass
class Answer:
    """What the server answered: a fault may change it before it is sent on."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class S3Proxy:
    """Where it listens, and what goes wrong with which requests.

    Attributes:
        endpoint: its URL.
        hits: how many requests have gone wrong.
    """

    endpoint: str
    upstream: str
    hits: int = 0
    over: Event = field(default_factory=Event)
    _wrong: Callable[["Handler", Answer], None] | None = None
    _of: str = "any"
    _first: int = 0
    _last: int = 0
    _seen: int = 0
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def going_wrong(
        self, wrong: Callable[["Handler", Answer], None], of: str, first: int = 0, times: int = 1
    ) -> Iterator[None]:
        """Let some of the requests go wrong.

        Args:
            wrong: sends the answer as it should not be sent.
            of: which requests are counted: of an `object`, of a `listing`, or `any`.
            first: the number of the first one that goes wrong, from 0 on.
            times: how many do; they follow each other.
        """
        self._seen, self.hits = 0, 0
        self.over = Event()
        self._wrong, self._of, self._first, self._last = wrong, of, first, first + times
        try:
            yield
        finally:
            self._wrong = None
            self.over.set()

    def fault_of(self, path: str) -> Callable[["Handler", Answer], None] | None:
        """What goes wrong with a request, which is counted here."""
        parts = urlsplit(path)
        kind = "object" if parts.path.strip("/").count("/") else "listing"
        with self._lock:
            if self._wrong is None or self._of not in ("any", kind):
                return None
            self._seen += 1
            if not self._first < self._seen <= self._last:
                return None
            self.hits += 1
            return self._wrong


class Handler(BaseHTTPRequestHandler):
    """Passes a request on to the server, and its answer back."""

    protocol_version = "HTTP/1.1"
    proxy: S3Proxy

    def do_GET(self) -> None:
        """Pass it on."""
        answer = self._asked()
        wrong = self.proxy.fault_of(self.path)
        (wrong or Handler.send)(self, answer)

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _asked(self) -> Answer:
        address = urlsplit(self.proxy.upstream)
        server = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        try:
            server.request(self.command, self.path, headers=dict(self.headers))
            told = server.getresponse()
            return Answer(told.status, told.getheaders(), told.read())
        finally:
            server.close()

    def send_head(self, answer: Answer) -> None:
        """The status line and the headers, of a body as long as the server's was."""
        self.send_response_only(answer.status)
        length = str(len(answer.body))
        for name, value in answer.headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()

    def send(self, answer: Answer) -> None:
        """All of it."""
        self.send_head(answer)
        if self.command == "GET":
            self.wfile.write(answer.body)

    def reset(self) -> None:
        """End the connection with a RST."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()

    def handle(self) -> None:
        """Handle requests until the connection ends, by whomever."""
        with suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        """Be done with a connection that may be gone."""
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def slow(handler: Handler, answer: Answer) -> None:
    """It trickles."""
    handler.send_head(answer)
    if handler.command == "GET":
        size = max(1, len(answer.body) // _SLOW_PIECES)
        for start in range(0, len(answer.body), size):
            handler.wfile.write(answer.body[start : start + size])
            handler.proxy.over.wait(_SLOW_PAUSE)


def silent(handler: Handler, _answer: Answer) -> None:
    """It never comes."""
    handler.proxy.over.wait()
    handler.close_connection = True


def reset_at(share: float) -> Callable[[Handler, Answer], None]:
    """The connection is reset after this share of the body."""

    def wrong(handler: Handler, answer: Answer) -> None:
        handler.send_head(answer)
        handler.wfile.write(answer.body[: int(len(answer.body) * share)])
        handler.reset()

    return wrong


def truncated_at(share: float) -> Callable[[Handler, Answer], None]:
    """The connection ends, in order, after this share of the body."""

    def wrong(handler: Handler, answer: Answer) -> None:
        handler.send_head(answer)
        handler.wfile.write(answer.body[: int(len(answer.body) * share)])
        handler.close_connection = True

    return wrong


def flipped_at(share: float) -> Callable[[Handler, Answer], None]:
    """A bit of the body is another one."""

    def wrong(handler: Handler, answer: Answer) -> None:
        body = bytearray(answer.body)
        if body:
            body[int(len(body) * share)] ^= 1
        handler.send(Answer(answer.status, answer.headers, bytes(body)))

    return wrong


def answering(status: int, code: str) -> Callable[[Handler, Answer], None]:
    """The server answers an error."""

    def wrong(handler: Handler, _answer: Answer) -> None:
        headers = [("Content-Type", "application/xml")]
        handler.send(Answer(status, headers, _ERROR.format(code).encode()))

    return wrong


@contextmanager
def s3_proxy(upstream: str) -> Iterator[S3Proxy]:
    """A proxy in front of the server at this URL."""
    handler = type("BoundHandler", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        proxy = S3Proxy(f"http://127.0.0.1:{server.server_address[1]}", upstream)
        handler.proxy = proxy  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.over.set()
            server.shutdown()
