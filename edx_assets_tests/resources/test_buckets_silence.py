"""An S3 that accepts connections and says nothing, stops in the middle, or drips."""

import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from dagster_aws.s3 import S3Resource

from edx_assets.resources import buckets, s3_client
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import Delivered, DeliveryError

ITEM = Delivered("events", "testx/a.log.gz.gpg", "0" * 32, 1_000_000)
HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nETag: "' + b"0" * 32 + b'"\r\n\r\n'


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_client, "READ_SECONDS", 0.2)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@contextmanager
def s3_that(answers: Callable[[socket.socket, bytes, Event], None]) -> Iterator[Buckets]:
    """The buckets of a server that reads each request and answers it so."""
    over = Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := connection.recv(65536):
                answers(connection, request, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=accept, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        made = Buckets(
            s3=S3Resource(endpoint_url=endpoint),
            org="TestX",
            events_bucket="events",
            packages_bucket="packages",
        )
        yield made
        over.set()
        made.client().close()
        gc.collect()  # the connections that S3 has let down, while that is no error
        server.shutdown(socket.SHUT_RDWR)


def silent(_connection: socket.socket, _request: bytes, over: Event) -> None:
    over.wait()


def headers_only(connection: socket.socket, request: bytes, over: Event) -> None:
    connection.sendall(HEAD)
    if request.startswith(b"GET"):
        over.wait()


def dripping(connection: socket.socket, request: bytes, over: Event) -> None:
    connection.sendall(HEAD)
    while request.startswith(b"GET") and not over.wait(0.1):
        connection.sendall(b"x" * 2000)


def in_trouble(connection: socket.socket, _request: bytes, _over: Event) -> None:
    connection.sendall(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n")


def test_trouble_of_its_own_is_not_blamed_on_the_settings() -> None:
    with s3_that(in_trouble) as troubled, pytest.raises(DeliveryError) as error:
        troubled.check()
    assert "answered 503, which is trouble of its own and passes" in str(error.value)
    assert "EDX_ORG" not in str(error.value)


def test_listing() -> None:
    started = monotonic()
    with s3_that(silent) as silence, pytest.raises(DeliveryError, match="S3 did not answer"):
        silence.check()
    assert monotonic() - started < 10


@pytest.mark.parametrize("answers", [silent, headers_only])
def test_downloading(
    answers: Callable[[socket.socket, bytes, Event], None], tmp_path: Path
) -> None:
    started = monotonic()
    with s3_that(answers) as silence, pytest.raises(DeliveryError, match=r"a\.log.*not answer"):
        silence.download(ITEM, tmp_path / "file")
    assert monotonic() - started < 20


def test_a_download_that_only_drips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "_PATIENCE", 0.5)
    monkeypatch.setattr(buckets, "_SLOWEST", 10_000_000)
    started = monotonic()
    with s3_that(dripping) as slow, pytest.raises(DeliveryError, match="too slowly"):
        slow.download(ITEM, tmp_path / "file")
    assert monotonic() - started < 25  # at 20 kB/s it would take 50 s


def test_the_waits_add_up_to_less_than_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    between = sum(2**attempt for attempt in range(s3_client.ATTEMPTS - 1))  # botocore's, at most
    once = (s3_client.CONNECT_SECONDS + s3_client.READ_SECONDS) * s3_client.ATTEMPTS + between
    assert once * s3_client.DOWNLOAD_ATTEMPTS < 120
