"""The entries of a large object, whatever quotes are in it."""

from signal import ITIMER_PROF, SIG_DFL, SIGPROF, setitimer, signal
from types import FrameType

import pytest

from edx_assets.edx.json_entries import json_entries


def test_a_quote_without_an_end_costs_its_entry_alone() -> None:
    content = b'{"a": 1, "b: \\"2\\", "c": [3]}'.replace(b'"c"', b"c")
    assert json_entries(content) == [b'"a": 1', b'"b: \\"2\\"', b"c: [3]"]


def test_many_quotes_without_an_end_take_no_time() -> None:
    """Looked at from each, a megabyte would take an hour; the limit is on the processor's time."""

    def too_long(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal(SIGPROF, too_long)
    setitimer(ITIMER_PROF, 20)
    try:
        with pytest.raises(ValueError, match="not one object"):
            json_entries(b'{"a": "' + b'\\"' * 500_000)
    finally:
        setitimer(ITIMER_PROF, 0)
        signal(SIGPROF, before or SIG_DFL)
