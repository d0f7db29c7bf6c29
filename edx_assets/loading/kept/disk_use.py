"""How much the storage keeps, by kind, and how much room is left on its disk."""

from collections import Counter
from enum import StrEnum
from typing import TypedDict

from edx_assets.loading.days.files import log_of
from edx_assets.loading.packages.members import package_of_key
from edx_assets.resources.storage import Storage

LITTLE_SPACE = 20 * 2**30
"""Bytes: a weekly package can be tens of GB."""

_LINKS = "datasets/all_courses/"
"""Second names of datasets: they take no room."""

LITTLE_SHARE = 0.1
"""Of what is kept: an institution with much to keep also gets much at a time."""


class Kind(StrEnum):
    """The kinds of files in the storage."""

    RAW_LOGS = "raw_logs"
    DECRYPTED_LOGS = "decrypted_logs"
    PACKAGES = "packages"
    DECRYPTED_MEMBERS = "decrypted_members"
    DATASETS = "datasets"
    REPORTS = "reports"
    NOTES = "notes"
    """What the stages note of the files: a few hundred bytes each."""


class DiskUse(TypedDict):
    """Bytes of the storage, by kind, and bytes free on its disk (None of a bucket)."""

    kept: dict[str, int]
    free: int | None


def kind_of(key: str) -> Kind:
    """The kind of the file with a storage key."""
    if log := log_of(key):
        return Kind.RAW_LOGS if log[1] else Kind.DECRYPTED_LOGS
    if package := package_of_key(key):
        return Kind.DECRYPTED_MEMBERS if package[1] else Kind.PACKAGES
    folders = {"datasets/": Kind.DATASETS, "reports/": Kind.REPORTS}
    return next((kind for folder, kind in folders.items() if key.startswith(folder)), Kind.NOTES)


def disk_use(storage: Storage) -> DiskUse:
    """What the storage keeps. A folder has to be there."""
    kept = Counter({str(kind): 0 for kind in Kind})
    for file in storage.files():
        if not file.key.startswith(_LINKS):
            kept[kind_of(file.key)] += file.size
    return DiskUse(kept=dict(kept), free=storage.free())


def enough_space(use: DiskUse) -> int:
    """Bytes that should be free: 20 GiB, or a tenth of what is kept where that is more."""
    return max(LITTLE_SPACE, int(sum(use["kept"].values()) * LITTLE_SHARE))
