"""The stage master_tracking: load a day's records into the master collection, count every line.

Which file owns a record, if several contain its line, is decided in `master`.
"""

from datetime import UTC, datetime
from gzip import BadGzipFile
from time import monotonic

from edx_assets.edx.file_names import SiteDay
from edx_assets.edx.lines import DAMAGED_GZIP, gzipped_lines
from edx_assets.edx.retired import Retired
from edx_assets.errors import FinalError
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import DayCounts
from edx_assets.loading.days.daily_log import DamagedLogError
from edx_assets.loading.days.files import DailyLog, daily_log, decrypted_key, is_whole
from edx_assets.loading.days.lines import load_lines
from edx_assets.loading.entries import DayEntry, DayState
from edx_assets.loading.ledger import (
    IMPORTS,
    MASTER_TRACKING,
    as_was,
    day_entry,
    is_half_retried,
    new_token,
)
from edx_assets.loading.quarantine import release
from edx_assets.loading.registry import register_courses
from edx_assets.loading.retired.suppression import refuse_if_changed, suppression
from edx_assets.loading.stage import CountMismatchError, Metadata, StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings

RECORDS = 5
"""Version of the lines' processing; a file loaded with another version is loaded again."""


class OlderFileError(FinalError):
    """The file is not the newest delivery of its day; the message names the newer one."""


def load_day(store: Store, storage: Storage, day: SiteDay, rebuild: bool = False) -> Metadata:
    """Load a day's decrypted file into the master collection.

    The ledger says `loading` until every line is accounted for, then `loaded`. A file that is
    already loaded is left alone, unless `rebuild` is on; one that was loaded in part, or replaces
    another, is always loaded. A file that is gone from both S3 and the storage stays loaded.

    Raises:
        StageMissingError: daily_log has not run for the day, or has no file although one was
            loaded in part, or its file has been removed; what was loaded stays.
        OlderFileError: a newer delivery of the day has been loaded, by another worker.
        DamagedLogError: the decrypted file is damaged; it is removed.
        CountMismatchError: lines and records do not add up.
        LostKeyError: the key of the list of retired learners is gone.
        StoreError: the database failed.
    """
    log = daily_log(storage, day)
    if log is None:
        raise StageMissingError(
            f"{day.site}/daily_log is not materialized for {day.day}: materialize it first"
        )
    started = monotonic()
    with master.changing(store):
        before = day_entry(store, day)
        if not rebuild and before and _is_loaded(store, before, log.etag):
            if before.get("cleared"):
                storage.delete(decrypted_key(day))
            return _metadata(before, "unchanged", 0.0)
        _refuse_older(before, log)
        if log.file is not None and not storage.use(decrypted_key(day)):
            raise StageMissingError(
                f"{decrypted_key(day)} is not in the storage: materialize {day.site}/raw_log and"
                f" {day.site}/daily_log for {day.day} as well, which make it again"
            )
        earlier = _files_of(before)
        if log.file is None and earlier:
            return _metadata(_kept(store, before), "kept: gone from S3", 0.0)
        entry = DayEntry(
            _id=str(day),
            site=day.site,
            date=str(day.day),
            file=log.file,
            etag=log.etag,
            version=RECORDS,
            state=DayState.LOADING,
            was=as_was(before),
            replaces=earlier,
            token=new_token(),
        )
        if log.delivered:
            entry["delivered"] = log.delivered
        master.prepare(store)
        store.put(IMPORTS, entry)
        for file in earlier:
            master.forget(store, file)
            release(store, MASTER_TRACKING, file)
    counts = DayCounts()
    known = suppression(store, storage)
    if log.file is not None:
        _load_file(store, storage, day, log, counts, known.retired)
    refused = register_courses(store, counts.explicit_courses, day.site)
    with master.changing(store):
        _is_still_ours(store, day, entry)
        refuse_if_changed(store, known)
        master.settle(store, earlier, log.file)
        _check(store, log.file, log.lines, counts)
        del entry["was"]
        entry = {**entry, **counts.totals()}
        entry["state"] = DayState.LOADED if log.file else DayState.NO_FILE
        entry["token"] = new_token()
        entry["bytes"] = log.unpacked
        entry["lines"] = counts.lines
        entry["duplicates"] = counts.duplicates
        entry["repeated"] = counts.repeated
        entry["repeated_lines"] = counts.repeated_lines
        entry["rejected"] = counts.rejected.total()
        entry["reasons"] = dict(counts.rejected)
        if counts.retired:
            entry["retired"] = counts.retired
        if cleared := bool(counts.retired or counts.changed):
            entry["cleared"] = True
        entry["loaded_at"] = datetime.now(UTC)
        entry["replaces"] = []
        entry["courses_refused"] = refused
        store.put(IMPORTS, entry)
    if cleared:
        storage.delete(decrypted_key(day))
    return _metadata(entry, "loaded", monotonic() - started)


def is_intact(store: Store, entry: DayEntry) -> bool:
    """Whether a day is loaded according to the ledger, and the collection agrees."""
    if entry["state"] == DayState.NO_FILE:
        return True
    if entry["state"] != DayState.LOADED:
        return False
    return master.count(store, str(entry["file"])) == entry["loaded"]


