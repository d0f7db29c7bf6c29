"""nginx with the configuration that is shipped, before two of Dagster's webservers."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from time import monotonic, sleep

from edx_assets_tests.local.processes import ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NAME = "dagster.example.edu"
PASSWORDS = {"czar": "battery-staple", "viewer": "correct horse"}
_PATIENCE = 60  # seconds


@dataclass
class Proxy:
    """The proxy's ports, and what a client of it needs."""

    http: int
    https: int
    trust: ssl.SSLContext

    def answer(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """What it answers over TLS: the status, the body and the headers."""
        connection = HTTPSConnection("127.0.0.1", self.https, timeout=_PATIENCE, context=self.trust)
        return _answer(connection, method, path, body, headers)

    def plain_answer(self, path: str) -> tuple[int, str, dict[str, str]]:
        """What it answers without TLS."""
        connection = HTTPConnection("127.0.0.1", self.http, timeout=_PATIENCE)
        return _answer(connection, "GET", path, None, {"Host": NAME})


def _answer(
    connection: HTTPConnection, method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[int, str, dict[str, str]]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body=body, headers=names)
        response = connection.getresponse()
        return response.status, response.read().decode(), dict(response.getheaders())
    finally:
        connection.close()


def certificate(folder: Path, subject: str, *signed_by: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key: its own authority, if none signs it."""
    made, key = folder / f"{subject}.pem", folder / f"{subject}.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={subject}", "-addext", "subjectAltName=IP:127.0.0.1", *signed_by]
    subprocess.run(
        [*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True
    )
    return made, key


@contextmanager
def webservers(folder: Path) -> Iterator[tuple[int, int]]:
    """The ports of two webservers of one Dagster instance; the second is read-only."""
    ports = free_port(), free_port()
    program = str(Path(sys.executable).with_name("dagster-webserver"))
    with ExitStack() as opened:
        for port, more in zip(ports, ([], ["--read-only"]), strict=True):
            command = [sys.executable, program, "-h", "127.0.0.1", "-p", str(port)]
            opened.enter_context(
                _process(
                    [*command, "--empty-workspace", *more],
                    {"DAGSTER_HOME": str(folder), "DAGSTER_DISABLE_TELEMETRY": "yes"},
                    signal.SIGKILL,  # in its own time, a webserver takes ten seconds
                )
            )
            _wait(port)  # two at once would both make the tables of a new DAGSTER_HOME
        yield ports


@contextmanager
def proxy(
    folder: Path, full: int, read_only: int, changes: dict[str, str] | None = None
) -> Iterator[Proxy]:
    """nginx as it is shipped, but for its ports, its paths and these changes of its text."""
    http, https = free_port(), free_port()
    made, key = certificate(folder, NAME)
    users = folder / "users"
    users.write_text("".join(f"{user}:{_hash(word)}\n" for user, word in PASSWORDS.items()))
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
        "127.0.0.1:3000": f"127.0.0.1:{full}",
        "127.0.0.1:3001": f"127.0.0.1:{read_only}",
        "/etc/ssl/dagster.pem": str(made),
        "/etc/ssl/private/dagster.key": str(key),
        "/etc/nginx/dagster.users": str(users),
        **(changes or {}),
    }.items():
        assert old in text, f"deploy/nginx.conf has no {old}"
        text = text.replace(old, new)
    (folder / "dagster.conf").write_text(text)
    paths = "".join(
        f"{kind}_temp_path {folder / kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "" if os.geteuid() else "user root;\n"  # a test's folder is its user's alone
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n"
        "events {}\n"
        f"http {{\naccess_log off;\n{paths}include {folder / 'dagster.conf'};\n}}\n"
    )
    with _process([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")], {}):
        _wait(https)
        yield Proxy(http, https, ssl.create_default_context(cafile=str(made)))


@contextmanager
def _process(
    command: list[str], variables: dict[str, str], end: int = signal.SIGTERM
) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        env={"PATH": "/usr/bin:/bin", **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.send_signal(end)
        process.wait(_PATIENCE)


def _hash(password: str) -> str:
    command = ["openssl", "passwd", "-6", "-stdin"]
    return subprocess.run(
        command, input=password, check=True, capture_output=True, text=True
    ).stdout.strip()


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int) -> None:
    until = monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert monotonic() < until, f"nothing listens on port {port}"
            sleep(0.1)
