"""A small disk of its own, for tests that fill it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def small_disk_at(folder: Path, size: int) -> Iterator[bool]:
    """Make a folder that is a disk of `size` MiB; tell whether it is: mounting may be refused."""
    folder.mkdir()
    mounted = False
    with suppress(OSError):  # there is no `mount`
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(folder)]
        mounted = not subprocess.run(command, check=False, capture_output=True).returncode
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
