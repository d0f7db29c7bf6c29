"""Following a delivered tracking log: into the master collection, and on into its courses.

Dagster's sensors and runs take it there: this only looks at the ledger and at the runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic, sleep

from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter

from edx_assets.automation.notice import notice
from edx_assets.dagster_internals import PARTITION
from edx_assets.edx.courses import Window
from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.courses.shares import extracted_files
from edx_assets.loading.courses.window_files import DayFile, marks
from edx_assets.loading.entries import DayEntry, TrackingState
from edx_assets.loading.ledger import day_entry, is_settled, tracking_load
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.store import Store

_LOOK = 0.5  # seconds


@dataclass(frozen=True)
class Followed:
    """A step of a file on its way, after so many seconds; `failed`: its run has."""

    text: str
    seconds: float
    failed: bool = False
    late: bool = False  # it has not come this far within the patience


def follow(
    store: Store,
    instance: DagsterInstance,
    day: SiteDay,
    etag: str,
    since: datetime,
    patience: float,
) -> Iterator[Followed]:
    """Tell when a tracking log is loaded, and when it is in each course whose window has it.

    Args:
        store: the document store.
        instance: Dagster's instance.
        day: the log's.
        etag: of the object that was delivered.
        since: when it was delivered; earlier runs are not its own.
        patience: seconds to wait in all.

    Raises:
        StoreError: the database failed.
    """
    started = monotonic()
    entry = None
    while entry is None:
        found = day_entry(store, day)
        if found and found["etag"] == etag and is_settled(found):
            entry = found
        elif cause := _failure(instance, day.day, since):
            yield Followed(cause, monotonic() - started, failed=True)
            return
        elif monotonic() - started > patience:
            yield Followed(_too_long(f"{day} is not loaded"), monotonic() - started, late=True)
            return
        else:
            sleep(_LOOK)
    yield Followed(_counts(day, entry), monotonic() - started)
    waiting = _courses_of(store, entry)
    while waiting:
        for partition in sorted(waiting):
            file = extracted_files(store, partition).get(str(entry["file"]))
            load = tracking_load(store, partition)
            if (
                file
                and load
                and file.mark == entry.get("token")
                and load["state"] == TrackingState.LOADED
            ):
                waiting.discard(partition)
                text = f"{file.share.events:,} of its events are in the tracking of {partition}"
                yield Followed(text, monotonic() - started)
        if waiting and monotonic() - started > patience:
            text = _too_long(f"the tracking of {', '.join(sorted(waiting))} lacks {day}")
            yield Followed(text, monotonic() - started, late=True)
            return
        sleep(_LOOK if waiting else 0)


def _courses_of(store: Store, entry: DayEntry) -> set[str]:
    """The partitions of the courses that have events in a day's file, and it in their window."""
    first, last = entry.get("first"), entry.get("last")
    if not first or not last:
        return set()
    file = DayFile(str(entry["file"]), entry.get("token") or "", first, last)
    keys = {course["course_key"] for course in entry.get("courses", ())}
    found = set()
    for course in registered_courses(store):
        load = tracking_load(store, course["_id"])
        if load and (course["course_key"], course["site"]) in {(k, entry["site"]) for k in keys}:
            window = Window(load["window"]["start"], load["window"]["end"])
            if marks([file], window):
                found.add(course["_id"])
    return found


def _counts(day: SiteDay, entry: DayEntry) -> str:
    return (
        f"{day} is loaded: {entry.get('lines', 0):,} lines = {entry.get('loaded', 0):,} events"
        f" + {entry.get('duplicates', 0):,} duplicates + {entry.get('rejected', 0):,} rejected"
        + (f" + {retired:,} retired" if (retired := entry.get("retired")) else "")
    )


def _failure(instance: DagsterInstance, day: date, since: datetime) -> str:
    """What the UI and a notice say of a day's run that has failed; empty if none has."""
    failed = RunsFilter(
        statuses=[DagsterRunStatus.FAILURE], tags={PARTITION: str(day)}, created_after=since
    )
    for run in instance.get_runs(failed, limit=1):
        for record in instance.all_logs(run.run_id, DagsterEventType.RUN_FAILURE):
            if record.dagster_event:
                told = notice(instance, run, record.dagster_event, None)
                causes = "\n".join(f"Cause: {cause}" for cause in told.causes)
                return f"{told.headline()}.\n{causes}\nRemedy: {told.remedy}"
    return ""


def _too_long(what: str) -> str:
    return f"{what} yet: look at Dagster's UI, under Runs, or wait longer (--patience)"
