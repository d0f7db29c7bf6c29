"""What stages share: the form of their metadata, and failures that any of them can meet."""

from typing import Any

from edx_assets.errors import FinalError, PassingError

Metadata = dict[str, Any]
"""What a stage says about its work: small, and nothing of a learner."""


class StageMissingError(FinalError):
    """The stage before has not run for this partition; the message says which to materialize."""


class CountMismatchError(PassingError):
    """What was loaded does not add up; the message gives the numbers."""
