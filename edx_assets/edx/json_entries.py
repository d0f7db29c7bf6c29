"""The entries of a large JSON object as they were delivered, each to be read by itself."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*("|\\?\Z)|[{}\[\],]', re.DOTALL)
_MARK = re.compile(rb"[{}\[\],]")
_SPACE = b" \t\r\n\0"
_AROUND = _SPACE + bytes(range(0x80, 0x100))  # a byte order mark, say


def json_entries(content: bytes) -> list[bytes]:
    """The bytes of each entry (`"name": value`) of a JSON object, in order.

    Only strings and brackets are looked at, so what is wrong within one entry costs no other.

    Raises:
        ValueError: it is not one object, from its first bracket to its last; or it is empty.
    """
    content = content.strip(_AROUND)
    if not content.startswith(b"{"):
        raise ValueError("not an object")
    entries: list[bytes] = []
    depth = start = 0
    end = -1
    for token in _tokens(content):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            if depth == 1:
                start = token.end()
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                entries.append(content[start : token.start()].strip(_SPACE))
                end = token.end()
                break
        elif mark == b"," and depth == 1:
            entries.append(content[start : token.start()].strip(_SPACE))
            start = token.end()
    entries = [entry for entry in entries if entry]
    if end != len(content) or not entries:
        raise ValueError("not one object")
    return entries


def _tokens(content: bytes) -> Iterator[re.Match[bytes]]:
    """Strings and marks, in order.

    A quote whose string has no end is passed over. So are all after it: each was within that
    string, behind a backslash, and to look for their ends would take too long.
    """
    for token in _TOKEN.finditer(content):
        if token[1] not in (None, b'"'):
            yield from _MARK.finditer(content, token.start() + 1)
            return
        yield token
