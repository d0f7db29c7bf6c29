"""What stages share: the form of their metadata, and errors that any of them can raise."""

from typing import Any

from edx_assets.errors import FinalError, PassingError

Metadata = dict[str, Any]
"""What a stage reports about its work: small, and without learners' data."""


class StageMissingError(FinalError):
    """An earlier stage has not run for this partition; the message says what to materialize."""


class CountMismatchError(PassingError):
    """What was loaded does not add up; the message gives the numbers."""