def _refuse_older(before: DayEntry | None, log: DailyLog) -> None:
    """Refuse a file that this worker still has in its storage and that edX has since replaced."""
    newest = before.get("delivered") if before else None
    if before and newest and log.file and log.etag != before["etag"] and log.delivered < newest:
        raise OlderFileError(
            f"{log.file} in this worker's storage was delivered"
            f" {log.delivered or 'at an unknown time'}; {before['file']} of {newest} is newer and"
            " has been loaded: materialize the day from raw_log on. If the older content is the"
            " right one, upload it to S3 again"
        )


def _is_still_ours(store: Store, day: SiteDay, entry: DayEntry) -> None:
    now = day_entry(store, day)
    if now is None or now.get("token") != entry["token"]:
        raise CountMismatchError(
            f"{day.site} {day.day} was loaded by another run at the same time: materialize this"
            " partition again"
        )
    if now.get("disturbed"):
        raise CountMismatchError(
            f"{entry['file']}: the load of another day gave or took lines meanwhile: materialize"
            " this partition again"
        )


def _files_of(entry: DayEntry | None) -> list[str]:
    """The files of a day that may have records, from its entry."""
    files = {*entry["replaces"], entry["file"]} if entry else set()
    return sorted(file for file in files if file)


def _kept(store: Store, entry: DayEntry | None) -> DayEntry:
    """The entry of a day whose file is gone from S3 and the storage, if it is completely loaded."""
    if entry and is_intact(store, entry):
        return entry
    if entry and is_half_retried(entry):
        raise StageMissingError(
            f"a retry of the quarantined lines of {entry['file']} has not ended, and the file is no"
            " longer on S3 nor in the storage: run"
            f" `edx-assets quarantine retry --file {entry['file']}` again"
        )
    raise StageMissingError(
        f"{' and '.join(_files_of(entry))} was loaded in part and is no longer on S3 nor in the"
        " storage: put it back on S3, or ask edX to, and materialize the day again, starting with"
        " raw_log; the records already loaded stay until then"
    )


def _load_file(
    store: Store,
    storage: Storage,
    day: SiteDay,
    log: DailyLog,
    counts: DayCounts,
    retired: Retired,
) -> None:
    key, file = decrypted_key(day), str(log.file)
    most = load_settings().max_line_mb * 2**20
    try:
        if not is_whole(storage, day, log):
            raise BadGzipFile
        with storage.reading(key) as path, gzipped_lines(path, most) as lines:
            load_lines(store, lines, file, day.site, counts, retired)
    except DAMAGED_GZIP:
        storage.delete(key)
        raise DamagedLogError(
            f"{file}: its decrypted file in the storage was damaged and has been removed:"
            " materialize this partition again, starting with daily_log, which decrypts it again"
        ) from None


def _is_loaded(store: Store, entry: DayEntry, etag: str) -> bool:
    """Whether this very file is loaded according to the ledger, and the collection agrees."""
    return entry["etag"] == etag and entry["version"] == RECORDS and is_intact(store, entry)


def _check(store: Store, file: str | None, lines: int, counts: DayCounts) -> None:
    held = master.count(store, file) if file else 0
    total = counts.loaded + counts.duplicates + counts.rejected.total() + counts.retired
    if not (lines == counts.lines == total and held == counts.loaded):
        raise CountMismatchError(
            f"{file}: {lines} lines decrypted, {counts.lines} read; {counts.loaded} loaded,"
            f" {counts.duplicates} duplicates, {counts.rejected.total()} rejected,"
            f" {counts.retired} retired; {held} records in the master collection: materialize this"
            " partition again, and report it if it fails again"
        )


def _metadata(entry: DayEntry, outcome: str, seconds: float) -> Metadata:
    loaded = entry.get("loaded", 0)
    metadata: Metadata = {
        "file": entry["file"] or "none",
        "outcome": outcome if entry["file"] else "empty: no file for this day",
        "bytes": entry.get("bytes", 0),
        "lines": entry.get("lines", 0),
        "loaded": loaded,
        "duplicates": entry.get("duplicates", 0),
        "rejected": entry.get("rejected", 0),
        "courses": len(entry.get("courses", [])),
    }
    first, last = entry.get("first"), entry.get("last")
    if loaded and first and last:
        metadata["implicit_share"] = round(entry["implicit"] / loaded, 4)
        metadata["first_event"] = first.isoformat()
        metadata["last_event"] = last.isoformat()
        if "hours" in entry:
            metadata["events_by_hour"] = entry["hours"]
    if entry.get("reasons"):
        metadata["rejected_by_reason"] = entry["reasons"]
    if entry.get("retired"):
        metadata["retired"] = entry["retired"]
    if entry.get("repeated"):
        metadata["repeated_lines"] = entry["repeated"]
    if entry.get("courses_refused"):
        metadata["courses_refused"] = "; ".join(entry["courses_refused"])
    if seconds:
        metadata["seconds"] = round(seconds, 2)
        metadata["events_per_second"] = round(loaded / seconds)
    return metadata
