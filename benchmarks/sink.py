"""A server that acknowledges every insert and keeps nothing: what a loader can do at most.

It speaks as much of MongoDB's protocol as a load asks for.
"""

import multiprocessing
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from bson import decode, encode

_HEADER = struct.Struct("<iiii")
_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_HELLO = {
    "ok": 1.0,
    "helloOk": True,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxBsonObjectSize": 16 * 2**20,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
}


@contextmanager
def sink() -> Iterator[str]:
    """Its connection string; it runs in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"mongodb://127.0.0.1:{ours.recv()}/"
    finally:
        process.kill()
        process.join()


def _serve(told: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told.send(server.getsockname()[1])
        while True:
            connection, _address = server.accept()
            Thread(target=_talk, args=(connection,), daemon=True).start()


def _talk(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb", 2**20) as stream:
        while header := stream.read(_HEADER.size):
            length, request, _to, kind = _HEADER.unpack(header)
            body = stream.read(length - _HEADER.size)
            if kind == _OP_QUERY:
                reply, start = _OP_REPLY, struct.pack("<iqii", 0, 0, 0, 1)
                answer = _HELLO
            else:
                reply, start = _OP_MSG, struct.pack("<IB", 0, 0)
                answer = _answer(body)
            content = start + encode(answer)
            size = _HEADER.size + len(content)
            connection.sendall(_HEADER.pack(size, 0, request, reply) + content)


def _answer(body: bytes) -> dict[str, Any]:
    """The answer to a message: of sections, a command and the documents that come with it."""
    at, documents, command = 4, 0, dict[str, Any]()
    while at < len(body):
        kind = body[at]
        (length,) = struct.unpack_from("<i", body, at + 1)
        if kind == 0:
            command = decode(body[at + 1 : at + 1 + length])
        else:
            place = body.index(0, at + 5) + 1  # behind the section's name
            while place < at + 1 + length:
                place += int.from_bytes(body[place : place + 4], "little")
                documents += 1
        at += 1 + length
    name = next(iter(command))
    if name in ("hello", "ismaster", "isMaster"):
        return _HELLO
    if name in ("find", "aggregate"):
        cursor = {"id": 0, "ns": f"{command['$db']}.{command[name]}", "firstBatch": []}
        return {"ok": 1.0, "cursor": cursor}
    if name == "listDatabases":
        return {"ok": 1.0, "databases": []}
    return {"ok": 1.0, "n": documents or len(command.get("documents", [])), "nModified": 0}
