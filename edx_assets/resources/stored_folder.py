"""Files by key in a folder: private, whole or not at all, and safe beside other processes.

Files in a bucket belong in `stored_objects`.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from edx_assets.resources.file_locks import held_alone, shared
from edx_assets.resources.stored import MissingFileError, StoredFile, digest_of, second_name
from edx_assets.settings import InvalidSettingError

_WRITING, _CHECK = ".writing-", ".check-"
_UNFINISHED = (_WRITING, _CHECK)
"""How the names of the folders begin in which files are written until they are whole."""
_LOCK = ".lock"
"""A file in such a folder: whoever writes there holds it."""
_PATIENCE_SECONDS = 60.0
"""Such a folder without a lock is of an earlier version, or is just being made."""


class StoredFolder:
    """Files by key below a folder, which is made where it is not there.

    Files have mode 0600, folders 0700. A file's modification time is when it was last written or
    used, see `use`.

    Args:
        root: the folder.
        setting: the variable that names it, for errors.
    """

    def __init__(self, root: Path, setting: str = "EDX_STORAGE") -> None:
        self.root, self._setting = root.expanduser(), setting

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """A path to write a file to; at the end it becomes `key`, completely or not at all."""
        target = self._path(key)
        self._private_folder(target.parent)
        self.clear_unfinished()
        with _scratch(self._root(), _WRITING) as scratch:
            path = scratch / target.name
            path.touch(mode=0o600)
            yield path
            path.chmod(0o600)
            with path.open("rb") as written:  # or a power failure can leave an empty file
                os.fsync(written.fileno())
            path.replace(target)

    @contextmanager
    def reading(self, key: str, again: bool = False) -> Iterator[Path]:
        """A path to read a file from, here as often. Meanwhile it is not removed as unused.

        Raises:
            MissingFileError: there is no such file; the error names the key.
        """
        path = self._path(key)
        with shared(path) as there:
            if not there or not path.is_file():
                raise MissingFileError(key)
            yield path

    @contextmanager
    def beside(self) -> Iterator[Path]:
        """A private folder on the storage's disk, for what is kept no longer than the process."""
        with _scratch(self._root(), _WRITING) as scratch:
            yield scratch

    def link(self, key: str, name: str) -> None:
        """Give a file a second name, under which it stays when the first is replaced or removed.

        Raises:
            MissingFileError: there is no such file.
        """
        target = self._path(name)
        self._private_folder(target.parent)
        with self.reading(key) as path:
            second_name(path, target)

    def use(self, key: str) -> bool:
        """Note that a file is used now; return whether it is there.

        What a run goes on to use has to be noted, so that nothing removes it in between.
        """
        self.clear_unfinished()
        path = self._path(key)
        with shared(path) as there:
            if there:
                os.utime(path)
        return there

    def files(self) -> Iterator[StoredFile]:
        """Every file, without those that are being written."""
        root = self._root()
        for path, found in _files_in(root, but=_UNFINISHED):
            yield StoredFile(str(path.relative_to(root)), found.st_size, found.st_mtime)

    def delete_unused(self, key: str, since: float) -> bool:
        """Remove a file, unless it was used after `since` or is being read; whether it is removed.

        `since` is in seconds since 1970.
        """
        path = self._path(key)
        with held_alone(path) as alone:
            unused = alone and path.stat().st_mtime <= since
            if unused:
                path.unlink()
        return unused

    def free(self) -> int:
        """Bytes that are free on its disk. The folder has to be there."""
        return shutil.disk_usage(self.root).free

    def clear_unfinished(self) -> tuple[int, int]:
        """Remove what killed processes left half written: the number of files, and their bytes.

        What a process is writing is left alone.
        """
        files = size = 0
        root = self._root()
        with os.scandir(root) as entries:
            found = [root / entry.name for entry in entries if entry.name.startswith(_UNFINISHED)]
        for scratch in found:
            with suppress(OSError):  # it is empty: killed before there was a lock
                scratch.rmdir()
            with held_alone(scratch / _LOCK) as alone:
                if alone or _is_without_lock(scratch):
                    left = [found for path, found in _files_in(scratch) if path.name != _LOCK]
                    files += len(left)
                    size += sum(found.st_size for found in left)
                    shutil.rmtree(scratch, ignore_errors=True)
        return files, size

    def exists(self, key: str) -> bool:
        """Whether a file exists."""
        return self._path(key).is_file()

    def holds(self, key: str, size: int, digest: str = "") -> bool:
        """Whether a file exists and has this size in bytes, and this digest if one is given."""
        path = self._path(key)
        if not path.is_file() or path.stat().st_size != size:
            return False
        return not digest or digest_of(path) == digest

    def delete(self, key: str) -> None:
        """Remove a file, or everything below a key, if it exists."""
        path = self._path(key)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def put(self, key: str, content: bytes, new: bool = False) -> bool:
        """Write a small file, unless `new` is on and it is there; whether it was written."""
        if not new:
            with self.writing(key) as path:
                path.write_bytes(content)
            return True
        made = f"{key}.{secrets.token_hex(8)}"
        self.put(made, content)
        try:
            self.link(made, key)
        except FileExistsError:
            return False
        finally:
            self.delete(made)
        return True

    def content(self, key: str) -> bytes | None:
        """The content of a small file, or None if it is not there."""
        try:
            with self.reading(key) as path:
                return path.read_bytes()
        except MissingFileError:
            return None

    def check(self) -> str:
        """The folder, if it can be written to, or be made by the first run; it is not made here.

        Raises:
            InvalidSettingError: it cannot be made or written to.
        """
        root = self.root
        try:
            there = next(path for path in (root, *root.parents) if path.exists())
            with _scratch(there, _CHECK) as probe:
                (probe / "check").write_bytes(b"ok")
        except OSError as error:
            raise self._unusable(error) from None
        return str(root)

    def address_of(self, key: str) -> str:
        """Where a person finds a file."""
        return str(self._path(key))

    def _root(self) -> Path:
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError, FileNotFoundError, PermissionError) as error:
            raise self._unusable(error) from None
        return self.root

    def _unusable(self, error: OSError) -> InvalidSettingError:
        a_file = isinstance(error, FileExistsError | NotADirectoryError)
        why = "it, or a folder above it, is a file" if a_file else error.strerror
        return InvalidSettingError(
            f"{self._setting}: {self.root} cannot be used as a folder ({why}): correct the setting"
            " or the permissions of the folder above"
        )

    def _path(self, key: str) -> Path:
        root = self._root().resolve()
        path = (root / key).resolve()
        if root not in path.parents:  # the root is refused too: `delete` would empty it
            raise ValueError("a storage key must not lead outside the storage")
        return path

    def _private_folder(self, folder: Path) -> None:
        root = self._root().resolve()
        for part in [*reversed(folder.relative_to(root).parents), folder.relative_to(root)]:
            os.makedirs(root / part, mode=0o700, exist_ok=True)  # noqa: PTH103 - mode of each


def _files_in(folder: Path, but: tuple[str, ...] = ()) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file below a folder but some (by beginnings), in order, without what vanishes."""
    for inner, folders, names in os.walk(folder):  # which passes over a folder that is gone
        folders[:] = sorted(name for name in folders if not name.startswith(but))
        for name in sorted(names):
            path = Path(inner) / name
            with suppress(FileNotFoundError):
                yield path, path.stat()


@contextmanager
def _scratch(folder: Path, prefix: str) -> Iterator[Path]:
    """A new folder that is removed at the end, and that others leave alone until then."""
    while True:
        with tempfile.TemporaryDirectory(dir=folder, prefix=prefix) as name:
            lock = Path(name) / _LOCK
            with suppress(FileNotFoundError):
                lock.touch(mode=0o600)
            with shared(lock) as there:
                if there:  # else another process cleared it before it was held
                    yield Path(name)
                    return


def _is_without_lock(scratch: Path) -> bool:
    try:
        old = time() - scratch.stat().st_mtime > _PATIENCE_SECONDS
    except FileNotFoundError:
        return False
    return old and not (scratch / _LOCK).exists()
