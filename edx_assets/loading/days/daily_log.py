"""The stage daily_log: decrypt a day's tracking log and check its gzip stream. It stays gzipped.

Its lines are parsed in `master_tracking`.
"""

from dataclasses import replace
from pathlib import Path

from isal import igzip

from edx_assets.edx.file_names import SiteDay
from edx_assets.edx.lines import DAMAGED_GZIP, end_of_gzip
from edx_assets.errors import FinalError
from edx_assets.loading.days.files import (
    DailyLog,
    daily_log,
    decrypted_key,
    encrypted_key,
    is_whole,
    note_daily_log,
    raw_log,
)
from edx_assets.loading.stage import Metadata, StageMissingError
from edx_assets.resources.gnupg import Gnupg, most_of, naming
from edx_assets.resources.storage import Storage
from edx_assets.resources.stored import digest_of

_PIECE = 1 << 20
_MAGIC = b"\x1f\x8b"
"""How a gzip stream begins."""

_MOST_BEHIND = 1024
"""Bytes that may stand behind a gzip stream: more can be a stream with a damaged beginning."""

_USUAL = 2**30
"""Bytes that a file may unpack to however small it is: a day of like lines packs well."""

_MOST_TIMES = 100
"""A larger file may unpack to so many times its size: real logs do to 10 to 25 times."""

_MOST = 2**38
"""Bytes that no day's log unpacks to (256 GiB): the largest institutions' are a fiftieth of it."""


class DamagedLogError(FinalError):
    """A decrypted file is no complete gzip file, or a bomb; the message names it and the remedy."""


def decrypt_day(gnupg: Gnupg, storage: Storage, day: SiteDay, rebuild: bool = False) -> Metadata:
    """Decrypt a day's downloaded file, and check its gzip stream to the end.

    A file that is already decrypted is left alone, unless `rebuild` is on or it has changed; one
    that was brought from a folder decrypted, in any case.
    What an earlier run decrypted is replaced only once the new file has proved complete.

    Raises:
        StageMissingError: raw_log has not run for the day, or its file has been removed.
        DecryptionError, GpgError: the file cannot be decrypted, or not now.
        DamagedLogError: the decrypted content is not gzip, is cut short, or unpacks to too much.
    """
    raw = raw_log(storage, day)
    if raw is None:
        raise StageMissingError(
            f"{day.site}/raw_log is not materialized for {day.day}: materialize it first"
        )
    if raw.file is None:
        note_daily_log(storage, day, DailyLog(file=None))
        return {"file": "none", "lines": 0, "outcome": "empty: no file for this day"}
    before = daily_log(storage, day)
    brought_decrypted = not raw.key and not storage.exists(encrypted_key(day))
    if (
        (not rebuild or brought_decrypted)
        and before
        and before.etag == raw.etag
        and is_whole(storage, day, before)
        and storage.use(decrypted_key(day))
    ):
        if before.delivered != raw.delivered:
            note_daily_log(storage, day, replace(before, delivered=raw.delivered))
        return _metadata(before, "unchanged")
    if not storage.use(encrypted_key(day)):
        raise StageMissingError(
            f"{encrypted_key(day)} is not in the storage: materialize {day.site}/raw_log for"
            f" {day.day} as well, which downloads it again"
        )
    with storage.writing(decrypted_key(day)) as path:
        if raw.size:
            with naming(raw.file), storage.reading(encrypted_key(day)) as encrypted:
                gnupg.decrypt(encrypted, path, most_of(raw.size))
        lines, unpacked, behind = checked(path, raw.file)
        size, digest = path.stat().st_size, digest_of(path)
    note = DailyLog(raw.file, raw.etag, lines, unpacked, size, digest, behind, raw.delivered)
    note_daily_log(storage, day, note)
    return _metadata(note, "decrypted")


def _metadata(note: DailyLog, outcome: str) -> Metadata:
    metadata: Metadata = {
        "file": note.file,
        "lines": note.lines,
        "bytes_unpacked": note.unpacked,
        "outcome": outcome,
    }
    if note.behind:
        metadata["bytes_behind_gzip"] = note.behind
    return metadata


def checked(path: Path, name: str) -> tuple[int, int, int]:
    """Number of lines and bytes in a gzipped file, and of bytes behind its stream, cut off here.

    gunzip too only warns of those: a line end is easily added on a file's way.

    Raises:
        DamagedLogError: it is not gzip, is cut short, or unpacks to too much.
    """
    try:
        return *_measure(path, name), 0
    except DAMAGED_GZIP:
        behind = _cut_behind(path)
    try:
        if behind:
            return *_measure(path, name), behind
    except DAMAGED_GZIP:
        pass
    raise DamagedLogError(
        f"{name} does not decrypt to a complete gzip file: materialize raw_log again with"
        " `rebuild` on; if that does not help, ask edX for the file"
    )


def _measure(path: Path, name: str) -> tuple[int, int]:
    """Number of lines and bytes in a gzipped file; the last line needs no line end."""
    most = min(max(_USUAL, path.stat().st_size * _MOST_TIMES), _MOST)
    lines = unpacked = 0
    last = b"\n"
    with igzip.open(path, "rb") as stream:
        while piece := stream.read(_PIECE):
            lines += piece.count(b"\n")
            unpacked += len(piece)
            last = piece[-1:]
            if unpacked > most:
                raise DamagedLogError(
                    f"{name} unpacks to more than {most / 2**30:.0f} GiB, which no day's log does:"
                    " nothing of it is kept; ask edX for the file"
                )
    return lines + (last != b"\n"), unpacked


def _cut_behind(path: Path) -> int:
    """Cut off what stands behind a file's gzip stream, if that is no data; its number of bytes."""
    with path.open("r+b") as file:
        end = end_of_gzip(file)
        file.seek(end)
        behind = file.read(_MOST_BEHIND + 1)
        if not end or len(behind) > _MOST_BEHIND or behind[:1] == _MAGIC[:1] or _MAGIC in behind:
            return 0  # another stream, damaged: its lines are not to be lost
        file.truncate(end)
    return len(behind)
