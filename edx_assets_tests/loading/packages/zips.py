"""Zips of packages as bytes, and the places in them where tests do damage."""

import io
import struct
import zipfile

HEADER, ENTRY = b"PK\3\4", b"PK\1\2"


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    """A zip of members as they are given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return bytearray(buffer.getvalue())


def header_of(zip_: bytearray, name: str) -> int:
    """Where a member's header begins."""
    return zip_.index(name.encode()) - 30


def entry_of(zip_: bytearray, name: str) -> int:
    """Where a member's entry in the directory begins."""
    return zip_.rindex(name.encode()) - 46


def with_method(zip_: bytearray, name: str, method: int) -> None:
    """Say that a member is compressed by this method."""
    struct.pack_into("<H", zip_, header_of(zip_, name) + 8, method)
    struct.pack_into("<H", zip_, entry_of(zip_, name) + 10, method)


def with_password(zip_: bytearray, name: str) -> None:
    """Say that a member has a password."""
    for at in (header_of(zip_, name) + 6, entry_of(zip_, name) + 8):
        zip_[at] |= 1


def with_version(zip_: bytearray, name: str) -> None:
    """Say in the directory that a member needs a version of the format that does not exist."""
    zip_[entry_of(zip_, name) + 6] = 73


def without_name(zip_: bytearray, name: str) -> None:
    """Make the name in the directory another than in the header."""
    zip_[entry_of(zip_, name) + 48] ^= 0x10


def with_broken_header(zip_: bytearray, name: str) -> None:
    """Damage the mark of a member's header."""
    zip_[header_of(zip_, name)] ^= 1


def with_broken_entry(zip_: bytearray, name: str) -> None:
    """Damage the mark of a member's entry in the directory."""
    zip_[entry_of(zip_, name)] ^= 1


def with_wrong_lengths(zip_: bytearray, name: str) -> None:
    """Make the name of a member's entry in the directory longer than it is."""
    zip_[entry_of(zip_, name) + 28] ^= 0x21


def with_broken_content(zip_: bytearray, name: str) -> None:
    """Damage a member's content."""
    zip_[header_of(zip_, name) + 30 + len(name) + 20] ^= 0xFF


def with_size(zip_: bytearray, name: str, size: int) -> None:
    """Say that a member unpacks to this size."""
    struct.pack_into("<L", zip_, header_of(zip_, name) + 22, size)
    struct.pack_into("<L", zip_, entry_of(zip_, name) + 24, size)
