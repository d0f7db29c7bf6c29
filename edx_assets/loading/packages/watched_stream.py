"""A stream that ends at an error and keeps it: gpg is fed by a thread, where it would go.

What the error means belongs to who reads.
"""

import io
from typing import IO, Any


class WatchedStream(io.RawIOBase):
    """The content of `source`, which ends at one of `errors`; that is then `error`."""

    def __init__(self, source: IO[bytes], errors: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._source = source
        self._errors = errors
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            piece = self._source.read(len(buffer))
        except self._errors as error:
            self.error = error
            return 0
        buffer[: len(piece)] = piece
        return len(piece)
