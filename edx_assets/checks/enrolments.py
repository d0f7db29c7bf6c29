"""The check that a course's table of enrolments agrees with its enrolment events."""

from datetime import UTC, date, datetime
from typing import Any

from dagster import AssetCheckResult, AssetCheckSeverity

from edx_assets.checks.not_loaded import not_loaded
from edx_assets.edx.collections import ENROLMENTS, TRACKING
from edx_assets.edx.courses import Window
from edx_assets.edx.delivery import PACKAGE_AGE
from edx_assets.loading.courses.window_query import master_query
from edx_assets.loading.ledger import MASTER_TRACKING, course_load, tracking_load
from edx_assets.loading.registry import registered_course
from edx_assets.resources.store import Collection, Store

ACTIVATED = "edx.course.enrollment.activated"
DEACTIVATED = "edx.course.enrollment.deactivated"
_EVENTS = {"event_type": {"$in": [ACTIVATED, DEACTIVATED]}}

TOLERANCE = 0.05
"""Share of learners for whom table and events may disagree: some changes are without an event."""


def enrolments_agree(store: Store, partition: str) -> AssetCheckResult:
    """Whether each learner's last enrolment event agrees with `is_active`.

    The table is as old as its package. Where the course ended before, its events after the end
    count too: they are in the master collection.

    Memory grows with the number of learners who have such events, not with the number of events.

    Raises:
        StoreError: the database failed.
    """
    tracking = tracking_load(store, partition)
    if tracking is None:
        return not_loaded(TRACKING)
    enrolments = course_load(store, partition, ENROLMENTS)
    if enrolments is None:
        return not_loaded(ENROLMENTS)
    course = registered_course(store, partition)
    database = course["database"]
    package = date.fromisoformat(enrolments["package"])
    cut = datetime(package.year, package.month, package.day, tzinfo=UTC) - PACKAGE_AGE
    last = _last_events(store, Collection(database, TRACKING), _EVENTS)
    end = tracking["window"]["end"]
    if end is not None and end < cut:
        # the table knows who left after the course's end, of which its tracking has no event
        after = master_query([course["course_key"]], course["site"], Window(end, cut))
        last |= _last_events(store, MASTER_TRACKING, after | _EVENTS)
    agree = disagree = unsettled = without_event = inactive = 0
    for row in store.find(Collection(database, ENROLMENTS), {}, fields=["user_id", "is_active"]):
        event = last.get(row["user_id"])
        active = bool(row.get("is_active", 1))  # packages before August 2013 lack the column
        if event is None:
            without_event += active
            inactive += not active
        elif event[0] >= cut:
            unsettled += 1
        elif event[1] == active:
            agree += 1
        else:
            disagree += 1
        if event is not None:
            del last[row["user_id"]]
    # enrolled according to their events, but in no row
    lacking = sum(active for moment, active in last.values() if moment < cut)
    compared = agree + disagree + lacking
    share = (disagree + lacking) / compared if compared else 0.0
    return AssetCheckResult(
        passed=share <= TOLERANCE,
        severity=AssetCheckSeverity.WARN,
        description=f"table and events disagree on {disagree + lacking} of {compared} learners"
        f" ({share:.1%}; expected: at most {TOLERANCE:.0%})",
        metadata={
            "agree": agree,
            "disagree": disagree,
            "enrolled_by_events_alone": lacking,
            "share_of_disagreement": round(share, 4),
            "enrolled_without_an_event": without_event,
            "not_enrolled_and_without_an_event": inactive,
            "too_late_for_the_package": unsettled,
        },
    )


def _last_events(
    store: Store, collection: Collection, query: dict[str, Any]
) -> dict[Any, tuple[datetime, bool]]:
    """When each learner last enrolled or unenrolled, and whether they enrolled."""
    last: dict[Any, tuple[datetime, bool]] = {}
    fields = ["event_type", "timestamp", "event", "event_source"]
    for record in store.find(collection, query, fields=fields):
        event = record.get("event")
        # a browser can send any user, and the acting user may be staff: `event` has the learner
        user = event.get("user_id") if isinstance(event, dict) else None
        if user is None or record.get("event_source") == "browser":
            continue
        moment, before = record["timestamp"], last.get(user)
        if before is None or moment >= before[0]:
            last[user] = moment, record["event_type"] == ACTIVATED
    return last
