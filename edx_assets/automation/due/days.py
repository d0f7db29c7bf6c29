"""Which days of a site's tracking logs are due: what S3 has, minus what the ledger has.

No run is requested here.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from edx_assets.edx.delivery import LOG_DELAY
from edx_assets.edx.file_names import events_file
from edx_assets.loading.days.master_tracking import RECORDS
from edx_assets.loading.entries import DayEntry
from edx_assets.loading.ledger import day_entries, is_settled
from edx_assets.resources.delivered import Delivered
from edx_assets.resources.store import Store


def days_in_ledger(store: Store, site: str) -> dict[date, DayEntry]:
    """The ledger's entries for a site's days, with what tells whether they are due."""
    fields = ["date", "state", "etag", "version", "file", "recount_for"]
    entries = day_entries(store, site, fields)
    return {date.fromisoformat(entry["date"]): entry for entry in entries}


def days_due(
    site: str,
    years: Collection[int],
    listed: Iterable[tuple[Delivered, date]],
    ledger: dict[date, DayEntry],
    first: date,
    last: date,
) -> dict[date, str]:
    """The days to load, in order, each with its version on S3, and that of its reader.

    A day is due if the ledger lacks it, has not finished it, or has it with another ETag or by an
    earlier reader. A day without a file between two days with one is due once. A file that is gone
    from S3 changes nothing.

    Args:
        site: `edx` or `edge`.
        years: the years that `listed` covers completely.
        listed: S3's files of these years with their days.
        ledger: from `days_in_ledger`.
        first: the first day of tracking logs.
        last: the last day that has ended.
    """
    files: dict[date, list[Delivered]] = {}
    for item, day in listed:
        files.setdefault(day, []).append(item)
    due = {
        day: "+".join([*sorted({f"{item.key}:{item.etag}" for item in items}), f"{RECORDS}"])
        for day, items in files.items()
        if not _is_done(ledger.get(day), {item.etag for item in items})
    }
    known = {*files, *(day for day, entry in ledger.items() if entry["file"])}
    # a day without a file counts as empty once its file can no longer be just late
    silent = min(max(known), last - LOG_DELAY) if known else last
    for year in years:
        day = max(first, date(year, 1, 1), min(known, default=last))
        while day.year == year and day < silent:
            if day not in files and not _is_done(ledger.get(day), None):
                due[day] = f"{site}/{day}:none"
            day += timedelta(days=1)
    return dict(sorted(due.items()))


def days_waiting(ledger: dict[date, DayEntry], busy: Collection[date]) -> set[date]:
    """Days whose records are counted again by loads in flight (days `busy`) when they end."""
    return {
        day
        for day, entry in ledger.items()
        for file in entry.get("recount_for", ())
        if (parsed := events_file(file)) and parsed.day in busy
    }


def _is_done(entry: DayEntry | None, etags: set[str] | None) -> bool:
    if entry is None or not is_settled(entry):
        return False
    return etags is None or (etags == {entry["etag"]} and entry["version"] == RECORDS)
