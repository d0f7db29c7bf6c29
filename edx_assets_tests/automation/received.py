"""Servers that keep what notices they get."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "czar", "battery-staple"
"""Who the mail server knows, where it asks."""


@dataclass
class Received:
    """What a server got."""

    address: str
    bodies: list[bytes] = field(default_factory=list)
    answer: int = 200
    logins: list[LoginPassword] = field(default_factory=list)
    hangs_up: bool = False
    """Whether the mail server ends the connection in place of answering QUIT."""


@contextmanager
def web_server(certificate: trustme.LeafCert | None = None) -> Iterator[Received]:
    """A web server that keeps what is posted to it; with a certificate, it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(received.answer)
            if 300 <= received.answer < 400:
                self.send_header("Location", f"{received.address}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:  # what some redirects make of a POST
            received.bodies.append(b"GET")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of clients that do not trust it."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if certificate:
            server.socket = tls_of(certificate).wrap_socket(server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        received = Received(f"{scheme}://127.0.0.1:{server.server_port}/hook/secret-part")
        Thread(target=server.serve_forever, daemon=True).start()
        yield received
        server.shutdown()


@contextmanager
def mail_server(
    certificate: trustme.LeafCert | None = None, *, tls_at_once: bool = False
) -> Iterator[Received]:
    """A mail server that keeps what it gets.

    With a certificate, it asks for STARTTLS, or speaks TLS from the first byte, and for a password.
    """

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            if certificate and not session.authenticated:
                return "530 5.7.0 Authentication required"
            received.bodies.append(envelope.content)
            return "250 OK"

        async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            if received.hangs_up:
                server.transport.abort()
            return "221 Bye"

    def authenticate(_server: Any, _session: Any, _envelope: Any, _kind: str, login: Any) -> Any:
        received.logins.append(login)
        good = login == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    received = Received(f"127.0.0.1:{port}")
    secured: dict[str, Any] = {}
    if certificate and tls_at_once:
        secured = {"ssl_context": tls_of(certificate), "auth_require_tls": False}
    elif certificate:
        secured = {"tls_context": tls_of(certificate), "require_starttls": True}
    controller = Controller(
        Handler(), hostname="127.0.0.1", port=port, authenticator=authenticate, **secured
    )
    controller.start()
    yield received
    controller.stop()


def tls_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """What a server with this certificate speaks TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
