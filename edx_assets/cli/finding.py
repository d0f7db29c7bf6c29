"""What a check of the doctor finds, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The result of one check: `ok`, `warning` or `failed`, what was found, and what to do."""

    subject: str
    state: str
    found: str
    remedy: str = ""
