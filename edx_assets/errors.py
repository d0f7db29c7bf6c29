"""The base classes of expected failures: final or passing. Whether to retry depends on the class.

An error class is defined next to the code that raises it, under one of the two classes here. Not
under them: exceptions that never leave a module, and format errors, which are caught and reported
as the error of a file or the reason of a line. What no code foresaw is told by its place alone.
"""

from collections.abc import Sequence
from errno import EDQUOT, ENOSPC
from traceback import extract_tb


class EdxAssetsError(Exception):
    """An expected failure: its message names the cause and the remedy, and nothing private."""


class FinalError(EdxAssetsError):
    """The same input would fail in the same way again: a retry does not help."""


class PassingError(EdxAssetsError):
    """A failure that can pass by itself, or once a server is back: a retry may help."""


class UnforeseenError(FinalError):
    """What nobody foresaw: the class and the place of an exception, never its message.

    The message of another's exception may hold learners' data.
    """

    def __init__(self, error: Exception) -> None:
        frames = [
            (frame.filename, frame.lineno or 0, frame.name)
            for frame in extract_tb(error.__traceback__)
        ]
        super().__init__(
            f"not foreseen: {place(type(error).__name__, frames)}: report this class and place"
        )


class MachineError(PassingError):
    """The system refuses something: a disk is full, a file may not be read or written."""

    def __init__(self, error: OSError) -> None:
        where = f" ({error.filename})" if error.filename else ""
        cause = f"{error.strerror or type(error).__name__}{where}"
        remedy = "look at the disk of EDX_STORAGE and who may write to it"
        if error.errno in (ENOSPC, EDQUOT):
            cause, remedy = f"the disk is full{where}", "make room where EDX_STORAGE is"
        super().__init__(f"{cause}: {remedy}, and materialize it again")


def foreseen(error: Exception) -> Exception:
    """The error itself if its message is made for readers, or else one that tells its place.

    What the system refuses is told with what to do about it.
    """
    if isinstance(error, OSError):
        return MachineError(error)
    return error if isinstance(error, EXPECTED) else UnforeseenError(error)


def place(name: str, frames: Sequence[tuple[str, int, str]]) -> str:
    """An exception's class, and the last place in this package's code among its stack's frames.

    Args:
        name: the class.
        frames: file, line and function of each.
    """
    own = [frame for frame in frames if "/edx_assets/" in frame[0]] or frames
    if not own:
        return name
    file, line, function = own[-1]
    return f"{name} at {file.rsplit('/edx_assets/')[-1]}, line {line}, in {function}"


EXPECTED = (EdxAssetsError, OSError)
"""Failures that a stage may end with. Those of the system (a full disk, say) can also pass."""


def can_pass(error: BaseException) -> bool:
    """Whether a retry may help."""
    return not isinstance(error, FinalError)
