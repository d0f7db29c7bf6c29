"""The record at a zip's end, which counts its members: read, written, and used to open one.

Entries and members belong in `archive`. The format is that of PKWARE's APPNOTE, section 4.3.16.
"""

import io
import struct
from typing import IO
from zipfile import ZipFile

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\5\6"
_LAST = _END.size + (1 << 16)  # where the end's mark is, before a comment


def end_of(members: int, size: int) -> bytes:
    """The end of a zip that has nothing but a directory of this many members and bytes."""
    return _END.pack(_END_MARK, 0, 0, members, members, size, 0, 0)


def without_directory(source: IO[bytes]) -> ZipFile:
    """A zip opened for members whose entries are known: its directory is not read.

    Closing it leaves `source` open.
    """
    file = ZipFile(io.BytesIO(end_of(0, 0)))
    file.fp = source
    return file


def told(source: IO[bytes]) -> int:
    """How many members the zip says to have; 0 if it does not say or has more than 65,534."""
    source.seek(-min(_LAST, source.seek(0, io.SEEK_END)), io.SEEK_END)
    last = source.read()
    at = last.rfind(_END_MARK)
    try:
        count = int(_END.unpack(last[at : at + _END.size])[4])
    except struct.error:
        return 0
    return 0 if at < 0 or count == 0xFFFF else count
