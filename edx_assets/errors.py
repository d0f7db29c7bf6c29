"""The expected failures, one tree: final or passing. Who retries asks the class, and keeps no list.

An error class lives beside the code that raises it, under one of the two branches here. Exceptions
that never leave a module, and errors of a format that become a verdict on a file, do not belong.
"""


class EdxAssetsError(Exception):
    """An expected failure: its message names the cause and the remedy, and nothing private."""


class FinalError(EdxAssetsError):
    """The same input would fail in the same way: a retry does not help."""


class PassingError(EdxAssetsError):
    """It can pass by itself, or once a server is back: a retry may help."""


EXPECTED = (EdxAssetsError, OSError)
"""Failures that a stage may end with. Those of the system (a full disk, say) can pass as well."""


def can_pass(error: BaseException) -> bool:
    """Whether a retry may help."""
    return not isinstance(error, FinalError)
