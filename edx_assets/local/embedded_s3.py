"""The embedded S3: moto's server, filled from a folder that holds a folder a bucket."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from edx_assets.local.shared_process import Server, private_folder, shared_server

ACCESS_KEY = "testing"
SECRET_KEY = "testing"  # noqa: S105 - moto takes any
REGION = "us-east-1"
UPLOADS_AT_ONCE = 4


@contextmanager
def embedded_s3(buckets: Path, port: int = 0, folder: Path | None = None) -> Iterator[str]:
    """The endpoint URL of an S3 server on 127.0.0.1 that serves the files of `buckets`.

    Every folder in `buckets` is a bucket, every file below it an object whose key is its path in
    there. Contents are in memory: read when the server starts, and gone when it stops. All who
    name the same `folder` (by default `<buckets>.server`, beside it), which holds the server's
    state, share one server, whose port is its starter's choice; the last to leave stops it.

    Raises:
        FileNotFoundError: there is no folder `buckets`.
        ServerError: the server does not come up.
    """
    buckets = buckets.resolve()
    if not buckets.is_dir():
        raise FileNotFoundError(f"There is no folder of buckets {buckets}")
    folder = private_folder(folder or buckets.with_name(buckets.name + ".server"))
    program = str(Path(__file__).with_name("s3_server.py"))
    server = Server(
        kind=f"S3 of {buckets}",
        command=lambda port: [sys.executable, "-P", program, str(port)],
        ping=lambda port: _ping(_url(port)),
        seed=lambda port: _seed(_url(port), buckets),
    )
    with shared_server(folder, server, port) as used_port:
        yield _url(used_port)


def s3_client(endpoint_url: str) -> Any:
    """A client of the embedded S3, which reads no credentials and no proxy from its surroundings.

    Its uploads carry no checksum of their own (the SDK's default), which costs time and serves
    nothing on one machine.
    """
    return boto3.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        config=Config(
            proxies={},
            request_checksum_calculation="when_required",
            max_pool_connections=UPLOADS_AT_ONCE,
        ),
    )


def _ping(endpoint_url: str) -> None:
    s3_client(endpoint_url).list_buckets()


def _seed(endpoint_url: str, buckets: Path) -> None:
    client = s3_client(endpoint_url)
    files = []
    for bucket in sorted(path for path in buckets.iterdir() if path.is_dir()):
        client.create_bucket(Bucket=bucket.name)
        files += [(bucket, file) for file in sorted(bucket.rglob("*")) if file.is_file()]

    def upload(bucket: Path, file: Path) -> None:
        with file.open("rb") as body:
            # Not upload_file: it sends large files in parts, whose ETag is not the content's MD5.
            client.put_object(
                Bucket=bucket.name, Key=file.relative_to(bucket).as_posix(), Body=body
            )

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        for done in [pool.submit(upload, bucket, file) for bucket, file in files]:
            done.result()


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
