"""A folder of files that is put in its place whole, or not at all. What is in it is not known here.

It is written under another name beside its place, which only its owner can read.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from edx_assets.errors import FinalError
from edx_assets.resources.file_locks import held_alone, shared

MANIFEST = "manifest.json"
"""What a folder holds; a folder without it was written by somebody else."""
_WRITING = ".exporting-"
_LOCK = ".lock"


class ForeignFilesError(FinalError):
    """Files that no export has written are where one is to be put; the message names one."""


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """A folder to write files to; at the end it becomes `target`, whole or not at all.

    The folder has `files`, which become the target, and room beside them. A target that an earlier
    export has written is replaced. What killed exports have left half written is removed.

    Raises:
        ForeignFilesError: the target has files that its manifest does not name.
        OSError: the folder cannot be written to.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(target.parent)
    _check_own(target)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=_WRITING) as name:
        room = Path(name)
        files = room / "files"
        files.mkdir(mode=0o700)
        (room / _LOCK).touch(mode=0o600)
        with shared(room / _LOCK):
            yield room
            for path in files.iterdir():
                path.chmod(0o600)
                with path.open("rb") as written:  # or a power failure can leave empty files
                    os.fsync(written.fileno())
            _check_own(target)  # it took a while
            if target.exists():
                target.replace(room / "before")
            files.replace(target)


def file_entry(path: Path) -> dict[str, Any]:
    """What a manifest says of any file: its name, bytes and SHA-256."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest}


def _check_own(target: Path) -> None:
    """See that nothing is lost where the target is replaced."""
    if not target.exists():
        return
    here = {path.name for path in target.iterdir()} if target.is_dir() else {""}
    try:
        manifest = orjson.loads((target / MANIFEST).read_bytes())
        own = {MANIFEST, *(str(each["file"]) for each in manifest["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        own = set()
    if foreign := sorted(here - own):
        raise ForeignFilesError(
            f"{target / foreign[0]} is not of an export: move it away, or name another folder"
        )


def _clear(folder: Path) -> None:
    """Remove what killed exports have left. One that is running holds its lock."""
    for path in folder.glob(f"{_WRITING}*"):
        with held_alone(path / _LOCK) as alone:
            if alone:
                shutil.rmtree(path, ignore_errors=True)
