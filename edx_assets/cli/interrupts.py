"""Ctrl-C and SIGTERM: a loop that looks at whether they came, and is not broken off anywhere."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Whether Ctrl-C came while `patient`; otherwise, and the second time, it raises at once.

    Python drops what is raised in a destructor or in a callback of its own: a loop that waited for
    the exception alone could miss it.
    """

    def __init__(self) -> None:
        self.patient = False
        self._came = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if it came."""
        if self._came:
            raise KeyboardInterrupt

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """What the signals call."""
        if self._came or not self.patient:
            raise KeyboardInterrupt
        self._came = True


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Hear SIGINT, though a shell may ignore it for jobs in the background, and SIGTERM."""
    heard = Interrupts()
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, heard.hear)
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
