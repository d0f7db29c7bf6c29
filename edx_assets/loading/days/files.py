"""Where a day's files are in the storage, and the notes stored beside them. No stage runs here."""

import re
from dataclasses import asdict, dataclass, field
from datetime import date

from edx_assets.edx.file_names import SiteDay
from edx_assets.resources.storage import Storage

_LOG = re.compile(r"events/(edx|edge)/[0-9]{4}/([0-9]{4}-[0-9]{2}-[0-9]{2})\.log\.gz(\.gpg)?")


@dataclass(frozen=True)
class RawLog:
    """A day's downloaded, encrypted file; `file` is None for a day without one.

    `key` is empty where the file was brought from a folder; it is then stored decrypted, if it was.
    `delivered` is when S3 got it; it orders the deliveries of a day, and a note of an earlier
    version lacks it. The same file may be delivered twice.
    """

    file: str | None
    key: str = ""
    etag: str = ""
    size: int = 0
    delivered: str = field(default="", compare=False)


@dataclass(frozen=True)
class DailyLog:
    """A day's decrypted file: name and ETag of the encrypted one, lines, bytes unpacked and stored.

    `file` is None for a day without one. `digest` is of the stored bytes; the notes of earlier
    versions have none. `behind` counts the bytes that stood behind the gzip stream. `delivered` is
    that of the encrypted file.
    """

    file: str | None
    etag: str = ""
    lines: int = 0
    unpacked: int = 0
    size: int = 0
    digest: str = ""
    behind: int = 0
    delivered: str = ""


def encrypted_key(day: SiteDay) -> str:
    """Storage key of a day's encrypted file."""
    return f"{_base(day)}.log.gz.gpg"


def decrypted_key(day: SiteDay) -> str:
    """Storage key of a day's decrypted, gzipped file."""
    return f"{_base(day)}.log.gz"


def log_of(key: str) -> tuple[SiteDay, bool] | None:
    """The day whose file has this storage key, and whether it is the encrypted one; else None."""
    found = _LOG.fullmatch(key)
    return (SiteDay(found[1], date.fromisoformat(found[2])), bool(found[3])) if found else None


def note_raw_log(storage: Storage, day: SiteDay, note: RawLog) -> None:
    """Store the note about a downloaded file."""
    storage.write_json(f"{_base(day)}.raw.json", asdict(note))


def raw_log(storage: Storage, day: SiteDay) -> RawLog | None:
    """The note about a day's downloaded file, or None if raw_log has not run."""
    note = storage.read_json(f"{_base(day)}.raw.json")
    return RawLog(**note) if note else None


def note_daily_log(storage: Storage, day: SiteDay, note: DailyLog) -> None:
    """Store the note about a decrypted file."""
    storage.write_json(f"{_base(day)}.decrypted.json", asdict(note))


def daily_log(storage: Storage, day: SiteDay) -> DailyLog | None:
    """The note about a day's decrypted file, or None if daily_log has not run."""
    note = storage.read_json(f"{_base(day)}.decrypted.json")
    return DailyLog(**note) if note else None


def is_whole(storage: Storage, day: SiteDay, note: DailyLog) -> bool:
    """Whether a day's decrypted file is in the storage as it was noted."""
    return storage.holds(decrypted_key(day), note.size, note.digest)


def _base(day: SiteDay) -> str:
    return f"events/{day.site}/{day.day:%Y}/{day.day}"
