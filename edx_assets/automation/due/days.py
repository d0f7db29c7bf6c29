"""Which days of a site's tracking logs are due: what S3 has, minus what the ledger has."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from edx_assets.edx.delivery import LOG_DELAY
from edx_assets.edx.file_names import events_file
from edx_assets.loading.ledger import DayEntry, day_entries, is_settled
from edx_assets.resources.buckets import Delivered
from edx_assets.resources.store import Store


def days_in_ledger(store: Store, site: str) -> dict[date, DayEntry]:
    """What the ledger says of each of a site's days: state, ETag, file, and what it waits for."""
    fields = ["date", "state", "etag", "file", "recount_for"]
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
    """The days to load, in their order, each with the version of it that is on S3.

    A day is due that the ledger has not, has not finished, or has with another ETag; and, once, a
    day without a file between two days that have one. A file that has gone from S3 changes nothing.

    Args:
        site: `edx` or `edge`.
        years: those that `listed` tells everything about.
        listed: S3's files of these years with their days.
        ledger: `days_in_ledger`.
        first: the first day that there are tracking logs of.
        last: the last day that has ended.
    """
    files: dict[date, list[Delivered]] = {}
    for item, day in listed:
        files.setdefault(day, []).append(item)
    due = {
        day: "+".join(sorted({f"{item.key}:{item.etag}" for item in items}))
        for day, items in files.items()
        if not _is_done(ledger.get(day), {item.etag for item in items})
    }
    known = {*files, *(day for day, entry in ledger.items() if entry["file"])}
    # a day without a file counts as empty once it cannot be merely late
    silent = min(max(known), last - LOG_DELAY) if known else last
    for year in years:
        day = max(first, date(year, 1, 1), min(known, default=last))
        while day.year == year and day < silent:
            if day not in files and not _is_done(ledger.get(day), None):
                due[day] = f"{site}/{day}:none"
            day += timedelta(days=1)
    return dict(sorted(due.items()))


def days_waiting(ledger: dict[date, DayEntry], busy: Collection[date]) -> set[date]:
    """Days that are to be counted again when days in flight are done, which do so."""
    return {
        day
        for day, entry in ledger.items()
        for file in entry.get("recount_for", ())
        if (parsed := events_file(file)) and parsed.day in busy
    }


def _is_done(entry: DayEntry | None, etags: set[str] | None) -> bool:
    if entry is None or not is_settled(entry):
        return False
    return etags is None or etags == {entry["etag"]}
