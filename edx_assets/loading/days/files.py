"""Where a day's files are kept in the storage, and what is noted beside them."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from edx_assets.errors import FinalError
from edx_assets.resources.storage import Storage


class StageMissingError(FinalError):
    """The stage before has not run for this partition; the message says which to materialize."""


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


def encrypted_key(site: str, day: date) -> str:
    """Storage key of a day's encrypted file."""
    return f"{_base(site, day)}.log.gz.gpg"


def decrypted_key(site: str, day: date) -> str:
    """Storage key of a day's decrypted, gzipped file."""
    return f"{_base(site, day)}.log.gz"


def note_raw_log(storage: Storage, site: str, day: date, note: RawLog) -> None:
    """Note what was downloaded."""
    storage.write_json(f"{_base(site, day)}.raw.json", asdict(note))


def raw_log(storage: Storage, site: str, day: date) -> RawLog | None:
    """What was downloaded, or None."""
    note = storage.read_json(f"{_base(site, day)}.raw.json")
    return RawLog(**note) if note else None


def note_daily_log(storage: Storage, site: str, day: date, note: DailyLog) -> None:
    """Note what was decrypted."""
    storage.write_json(f"{_base(site, day)}.decrypted.json", asdict(note))


def daily_log(storage: Storage, site: str, day: date) -> DailyLog | None:
    """What was decrypted, or None."""
    note = storage.read_json(f"{_base(site, day)}.decrypted.json")
    return DailyLog(**note) if note else None


def _base(site: str, day: date) -> str:
    return f"events/{site}/{day:%Y}/{day}"


Metadata = dict[str, Any]
"""What a stage tells of its work: small, and nothing of a learner."""
