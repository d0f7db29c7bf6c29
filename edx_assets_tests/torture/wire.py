"""MongoDB's messages as the proxies of the torture read them: whole ones, and which command one is.

What a proxy does with a message belongs in the proxy.
"""

import socket

_OP_MSG = 2013
_HEADER = 16
_PIECE = 1 << 16


def message_from(end: socket.socket) -> bytes:
    """The next message; nothing where the other side has ended."""
    header = _exactly(end, _HEADER)
    length = int.from_bytes(header[:4], "little")
    rest = _exactly(end, length - _HEADER) if header else b""
    return header + rest if len(rest) == length - _HEADER else b""


def _exactly(end: socket.socket, length: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < length:
        piece = end.recv(min(_PIECE, length - len(pieces)))
        if not piece:
            return b""
        pieces += piece
    return bytes(pieces)


def command_of(message: bytes) -> str:
    """The first field of an OP_MSG's body, which names the command; empty for others."""
    if int.from_bytes(message[12:16], "little") != _OP_MSG:
        return ""
    start = _HEADER + 4 + 1 + 4 + 1  # flags, the section's kind, the document's length, the type
    return message[start : message.index(b"\0", start)].decode("utf-8", "replace")


def answer_to(message: bytes, document: bytes) -> bytes:
    """An OP_MSG that answers a message."""
    body = bytes(5) + document  # no flags, a section of kind 0
    numbers = (_HEADER + len(body), 0, int.from_bytes(message[4:8], "little"), _OP_MSG)
    return b"".join(number.to_bytes(4, "little") for number in numbers) + body
