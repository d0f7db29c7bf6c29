"""Where a day's files are kept in the storage, and what is noted beside them."""

from dataclasses import asdict, dataclass

from edx_assets.edx.file_names import SiteDay
from edx_assets.resources.storage import Storage


@dataclass(frozen=True)
class RawLog:
    """A day's encrypted file as downloaded; `file` is None for a day without one."""

    file: str | None
    key: str = ""
    etag: str = ""
    size: int = 0


@dataclass(frozen=True)
class DailyLog:
    """A day's decrypted file: of which encrypted one, its lines, its bytes unpacked and as kept."""

    file: str | None
    etag: str = ""
    lines: int = 0
    unpacked: int = 0
    size: int = 0


def encrypted_key(day: SiteDay) -> str:
    """Storage key of a day's encrypted file."""
    return f"{_base(day)}.log.gz.gpg"


def decrypted_key(day: SiteDay) -> str:
    """Storage key of a day's decrypted, gzipped file."""
    return f"{_base(day)}.log.gz"


def note_raw_log(storage: Storage, day: SiteDay, note: RawLog) -> None:
    """Note what was downloaded."""
    storage.write_json(f"{_base(day)}.raw.json", asdict(note))


def raw_log(storage: Storage, day: SiteDay) -> RawLog | None:
    """What was downloaded, or None."""
    note = storage.read_json(f"{_base(day)}.raw.json")
    return RawLog(**note) if note else None


def note_daily_log(storage: Storage, day: SiteDay, note: DailyLog) -> None:
    """Note what was decrypted."""
    storage.write_json(f"{_base(day)}.decrypted.json", asdict(note))


def daily_log(storage: Storage, day: SiteDay) -> DailyLog | None:
    """What was decrypted, or None."""
    note = storage.read_json(f"{_base(day)}.decrypted.json")
    return DailyLog(**note) if note else None


def _base(day: SiteDay) -> str:
    return f"events/{day.site}/{day.day:%Y}/{day.day}"
