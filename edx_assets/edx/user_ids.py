"""User ids: integers in the tables, and numbers or their digits in events and the forum."""

from typing import Any


def user_id_of(value: Any) -> int | None:
    """A delivered user id as an integer; None for what is not one ('' or null, say)."""
    if type(value) is int:
        return value
    if type(value) is str and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return None
