"""Numbered lines: counted from the given start, with only their LF removed."""

import io

from edx_assets.edx.lines import numbered


def test_lines_are_numbered_and_lose_their_line_feed_only() -> None:
    content = io.BytesIO(b"a\nb\r\n\n\rc\n d ")
    assert list(numbered(content)) == [(1, b"a"), (2, b"b\r"), (3, b""), (4, b"\rc"), (5, b" d ")]


def test_counting_begins_where_the_caller_says() -> None:
    assert list(numbered([b"a\n", b"b"], start=2)) == [(2, b"a"), (3, b"b")]
