"""The checksums that S3 makes ETags of. Comparing them with an object's belongs in `buckets`."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

_PIECE = 1 << 20


def md5(path: Path) -> str:
    """A file's MD5."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def md5_of_parts(path: Path, size: int) -> Iterator[str]:
    """The MD5 of each part of a file, in parts of this size."""
    with path.open("rb") as stream:
        while True:
            digest = hashlib.md5(usedforsecurity=False)
            left = size
            while left and (piece := stream.read(min(left, _PIECE))):
                digest.update(piece)
                left -= len(piece)
            if left == size:
                return
            yield digest.hexdigest()
