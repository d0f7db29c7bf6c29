"""Which files of the storage are still needed, and why. Nothing is removed here."""

from datetime import date
from typing import cast

from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.days.files import daily_log, encrypted_key, raw_log
from edx_assets.loading.days.master_tracking import RECORDS
from edx_assets.loading.entries import DayState, PackageEntry
from edx_assets.loading.ledger import PACKAGES, day_entry
from edx_assets.loading.packages.course_files import SORTING, is_sorted
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import NotDeliveredError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

NOT_LOADED = "not loaded"
"""The day's newest file is not loaded, or has to be loaded again after an upgrade."""
NOT_SORTED = "not sorted"
NEWEST = "the newest of a course"
ONLY_COPY = "not on S3"
"""S3 does not have this very file (any more): it could not be downloaded again."""
IN_USE = "in use"


def need_of_log(
    buckets: Buckets, store: Store, storage: Storage, day: SiteDay, encrypted: bool
) -> str | None:
    """Why a day's encrypted or decrypted file is still needed, or None.

    Raises:
        DeliveryError: S3 cannot be reached.
    """
    note = (raw_log if encrypted else daily_log)(storage, day)
    entry = day_entry(store, day)
    if (
        note is None
        or note.file is None
        or entry is None
        or entry["state"] != DayState.LOADED
        or (entry["etag"], entry["version"]) != (note.etag, RECORDS)
    ):
        return NOT_LOADED
    if not encrypted and _is_encrypted_kept(storage, day, note.etag):
        return None
    try:
        item = buckets.events_file_of(day)
    except NotDeliveredError:
        return ONLY_COPY
    if item is None:
        return ONLY_COPY
    return None if item.etag == note.etag else NOT_LOADED


def _is_encrypted_kept(storage: Storage, day: SiteDay, etag: str) -> bool:
    raw = raw_log(storage, day)
    return raw is not None and raw.etag == etag and storage.holds(encrypted_key(day), raw.size)


def need_of_package(
    buckets: Buckets, store: Store, storage: Storage, day: str, newest: set[str]
) -> str | None:
    """Why a package is still needed, or None.

    Args:
        buckets: the institution's buckets.
        store: the document store.
        storage: the storage.
        day: its delivery date.
        newest: the packages that are some course's newest.

    Raises:
        DeliveryError: S3 cannot be reached.
    """
    if day in newest:
        return NEWEST
    raw = storage.read_json(f"packages/{day}/raw.json")
    entry = cast(PackageEntry | None, store.get(PACKAGES, day))
    if (
        raw is None
        or entry is None
        or not is_sorted(entry, [raw["etag"], raw.get("opt_in_etag"), SORTING])
    ):
        return NOT_SORTED
    try:
        item = buckets.package_of(date.fromisoformat(day))
        opt_in = buckets.opt_in_list_of(date.fromisoformat(day))
    except NotDeliveredError:
        return ONLY_COPY
    if item is None or (raw.get("opt_in_etag") and opt_in is None):
        return ONLY_COPY
    delivered = [item.etag, opt_in.etag if opt_in else None]
    return None if delivered == [raw["etag"], raw.get("opt_in_etag")] else NOT_SORTED
