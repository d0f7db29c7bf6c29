"""Locks on files of the storage, between the processes of a machine.

They are the system's own (flock) on what is there anyway: none is left when a process is killed.
Work that concerns the database has the lock of `lock`.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def shared(path: Path) -> Iterator[bool]:
    """Hold a file together with others that use it; yield whether it is there.

    Where the file system has no locks, nothing is held, and `held_alone` holds nothing either.
    """
    try:
        held = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        yield False
        return
    try:
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_SH)
        yield path.exists()  # it can have been removed before it was held
    finally:
        os.close(held)


@contextmanager
def held_alone(path: Path) -> Iterator[bool]:
    """Hold a file that nobody else holds, to remove it; yield whether it is held."""
    try:
        held = os.open(path, os.O_RDWR)  # which NFS asks for
    except OSError:  # it is gone, or another user's
        yield False
        return
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = _is_same(path, held)
        except OSError:  # it is in use, or the file system has no locks
            alone = False
        yield alone
    finally:
        os.close(held)


def _is_same(path: Path, held: int) -> bool:
    """Whether the path still leads to what is held: it can have been replaced meanwhile."""
    try:
        return os.path.samestat(path.stat(), os.fstat(held))
    except FileNotFoundError:
        return False
