"""What `load` and `refresh` have to do: what is due of what was named, in runs as the sensors make.

They carry the sensors' run keys and leave alone what is in flight: so no sensor asks for what
a command is at work on, nor the other way round.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from dagster import AssetKey, DagsterInstance, RunRequest

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.automation.due.packages import deliveries_due
from edx_assets.automation.requests import day_requests, package_requests
from edx_assets.automation.runs import days_of, partitions_of, runs_in_flight, runs_of
from edx_assets.automation.sensors.courses import requests_of_due
from edx_assets.automation.sensors.tracking_logs import Files, days_found, last_day
from edx_assets.datasets.definition import Dataset
from edx_assets.errors import FinalError
from edx_assets.loading.ledger import day_entries
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.store import Store
from edx_assets.settings import Settings


class WrongSpanError(FinalError):
    """The days that were named cannot be loaded; the message says which can."""


@dataclass(frozen=True)
class Span:
    """The first and last day that are wanted."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Wanted:
    """The runs to make, and the partitions that are left to runs in flight."""

    requests: list[RunRequest]
    in_flight: list[str]


def log_span(settings: Settings, first: date | None, last: date | None) -> Span:
    """The days of tracking logs that are wanted, at most to the last day that can have a file.

    Raises:
        WrongSpanError: there are none, or they begin before EDX_START_DATE.
    """
    end = last_day(settings)
    _in_order(first, last)
    if first and first < settings.start_date:
        raise WrongSpanError(
            f"{first} is before EDX_START_DATE ({settings.start_date}), so it has no partition:"
            " begin later (--from), or set EDX_START_DATE earlier and start Dagster again"
        )
    begin = first or settings.start_date
    if (last or end) < begin or end < begin:
        why = "that of EDX_END_DATE" if settings.end_date == end else "yesterday (UTC)"
        raise WrongSpanError(
            f"no tracking log can be there: the first day is {settings.start_date}, the last is"
            f" {end}, {why}: name days between them (--from, --to)"
        )
    return Span(begin, min(last or end, end))


def package_span(first: date | None, last: date | None) -> Span | None:
    """The delivery dates that are wanted, or None if none are named.

    Raises:
        WrongSpanError: the last is before the first.
    """
    _in_order(first, last)
    return Span(first or date.min, last or date.max) if first or last else None


def listed(buckets: Buckets, site: str, span: Span) -> Files:
    """S3's tracking logs that can have days of the span, by the year of their folder.

    A log that was delivered after the end of the year is in the next year's.
    """
    end = min(span.last.year + 1, datetime.now(UTC).year)
    return {year: buckets.events_files(site, year) for year in range(span.first.year, end + 1)}


def days_wanted(
    instance: DagsterInstance,
    store: Store,
    site: str,
    files: Files,
    span: Span,
    settings: Settings,
    tried: Collection[date] = (),
    rebuild: bool = False,
) -> Wanted:
    """The runs for a site's days that are due; with `rebuild`, for all that have a file.

    Days that the command has `tried` already are left out.
    """
    runs = runs_of(runs_in_flight(instance), site)
    found = days_found(runs, store, site, files, settings)
    due, in_flight = found.free, found.in_flight
    if rebuild:
        there = {day for listing in files.values() for _item, day in listing}
        entries = day_entries(store, site, ["date", "file"])
        there |= {date.fromisoformat(entry["date"]) for entry in entries if entry["file"]}
        in_flight = there & days_of(runs)
        due = dict.fromkeys(sorted(there - in_flight), "")
    due = {day: version for day, version in due.items() if day in span and day not in tried}
    requests = day_requests(site, due, found.newest)
    busy = [str(day) for day in sorted(in_flight) if day in span]
    return Wanted(_without_keys(requests) if rebuild else requests, busy)


def packages_wanted(
    instance: DagsterInstance,
    buckets: Buckets,
    store: Store,
    span: Span | None,
    rebuild: bool = False,
) -> Wanted:
    """The runs for the packages that are due; with `rebuild`, for all that S3 has.

    Without a span, those of the last weeks are due, as for the sensor.
    """
    busy = partitions_of(runs_of(runs_in_flight(instance), "packages"))
    if rebuild:
        there = {str(day) for day in buckets.packages() if span is None or day in span}
        requests = _without_keys(package_requests(dict.fromkeys(there - busy, "")))
    else:
        within = span.__contains__ if span else None
        requests = package_requests(deliveries_due(buckets, store, busy, within))
    wanted = {day for day in busy if span is None or date.fromisoformat(day) in span}
    return Wanted(requests, sorted(wanted))


def courses_wanted(
    instance: DagsterInstance,
    store: Store,
    courses_file: Path | None,
    settings: Settings,
    known: dict[str, Dataset],
) -> Wanted:
    """The runs for the courses that are due, and the courses that are in flight."""
    requests = requests_of_due(
        instance, store, courses_file, settings.log_days, known, lambda keys: {k: k for k in keys}
    )
    busy = partitions_of(runs_of(runs_in_flight(instance), "course"))
    return Wanted([_whole(request) for request in requests], sorted(busy))


def _whole(request: RunRequest) -> RunRequest:
    """A request that names no assets is for all of the course's."""
    if request.asset_selection:
        return request
    return request.with_replaced_attrs(asset_selection=whole_course())


def whole_course() -> list[AssetKey]:
    """Every asset of a course."""
    # loaded here: at the top it would read the settings before a command has named the demo's
    from edx_assets.definitions import defs

    return sorted(WHOLE_COURSE.resolve(defs.get_repository_def().asset_graph))


def _without_keys(requests: list[RunRequest]) -> list[RunRequest]:
    return [request.with_replaced_attrs(run_key=None) for request in requests]


def _in_order(first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise WrongSpanError(f"--from {first} is after --to {last}: swap them")
