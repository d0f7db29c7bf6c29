"""The base classes of expected failures: final or passing. Whether to retry depends on the class.

An error class is defined next to the code that raises it, under one of the two classes here. Not
under them: exceptions that never leave a module, and format errors, which are caught and reported
as the error of a file or the reason of a line.
"""


class EdxAssetsError(Exception):
    """An expected failure: its message names the cause and the remedy, and nothing private."""


class FinalError(EdxAssetsError):
    """The same input would fail in the same way again: a retry does not help."""


class PassingError(EdxAssetsError):
    """A failure that can pass by itself, or once a server is back: a retry may help."""


EXPECTED = (EdxAssetsError, OSError)
"""Failures that a stage may end with. Those of the system (a full disk, say) can also pass."""


def can_pass(error: BaseException) -> bool:
    """Whether a retry may help."""
    return not isinstance(error, FinalError)
