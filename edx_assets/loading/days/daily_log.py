"""The stage daily_log: decrypt a day's tracking log and check its gzip stream. It stays gzipped.

Its lines are parsed in `master_tracking`.
"""

from dataclasses import replace
from pathlib import Path

from isal import igzip

from edx_assets.edx.file_names import SiteDay
from edx_assets.edx.lines import DAMAGED_GZIP
from edx_assets.errors import FinalError
from edx_assets.loading.days.files import (
    DailyLog,
    daily_log,
    decrypted_key,
    encrypted_key,
    note_daily_log,
    raw_log,
)
from edx_assets.loading.stage import Metadata, StageMissingError
from edx_assets.resources.gnupg import Gnupg, naming
from edx_assets.resources.storage import Storage

_PIECE = 1 << 20


class DamagedLogError(FinalError):
    """A decrypted file is not a complete gzip file; the message names it and the remedy."""


def decrypt_day(gnupg: Gnupg, storage: Storage, day: SiteDay, rebuild: bool = False) -> Metadata:
    """Decrypt a day's downloaded file, and check its gzip stream to the end.

    A file that is already decrypted is left alone, unless `rebuild` is on or its size has changed.
    What an earlier run decrypted is replaced only once the new file has proved complete.

    Raises:
        StageMissingError: raw_log has not run for the day.
        DecryptionError: the file cannot be decrypted.
        DamagedLogError: the decrypted content is not gzip, or is cut short.
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
    key = decrypted_key(day)
    if not rebuild and before and before.etag == raw.etag and storage.holds(key, before.size):
        if before.delivered != raw.delivered:
            note_daily_log(storage, day, replace(before, delivered=raw.delivered))
        return _metadata(before, "unchanged")
    with storage.writing(key) as path:
        if raw.size:
            with naming(raw.file), storage.reading(encrypted_key(day)) as encrypted:
                gnupg.decrypt(encrypted, path)
        lines, unpacked = _measure(path, raw.file)
        size = path.stat().st_size
    note = DailyLog(raw.file, raw.etag, lines, unpacked, size, raw.delivered)
    note_daily_log(storage, day, note)
    return _metadata(note, "decrypted")


def _metadata(note: DailyLog, outcome: str) -> Metadata:
    return {
        "file": note.file,
        "lines": note.lines,
        "bytes_unpacked": note.unpacked,
        "outcome": outcome,
    }


def _measure(path: Path, name: str) -> tuple[int, int]:
    """Number of lines and bytes in a gzipped file; the last line needs no line end."""
    lines = unpacked = 0
    last = b"\n"
    try:
        with igzip.open(path, "rb") as stream:
            while piece := stream.read(_PIECE):
                lines += piece.count(b"\n")
                unpacked += len(piece)
                last = piece[-1:]
    except DAMAGED_GZIP:
        raise DamagedLogError(
            f"{name} does not decrypt to a complete gzip file: materialize raw_log again with"
            " `rebuild` on; if that does not help, ask edX for the file"
        ) from None
    return lines + (last != b"\n"), unpacked
