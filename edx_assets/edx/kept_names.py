"""Names of tracking logs as institutions keep them: as delivered, decrypted, or in old tars.

Before August 2014 edX delivered a tar, `YYYY-MM-DD-Org-tracking.tar`, with all that came before
its date: for each server and day a file, `prod-edxapp-001/2014-01-31_Org.log.gpg`. A day's log is
all of them together.
"""

import re
from datetime import date
from typing import NamedTuple

from edx_assets.edx.file_names import SiteDay, events_file

_DECRYPTED = ".log.gz"
_TAR = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<org>.+)-tracking\.tar")
_PART = re.compile(
    r"(?:.*/)?(?P<server>[^/]+)/(?P<date>\d{4}-\d{2}-\d{2})_(?P<org>[^/]+)\.log\.gpg"
)


class KeptLog(NamedTuple):
    """A day's whole log: its name at edX, its institution, and whether it is encrypted."""

    name: str
    org: str
    day: SiteDay
    encrypted: bool


class KeptPart(NamedTuple):
    """A day's log of one server."""

    server: str
    org: str
    day: SiteDay


def kept_log(name: str) -> KeptLog | None:
    """The day's log with this base name, encrypted or decrypted, or None if it is none."""
    encrypted = not name.endswith(_DECRYPTED)
    delivered = name if encrypted else f"{name}.gpg"
    found = events_file(delivered)
    if found is None:
        return None
    return KeptLog(delivered, found.org, SiteDay(found.site, found.day), encrypted)


def kept_tar(name: str) -> tuple[date, str] | None:
    """The date and the institution of the tar with this base name, or None if it is none."""
    found = _TAR.fullmatch(name)
    day = _day(found["date"]) if found else None
    return (day, found["org"]) if found and day else None


def kept_part(path: str) -> KeptPart | None:
    """The log of a server and day at this path (of a tar's member, or of a file), or None."""
    found = _PART.fullmatch(path)
    day = _day(found["date"]) if found else None
    if not found or not day:
        return None
    site = "edge" if "edge" in found["server"] else "edx"
    return KeptPart(found["server"], found["org"], SiteDay(site, day))


def merged_name(org: str, day: SiteDay) -> str:
    """The name of a day's log that is made of its servers' parts: as edX names one today."""
    return f"{org.lower()}-{day.site}-events-{day.day}.log.gz.gpg"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
