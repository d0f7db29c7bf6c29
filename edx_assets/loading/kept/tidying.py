"""Removing what the storage need not keep, as the settings say. What is needed is in `needed`."""

from collections import Counter
from dataclasses import dataclass, field

from edx_assets.loading.days.files import log_of
from edx_assets.loading.kept.disk_use import Kind, disk_use, kind_of
from edx_assets.loading.kept.needed import IN_USE, need_of_log, need_of_package
from edx_assets.loading.packages.members import (
    note_key,
    package_key,
    package_of_key,
    zip_of,
)
from edx_assets.loading.packages.newest import newest_packages
from edx_assets.loading.stage import Metadata
from edx_assets.loading.upgrade import upgrade
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.resources.stored import StoredFile
from edx_assets.settings import Settings

KEEP = ("keep_raw_days", "keep_decrypted_days", "keep_packages")
"""The settings of what is kept."""

_DAY = 86_400.0
"""Seconds. What was used so recently is never removed: no run lasts longer (`dagster.yaml`)."""


@dataclass
class _Tidying:
    """The removals of one run: by kind, files and bytes removed, and reasons of those kept."""

    storage: Storage
    removed: Counter[str] = field(default_factory=Counter)
    freed: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def remove(self, file: StoredFile, since: float) -> bool:
        """Remove a file that was not used after `since`; return whether it is removed."""
        kind = kind_of(file.key)
        if not self.storage.delete_unused(file.key, since):
            self.keep(file, IN_USE)
            return False
        if kind == Kind.DECRYPTED_MEMBERS:
            self.storage.delete(note_key(file.key))
        self.count(kind, 1, file.size)
        return True

    def count(self, kind: str, files: int, size: int) -> None:
        """Count files that are removed, and their bytes."""
        if files:
            self.removed[kind] += files
            self.freed[kind] += size

    def keep(self, file: StoredFile, why: str) -> None:
        """Count a file that stays although it is old enough."""
        self.kept[f"{kind_of(file.key)}: {why}"] += 1


def tidy(
    buckets: Buckets, store: Store, storage: Storage, settings: Settings, now: float
) -> Metadata:
    """Remove half-written files of killed runs, and what is older than the settings keep.

    Whatever is removed can be made again: a log or a package stays unless it is loaded or sorted
    and S3 has that very file. Without a setting, everything of its kind stays.

    Args:
        buckets: the institution's buckets.
        store: the document store.
        storage: the storage.
        settings: the settings.
        now: the time, in seconds since 1970.

    Raises:
        InvalidSettingError: one of the settings is wrong.
        DeliveryError: S3 cannot be reached.
        StoreError: the database failed.
    """
    settings.require(*KEEP)
    upgrade(store)
    work = _Tidying(storage)
    work.count("unfinished", *storage.clear_unfinished())
    files = list(storage.files())
    if settings.keep_packages is not None:
        _packages(buckets, store, work, files, settings.keep_packages, now - _DAY)
    if settings.keep_decrypted_days is not None:
        since = now - settings.keep_decrypted_days * _DAY
        _members(work, files, since)
        _logs(buckets, store, work, files, Kind.DECRYPTED_LOGS, since)
    if settings.keep_raw_days is not None:
        since = now - settings.keep_raw_days * _DAY
        _logs(buckets, store, work, files, Kind.RAW_LOGS, since)
    use = disk_use(storage)
    return {
        "removed_files": work.removed.total(),
        "removed_bytes": work.freed.total(),
        "removed_by_kind": {
            kind: {"files": count, "bytes": work.freed[kind]}
            for kind, count in sorted(work.removed.items())
        },
        "kept_though_old": dict(sorted(work.kept.items())),
        "kept_bytes_by_kind": use["kept"],
        "kept_bytes": sum(use["kept"].values()),
    } | ({"free_bytes": use["free"]} if use["free"] is not None else {})


def _logs(
    buckets: Buckets,
    store: Store,
    work: _Tidying,
    files: list[StoredFile],
    kind: Kind,
    since: float,
) -> None:
    for file in files:
        log = log_of(file.key)
        if log is None or kind_of(file.key) != kind or file.used > since:
            continue
        if why := need_of_log(buckets, store, work.storage, *log):
            work.keep(file, why)
        else:
            work.remove(file, since)


def _members(work: _Tidying, files: list[StoredFile], since: float) -> None:
    """Remove decrypted members whose zip is there: they are decrypted again on their next use."""
    for file in files:
        package = package_of_key(file.key)
        if (
            package
            and package[1]
            and file.used <= since
            and work.storage.exists(zip_of(package[0], file.key))
        ):
            work.remove(file, since)


def _packages(
    buckets: Buckets,
    store: Store,
    work: _Tidying,
    files: list[StoredFile],
    most: int,
    since: float,
) -> None:
    """Remove all but the newest packages, each with its opt-in list and its decrypted members."""
    by_day: dict[str, list[StoredFile]] = {}
    for file in files:
        if package := package_of_key(file.key):
            by_day.setdefault(package[0], []).append(file)
    whole = sorted(
        day for day, of_day in by_day.items() if package_key(day) in {file.key for file in of_day}
    )
    newest = {*newest_packages(store).values()}
    for day in sorted(by_day.keys() - set(whole[-most:])):
        if why := need_of_package(buckets, store, work.storage, day, newest):
            for file in by_day[day]:
                if kind_of(file.key) == Kind.PACKAGES:
                    work.keep(file, why)
            continue
        # the package first: without it, what else is left of it is removed the next time
        of_day = sorted(by_day[day], key=lambda file: file.key != package_key(day))
        if work.remove(of_day[0], since):
            for file in of_day[1:]:
                work.remove(file, since)
