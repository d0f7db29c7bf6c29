"""Hostile zips and gzip files: each member is read or refused by name, and each line comes."""

import gzip
import re
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from zipfile import ZipInfo

from edx_assets.edx.lines import DAMAGED_GZIP, end_of_gzip, gzipped_lines
from edx_assets.loading.packages.archive import (
    Archive,
    DamagedPackageError,
    member_stream,
    opened,
    refusal,
)
from edx_assets_tests.loading.packages import zips
from edx_assets_tests.torture.inputs.mutation import mutated
from edx_assets_tests.torture.inputs.reader import LostError, Reader, plain_lines
from edx_assets_tests.torture.inputs.seeds import log_lines

_NAMES = (
    *("TestX-2014-02-09/A-B-C-auth_user-prod-analytics.sql.gpg", "A-B-C-prod.mongo.gpg"),
    *("../../etc/passwd", "/absolute", "a\\b", "é.sql", "folder/", "A-B-C-" + "x" * 200),
)
_CONTENT = (b"", b"x", b"line\n" * 400, bytes(range(256)) * 3)
_DAMAGE: tuple[Callable[[bytearray, str], None], ...] = (
    zips.with_password,
    zips.with_version,
    zips.without_name,
    zips.with_broken_header,
    zips.with_broken_entry,
    zips.with_wrong_lengths,
    lambda zip_, name: zips.with_method(zip_, name, 9),
    lambda zip_, name: zips.with_method(zip_, name, 99),
    lambda zip_, name: zips.with_size(zip_, name, 2**32 - 2),
)
_METHODS = (0, 8, 8, 12, 14)
_MOST = 1 << 22  # bytes of a member that are read
_NOT_READ = 0xE2  # flags of a gzip header that Python passes over: a checksum, and three reserved


def _odd_zip(random: Random) -> bytes:
    names = random.sample(_NAMES, random.randint(1, 4))
    members = {name: random.choice(_CONTENT) for name in names}
    made = zips.zipped(members, random.choice(_METHODS))
    if random.random() < 0.4:
        name = random.choice(names)
        if name.isascii():
            random.choice(_DAMAGE)(made, name)
    return mutated(random, bytes(made)) if random.random() < 0.7 else bytes(made)


def _check_zip(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        path = Path(file.name)
        path.write_bytes(content)
        try:
            with opened(path, "testx-2014-02-09.zip") as archive:
                for info in archive.members:
                    refusal(archive, info)
                    assert info.filename in (_why_not(archive, info) or info.filename)
                told = {info.filename for info in archive.members} | {*archive.lost}
        except DamagedPackageError:
            return
    for name in _NAMES:
        if _is_in_both(content, name.encode()) and name not in told and not _more(archive.lost):
            raise LostError("a member is neither there nor refused")


def _is_in_both(content: bytes, name: bytes) -> bool:
    """Whether a member's name is whole in the directory and before its content; no folder's is."""
    length = re.escape(len(name).to_bytes(2, "little"))
    entry = rb"PK\x01\x02.{24}" + length + rb".{16}" + re.escape(name)
    header = rb"PK\x03\x04.{22}" + length + rb".{2}" + re.escape(name)
    whole = all(len(re.findall(each, content, re.DOTALL)) == 1 for each in (entry, header))
    # one bit decides how a name outside ASCII reads
    return whole and name.isascii() and not name.endswith(b"/")


def _why_not(archive: Archive, info: ZipInfo) -> str | None:
    """Why a member cannot be read; None if it can."""
    try:
        with member_stream(archive, info) as stream:
            stream.read(_MOST)
    except DamagedPackageError as error:
        return str(error)
    return None


def _more(lost: dict[str, str]) -> bool:
    return any("more members" in name for name in lost)


def _odd_gzip(random: Random) -> bytes:
    content = b"\n".join(random.choice(log_lines())[:200] for _ in range(random.randint(0, 9)))
    streams = b"".join(gzip.compress(content, 1) for _ in range(random.choice((1, 1, 1, 2))))
    streams += random.choice((b"", b"", b"\r\n", b"\0" * 30, b"\x1f\x8b"))
    return mutated(random, streams) if random.random() < 0.8 else streams


def _check_gzip(content: bytes) -> None:
    try:
        plain = gzip.decompress(content)
    except (EOFError, OSError, ValueError, zlib.error):
        plain = None
    if content[3:4] and content[3] & _NOT_READ:
        plain = None
    with tempfile.NamedTemporaryFile() as file:
        path = Path(file.name)
        path.write_bytes(content)
        with path.open("rb") as stream:
            assert 0 <= end_of_gzip(stream) <= len(content)
        try:
            with gzipped_lines(path) as lines:
                found = [line.removesuffix(b"\n") for line in lines]
        except DAMAGED_GZIP:
            assert plain is None, "a whole gzip file is refused"
            return
    if plain is not None and found != [*plain_lines(plain)]:
        raise LostError("not the lines that are in the file")


READERS = [
    Reader("zips", 30_000, _odd_zip, _check_zip),
    Reader("gzip files", 30_000, _odd_gzip, _check_gzip),
]
