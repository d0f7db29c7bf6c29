"""The zip of a package: its members, each listed and read so that a bad one is refused by itself.

What members are and contain belongs in `members` and `course_files`. Nothing is unpacked under the
names in a zip: `..`, absolute names and links lead nowhere.
"""

import errno
import io
import lzma
import mmap
import os
import struct
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo

from edx_assets.errors import EXPECTED, FinalError, UnforeseenError
from edx_assets.loading.packages.watched_stream import WatchedStream
from edx_assets.loading.packages.zip_end import end_of, told, without_directory

MAX_RATIO = 100
"""How many times its size a member may unpack to. What is encrypted hardly becomes smaller at all;
deflate reaches 1,032 at most."""

RATIO_FROM = 1 << 20
"""From this unpacked size on: smaller members may be anything."""

MAX_BYTES = 1 << 40
"""A member's largest unpacked size. Whole packages of edX's have tens of GB."""

_METHODS = {
    1: "shrink",
    6: "implode",
    9: "deflate64",
    93: "zstd",
    95: "xz",
    98: "ppmd",
    99: "AES encryption",
}
_AGAIN = (
    "materialize packages/database_package again with `rebuild` on; if that does not help, ask edX"
    " for it"
)
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_HEADER = struct.Struct("<4s5H3L2H")
_ENTRY_MARK, _HEADER_MARK = b"PK\1\2", b"PK\3\4"
_PIECE = 1 << 16
_UNREADABLE = (
    BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,  # a compression method, or a version of the format
    RuntimeError,  # a password
    ValueError,  # a place before the file's beginning, a name that is no text
    OverflowError,
    EOFError,
    OSError,  # of bz2
    MemoryError,  # of lzma, where a damaged header asks for a dictionary of gigabytes
)


class DamagedPackageError(FinalError):
    """A database package, or a member, cannot be read; the message names it and the remedy."""


@contextmanager
def unforeseen_in(member: str) -> Iterator[None]:
    """Make an exception that nobody foresaw the error of one member: it costs no other."""
    try:
        yield
    except EXPECTED:
        raise
    except Exception as error:
        raise DamagedPackageError(f"{member}: {UnforeseenError(error)}") from None


class Archive(NamedTuple):
    """A zip, its readable members, and by name why others cannot be read."""

    file: ZipFile
    members: list[ZipInfo]
    lost: dict[str, str]


Directory = tuple[list[ZipInfo], dict[str, str]]
"""An archive's members, and by name why others cannot be read."""

_Version = tuple[str | int | bytes, ...]

_read_last: dict[_Version, Directory] = {}
"""The directory read last, by the version of the file that it was read from."""


@contextmanager
def opened(path: Path, name: str) -> Iterator[Archive]:
    """A package's zip, opened.

    Its directory is read once for all that a process takes from it, one after the other: a weekly
    package can have 22,500 members, and a course takes 45 of them. Of the zip read last, the
    entries are kept in memory, but no file is.

    If its directory is damaged, the entries that are not are used, and the other members, which
    the headers before the members' content name, are lost.

    Raises:
        DamagedPackageError: it is not a zip file.
    """
    with path.open("rb") as source:
        version = _version(source, name)
        kept = _read_last.get(version)
        if kept is None:
            kept = _read(source, name)
            _read_last.clear()
            _read_last[version] = kept
        members, lost = kept
        with without_directory(source) as file:
            yield Archive(file, [*members], {**lost})


def _version(source: IO[bytes], name: str) -> _Version:
    """What is another one where the zip is. Its times do not count: each use changes them."""
    status = os.fstat(source.fileno())
    source.seek(max(0, status.st_size - _PIECE))
    end = blake2b(source.read()).digest()
    source.seek(0)
    return name, status.st_dev, status.st_ino, status.st_size, end


def _read(source: IO[bytes], name: str) -> Directory:
    try:
        file = ZipFile(source)
    except _UNREADABLE as error:
        if _of_the_system(error):
            raise
        return _salvaged(source, name)
    with file:
        found, count = file.infolist(), told(source)
        # a wrong length in one entry can hide those behind it, and a wrong place of the
        # directory moves all
        if (count and len(found) != count) or not any(_is_there(source, info) for info in found):
            return _salvaged(source, name)
        return _directory(found, {})


def refusal(archive: Archive, info: ZipInfo) -> str | None:
    """Why a member cannot be read, as far as its headers tell; else None."""
    try:
        with unforeseen_in(info.filename), member_stream(archive, info):
            return None
    except DamagedPackageError as error:
        return str(error)


