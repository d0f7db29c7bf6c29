"""The stage raw_log: download a day's encrypted tracking log from S3 into the storage.

It is decrypted in `daily_log`.
"""

from datetime import date

from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.days.files import (
    RawLog,
    daily_log,
    decrypted_key,
    encrypted_key,
    is_whole,
    log_of,
    note_raw_log,
    raw_log,
)
from edx_assets.loading.stage import Metadata
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import NotDeliveredError
from edx_assets.resources.storage import Storage


def fetch_day(
    buckets: Buckets, storage: Storage, day: SiteDay, today: date, rebuild: bool = False
) -> Metadata:
    """Download a day's file, unless the storage has it already; with `rebuild`, in any case.

    A day without a file is empty if S3 or the storage has later days: edge is often silent. A file
    that is no longer on S3 is kept; if the storage has it no longer either, the day is as one
    without a file.

    Raises:
        NotDeliveredError: the file is not on S3 yet.
        DeliveryError: it cannot be downloaded.
    """
    item = buckets.events_file_of(day)
    before = raw_log(storage, day)
    key = encrypted_key(day)
    if item is None:
        if before and before.file and _is_stored(storage, day, before):
            why = "gone from S3" if before.key else "brought from a folder"
            return {"file": before.file, "bytes": before.size, "outcome": f"kept: {why}"}
        if not (buckets.has_events_after(day, today) or _holds_later(storage, day)):
            raise NotDeliveredError(
                f"S3 has no tracking log of {day.site} for {day.day}, nor for any later day: edX"
                " delivers a day's file the next day or later; materialize this partition then"
            )
        note_raw_log(storage, day, RawLog(file=None))
        return {"file": "none", "bytes": 0, "outcome": "empty: S3 has no file for this day"}
    note = RawLog(item.name, item.key, item.etag, item.size, item.delivered)
    if not rebuild and note == before and storage.holds(key, item.size) and storage.use(key):
        outcome = "unchanged"
    else:
        with storage.writing(key) as path:
            buckets.download(item, path)
        outcome = "replaced" if before and before.file else "downloaded"
    if note != before or note.delivered != before.delivered:
        note_raw_log(storage, day, note)
    return {"file": item.name, "bytes": item.size, "etag": item.etag, "outcome": outcome}


def _is_stored(storage: Storage, day: SiteDay, raw: RawLog) -> bool:
    """Whether a day's file can be loaded from the storage, where it is encrypted or decrypted."""
    log = daily_log(storage, day)
    return storage.use(encrypted_key(day)) or (
        log is not None
        and log.etag == raw.etag
        and is_whole(storage, day, log)
        and storage.use(decrypted_key(day))
    )


def _holds_later(storage: Storage, day: SiteDay) -> bool:
    """Whether the storage has a log of the site for a later day, one from a folder above all."""
    logs = (log_of(file.key) for file in storage.files())
    return any(log and log[0].site == day.site and log[0].day > day.day for log in logs)
