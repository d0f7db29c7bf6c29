"""An S3 server that refuses: it wants credentials that it has made, and has made none."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen


@contextmanager
def guarded(endpoint: str) -> Iterator[None]:
    """Let the server refuse everybody meanwhile."""
    _want_credentials(endpoint, "0")
    try:
        yield
    finally:
        _want_credentials(endpoint, "inf")


def _want_credentials(endpoint: str, after_requests: str) -> None:
    assert endpoint.startswith("http://127.0.0.1:")
    address = f"{endpoint}/moto-api/reset-auth"
    number, plain = after_requests.encode(), {"Content-Type": "text/plain"}
    urlopen(Request(address, number, plain), timeout=10).close()  # noqa: S310
