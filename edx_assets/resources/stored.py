"""A stored file: what is told of it, and the error where it is not there.

Where files are belongs in `stored_folder` and `stored_objects`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from xxhash import xxh3_128

from edx_assets.errors import FinalError

_PIECE = 1 << 20


class MissingFileError(FinalError):
    """A file is not in the storage; the message names its key, and the remedy."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is not in the storage: materialize the stage that makes it again")


class StoredFile(NamedTuple):
    """A file of the storage: its key, size in bytes, and when a run last wrote or used it.

    `used` is in seconds since 1970.
    """

    key: str
    size: int
    used: float


class StoredFiles(Protocol):
    """What each kind of storage does; `storage.Storage` tells what its methods are for."""

    def writing(self, key: str) -> AbstractContextManager[Path]: ...
    def reading(self, key: str, again: bool = False) -> AbstractContextManager[Path]: ...
    def beside(self) -> AbstractContextManager[Path]: ...
    def put(self, key: str, content: bytes, new: bool = False) -> bool: ...
    def content(self, key: str) -> bytes | None: ...
    def use(self, key: str) -> bool: ...
    def files(self) -> Iterator[StoredFile]: ...
    def delete_unused(self, key: str, since: float) -> bool: ...
    def free(self) -> int | None: ...
    def clear_unfinished(self) -> tuple[int, int]: ...
    def exists(self, key: str) -> bool: ...
    def holds(self, key: str, size: int, digest: str = "") -> bool: ...
    def delete(self, key: str) -> None: ...
    def check(self) -> str: ...
    def address_of(self, key: str) -> str: ...


def digest_of(path: Path) -> str:
    """The digest of a file's content, to tell later whether it is still the same.

    It guards against failing disks and halves of files, not against people: xxh3 is as fast as
    memory.
    """
    digest = xxh3_128()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def second_name(path: Path, target: Path) -> None:
    """Make a hard link to a file, which another may replace meanwhile.

    Raises:
        FileNotFoundError: there is no such file.
    """
    while True:
        try:
            target.hardlink_to(path)
            break
        except FileNotFoundError:  # also where it was replaced between being found and being linked
            if not (path.exists() and target.parent.is_dir()):
                raise
