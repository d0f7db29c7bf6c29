"""The command lines of all processes on the machine, looked at for as long as something runs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from edx_assets_tests.leaks.marks import Marks

_PAUSE = 0.05  # seconds


@contextmanager
def watched_processes(marks: Marks) -> Iterator[set[str]]:
    """What is found: command lines with a marked word in them."""
    found: set[str] = set()
    over = Event()

    def watch() -> None:
        while True:
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # it has ended
                    line = process.read_bytes()
                    found.update(f"{told} in {line[:200]!r}" for told in marks.told(line))
            if over.wait(_PAUSE):
                return

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()
