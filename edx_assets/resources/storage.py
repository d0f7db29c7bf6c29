"""File storage: keeps downloaded and decrypted files between stages, whatever they contain.

Stages use keys (`a/b/c`) and, during a read or write, a local path. How a folder and a bucket do it
belongs in `stored_folder` and `stored_objects`.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import orjson
from botocore.exceptions import BotoCoreError
from dagster import ConfigurableResource
from pydantic import PrivateAttr

from edx_assets.resources.s3_client import client_at
from edx_assets.resources.stored import StoredFile, StoredFiles
from edx_assets.resources.stored_folder import StoredFolder
from edx_assets.resources.stored_objects import StoredObjects
from edx_assets.resources.stored_trouble import trouble
from edx_assets.settings import InvalidSettingError, MissingSettingError, Settings, load_settings

_S3 = "s3://"


class Storage(ConfigurableResource[Any]):
    """Files by key in a folder, or in a bucket that all machines share.

    Every method raises MissingSettingError where EDX_STORAGE is not set, InvalidSettingError where
    it cannot be used, and StorageError where its S3 server fails.

    Attributes:
        place: a folder, or `s3://bucket/folder`.
        endpoint_url: the bucket's S3 server, if it is not Amazon's.
        profile: the AWS profile for the bucket, if it is not the usual one: the usual credentials
            can be those that edX has given.
        scratch: a private folder on this machine, where files of a bucket are while they are used.
    """

    place: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    scratch: str | None = None
    _made: StoredFiles | None = PrivateAttr(default=None)

    @classmethod
    def of(cls, settings: Settings, otherwise: str | None = None) -> Self:
        """The storage of the settings, or the folder `otherwise` if they name none."""
        return cls(
            place=settings.storage or otherwise,
            endpoint_url=settings.storage_endpoint_url,
            profile=settings.storage_profile,
            scratch=settings.scratch,
        )

    def folder(self) -> StoredFolder | None:
        """The storage itself if it is a folder."""
        files = self._files()
        return files if isinstance(files, StoredFolder) else None

    def writing(self, key: str) -> AbstractContextManager[Path]:
        """A path to write a file to; at the end it becomes `key`, completely or not at all."""
        return self._files().writing(key)

    def reading(self, key: str, again: bool = False) -> AbstractContextManager[Path]:
        """A path to read a file from. Meanwhile it is not removed as unused.

        Args:
            key: the file's key.
            again: whether it will be read again soon, by any run. Of a bucket, it then stays on
                this machine for a day after its last use.

        Raises:
            MissingFileError: there is no such file; the error names the key.
        """
        return self._files().reading(key, again)

    def beside(self) -> AbstractContextManager[Path]:
        """A private folder on the disk of `reading`, kept no longer than the process."""
        return self._files().beside()

    def put(self, key: str, content: bytes, new: bool = False) -> bool:
        """Write a small file, unless `new` is on and it is there; whether it was written."""
        return self._files().put(key, content, new)

    def content(self, key: str) -> bytes | None:
        """The content of a small file, or None if it is not there."""
        return self._files().content(key)

    def write_json(self, key: str, document: dict[str, Any]) -> None:
        """Write a small document."""
        self.put(key, orjson.dumps(document))

    def read_json(self, key: str) -> dict[str, Any] | None:
        """A small document, or None if it does not exist."""
        content = self.content(key)
        document: dict[str, Any] | None = orjson.loads(content) if content is not None else None
        return document

    def use(self, key: str) -> bool:
        """Note that a file is used now; return whether it is there.

        What a run goes on to use has to be noted, so that nothing removes it in between.
        """
        return self._files().use(key)

    def files(self) -> Iterator[StoredFile]:
        """Every file, without those that are being written."""
        return self._files().files()

    def delete_unused(self, key: str, since: float) -> bool:
        """Remove a file, unless it was used after `since` or is being read; whether it is removed.

        `since` is in seconds since 1970.
        """
        return self._files().delete_unused(key, since)

    def free(self) -> int | None:
        """Bytes that are free on its disk, which has to be there; None if it has no bounds."""
        return self._files().free()

    def clear_unfinished(self) -> tuple[int, int]:
        """Remove what killed processes left half written: the number of files, and their bytes.

        What a process is writing is left alone.
        """
        return self._files().clear_unfinished()

    def exists(self, key: str) -> bool:
        """Whether a file exists."""
        return self._files().exists(key)

    def holds(self, key: str, size: int, digest: str = "") -> bool:
        """Whether a file exists and has this size in bytes, and this digest if one is given."""
        return self._files().holds(key, size, digest)

    def delete(self, key: str) -> None:
        """Remove a file, or everything below a key, if it exists."""
        self._files().delete(key)

    def check(self) -> str:
        """Where it is, if it can be written to. A folder need not be there: a run makes it."""
        return self._files().check()

    def address_of(self, key: str) -> str:
        """Where a person finds a file: a path, or `s3://bucket/key`."""
        return self._files().address_of(key)

    def _files(self) -> StoredFiles:
        if self._made is None:
            self._made = self._files_at(self.place)
        return self._made

    def _files_at(self, place: str | None) -> StoredFiles:
        load_settings().require("storage", "storage_endpoint_url")
        if not place:
            raise MissingSettingError("storage")
        if not place.startswith(_S3):
            return StoredFolder(Path(place))
        bucket, _slash, folder = place.removeprefix(_S3).partition("/")
        scratch = StoredFolder(_private(self.scratch), "EDX_SCRATCH")
        try:
            client = client_at(self.endpoint_url, self.profile)
        except BotoCoreError as error:
            raise trouble(place, error) from None
        return StoredObjects(client, bucket, folder, scratch)


def _private(scratch: str | None) -> Path:
    """The folder for files of a bucket; in the system's one for temporary files, ours alone."""
    if scratch:
        return Path(scratch)
    folder = Path(tempfile.gettempdir()) / f"edx_assets-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise InvalidSettingError(
            f"{folder} is accessible to others: remove it, or set EDX_SCRATCH to a private folder"
        )
    return folder
