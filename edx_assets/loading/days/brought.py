"""A day's log that is on disk already, put into the storage as the stages leave one there.

From then on it is a day like any other that S3 does not have (any more): the stages load it, and
what S3 delivers later takes its place.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from isal import igzip

from edx_assets.edx.file_names import SiteDay
from edx_assets.edx.kept_names import merged_name
from edx_assets.errors import FinalError
from edx_assets.loading.days.daily_log import checked
from edx_assets.loading.days.files import (
    DailyLog,
    RawLog,
    decrypted_key,
    encrypted_key,
    note_daily_log,
    note_raw_log,
)
from edx_assets.resources.etags import md5
from edx_assets.resources.folder import Part, WholeLog
from edx_assets.resources.gnupg import Gnupg, most_of, naming
from edx_assets.resources.storage import Storage
from edx_assets.resources.stored import digest_of

_PIECE = 1 << 20


class SeveralLogsError(FinalError):
    """Different files claim a day; the message names them."""


Source = WholeLog | Sequence[Part]
"""A day's whole log, or its servers' parts."""


def etag_of(source: Source) -> str:
    """What tells a day's log from another: the MD5 of the file, or of its parts' MD5s."""
    if isinstance(source, WholeLog):
        return md5(source.path)
    digest = hashlib.md5(usedforsecurity=False)
    for part in source:
        digest.update(part.server.encode())
        with part.opened() as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    return f"{digest.hexdigest()}-{len(source)}"


def the_only(day: SiteDay, logs: Sequence[WholeLog]) -> WholeLog:
    """A day's log: of several with the same content the first, an encrypted one before others.

    Raises:
        SeveralLogsError: they differ.
    """
    encrypted = [log for log in logs if log.kept.encrypted] or list(logs)
    if len({md5(log.path) for log in encrypted} if len(encrypted) > 1 else {""}) > 1:
        names = " and ".join(str(log.path) for log in encrypted)
        raise SeveralLogsError(f"{names} both claim {day}: move the wrong one elsewhere")
    return encrypted[0]


def bring_day(storage: Storage, gnupg: Gnupg, day: SiteDay, org: str, source: Source) -> None:
    """Put a day's log into the storage, in place of what it has for the day.

    Raises:
        FolderError: a tar is damaged.
        DecryptionError, GpgError: a part cannot be decrypted, or not now.
        DamagedLogError: a decrypted log is no complete gzip file.
    """
    etag = etag_of(source)
    if isinstance(source, WholeLog) and source.kept.encrypted:
        with storage.writing(encrypted_key(day)) as path:
            shutil.copyfile(source.path, path)
            size = path.stat().st_size
        note_raw_log(storage, day, RawLog(source.kept.name, "", etag, size))
        return
    shown = source.path.name if isinstance(source, WholeLog) else merged_name(org, day)
    name = source.kept.name if isinstance(source, WholeLog) else shown
    with storage.writing(decrypted_key(day)) as path:
        if isinstance(source, WholeLog):
            shutil.copyfile(source.path, path)
        else:
            _merge(storage, gnupg, source, path)
        lines, unpacked, behind = checked(path, shown)
        size, digest = path.stat().st_size, digest_of(path)
    note_daily_log(storage, day, DailyLog(name, etag, lines, unpacked, size, digest, behind))
    note_raw_log(storage, day, RawLog(name, "", etag, size))


def _merge(storage: Storage, gnupg: Gnupg, parts: Sequence[Part], path: Path) -> None:
    """Write the lines of all servers into one gzipped file, a server after the other."""
    with storage.beside() as scratch, igzip.open(path, "wb", compresslevel=1) as merged:
        plain = scratch / "part"
        for part in parts:
            if not part.size:
                continue
            with naming(part.name), part.opened() as stream:
                gnupg.decrypt(stream, plain, most_of(part.size))
            last = b"\n"
            with plain.open("rb") as lines:
                while piece := lines.read(_PIECE):
                    merged.write(piece)
                    last = piece[-1:]
            if last != b"\n":
                merged.write(b"\n")
            plain.unlink()
