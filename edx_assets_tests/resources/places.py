"""Storages for tests, and their shortest use."""

import secrets
from pathlib import Path
from typing import Any

from edx_assets.resources.storage import Storage


def a_bucket(s3: Any, endpoint: str, scratch: Path, folder: str = "") -> Storage:
    """A storage in a new bucket, where another of its objects is not the storage's."""
    bucket = f"files-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=bucket)
    if folder:
        s3.put_object(Bucket=bucket, Key="of/others", Body=b"of others")
    return Storage(
        place=f"s3://{bucket}{folder}", endpoint_url=endpoint, scratch=str(scratch / "scratch")
    )


def write(storage: Storage, key: str, content: bytes = b"content") -> None:
    with storage.writing(key) as path:
        path.write_bytes(content)


def read(storage: Storage, key: str) -> bytes:
    with storage.reading(key) as path:
        return path.read_bytes()
