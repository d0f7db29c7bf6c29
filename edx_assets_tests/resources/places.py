"""Storages for tests, and their shortest use."""

import secrets
from collections.abc import Callable
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


ACTS: dict[str, Callable[[Storage, str], Any]] = {
    "writing": write,
    "reading": read,
    "exists": lambda storage, key: storage.exists(key),
    "holds": lambda storage, key: storage.holds(key, 0),
    "delete": lambda storage, key: storage.delete(key),
    "write_json": lambda storage, key: storage.write_json(key, {}),
    "read_json": lambda storage, key: storage.read_json(key),
    "use": lambda storage, key: storage.use(key),
    "delete_unused": lambda storage, key: storage.delete_unused(key, 0),
}
"""What a storage is asked to do with a key."""