@contextmanager
def member_stream(archive: Archive, info: ZipInfo) -> Iterator[IO[bytes]]:
    """A member's content.

    Raises:
        DamagedPackageError: it cannot be read. That comes at the end, if another thread reads it.
    """
    if info.file_size > MAX_BYTES or (
        info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * info.compress_size
    ):
        raise DamagedPackageError(
            f"{info.filename} would unpack from {info.compress_size:,} bytes to"
            f" {info.file_size:,}, which no encrypted file does: ask edX for the package"
        )
    try:
        source = archive.file.open(info)
    except _UNREADABLE as error:
        raise _named(info, error) from None
    with source:
        watched = WatchedStream(source, _UNREADABLE)
        try:
            yield io.BufferedReader(watched, _PIECE)
        finally:
            if watched.error:  # whatever the reader made of it, this is the cause
                raise _named(info, watched.error) from None


def _named(info: ZipInfo, error: Exception) -> Exception:
    """The error of a member; the system's own (a bad disk, say) stays what it is."""
    if _of_the_system(error):
        return error
    if info.flag_bits & 1:
        return DamagedPackageError(
            f"{info.filename} has a password in its package, which edX's do not: ask edX for a"
            " package without"
        )
    if isinstance(error, NotImplementedError):
        method = _METHODS.get(info.compress_type, "an unknown one")
        return DamagedPackageError(
            f"{info.filename} is compressed by method {info.compress_type} ({method}), which cannot"
            " be read here: ask edX for the package with deflate"
        )
    return DamagedPackageError(f"{info.filename} is damaged in its package: {_AGAIN}")


def _of_the_system(error: Exception) -> bool:
    """Whether it is the disk's error, say; the zip's own are those of bz2 and impossible places."""
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)


def _salvaged(source: IO[bytes], name: str) -> Directory:
    """What can be told of a zip with a damaged directory."""
    damaged = DamagedPackageError(
        f"{name} is not a zip file or is cut short: delete it from the storage and materialize"
        " packages/database_package again; if that does not help, ask edX for it"
    )
    try:
        content = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # it is empty
        raise damaged from None
    with content:
        found = [info for at in _places(content, _ENTRY_MARK) if (info := _entry(content, at))]
        good = {info.header_offset: info for info in found if _is_at_its_place(content, info)}
        headers = [_name_at(content, at) for at in _places(content, _HEADER_MARK) if at not in good]
        entries = [info.filename for info in found if not _is_at_its_place(content, info)]
        lost = {
            member: f"{member} is damaged in the directory of its package: {_AGAIN}"
            for member in (*headers, *entries)
            if member and not member.endswith("/")
        }
        count = told(source)
        missing = count - len(good) - len(lost)
    if not good:
        raise damaged
    if not count:
        lost["perhaps more members"] = (
            f"{name} does not tell how many members it has, because its directory is damaged: there"
            f" may have been more: {_AGAIN}"
        )
    if missing > 0:
        more = f"{missing} more members"
        lost[more] = f"{more} of {name} cannot be named, because its directory is damaged: {_AGAIN}"
    return _directory(good.values(), lost)


def _directory(found: Collection[ZipInfo], lost: dict[str, str]) -> Directory:
    """Entries without folders; one without a name is lost."""
    if not all(info.filename for info in found):
        lost |= {"a nameless member": f"a member of it has no name: {_AGAIN}"}
    return [info for info in found if info.filename[-1:] not in ("", "/")], lost


def _places(content: mmap.mmap, mark: bytes) -> Iterator[int]:
    at = content.find(mark)
    while at >= 0:
        yield at
        at = content.find(mark, at + 1)


def _entry(content: mmap.mmap, at: int) -> ZipInfo | None:
    """The directory's entry at this place, if it is one."""
    try:
        lengths = _ENTRY.unpack(content[at : at + _ENTRY.size])[12:15]
        entry = content[at : at + _ENTRY.size + sum(lengths)]
        with ZipFile(io.BytesIO(entry + end_of(1, len(entry)))) as alone:
            [read] = alone.infolist()
    except _UNREADABLE:
        return None
    if not read.orig_filename.isprintable():
        return None
    # without the places that `alone` had for it
    info = ZipInfo(read.orig_filename, read.date_time)
    for field in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
        setattr(info, field, getattr(read, field))
    info.flag_bits = read.flag_bits
    return info


def _is_at_its_place(content: mmap.mmap, info: ZipInfo) -> bool:
    return _name_at(content, info.header_offset) == info.orig_filename


def _name_at(content: mmap.mmap, at: int) -> str | None:
    """The name in a member's header at this place, if there is one."""
    try:
        fields = _HEADER.unpack(content[at : at + _HEADER.size])
        mark, flags, length = fields[0], fields[2], fields[9]
        name = content[at + _HEADER.size : at + _HEADER.size + length]
        text = name.decode("utf-8" if flags & 0x800 else "cp437")
    except (struct.error, ValueError):
        return None
    readable = mark == _HEADER_MARK and len(name) == length and text.isprintable()
    return text if readable else None


def _is_there(source: IO[bytes], info: ZipInfo) -> bool:
    if info.header_offset < 0:
        return False
    source.seek(info.header_offset)
    return source.read(len(_HEADER_MARK)) == _HEADER_MARK
