"""Checks of a course's tracking: window complete, users known, events bound, enrolments agree."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    PreviewWarning,
    asset_check,
)

from edx_assets.assets.plots import spans
from edx_assets.assets.remedies import with_remedy
from edx_assets.assets.stages import plain_failures
from edx_assets.checks.enrolments import enrolments_agree
from edx_assets.checks.not_loaded import not_loaded
from edx_assets.edx.collections import ENROLMENTS, TRACKING
from edx_assets.edx.delivery import LOG_DELAY
from edx_assets.loading.ledger import course_load, day_entries, is_settled, tracking_load
from edx_assets.loading.registry import registered_course
from edx_assets.partitions import courses_partitions
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.store import Collection, Store

_USERS_KNOWN = 0.7
_EVENTS_BOUND = 0.8

CourseVerdict = Callable[[Store, str], AssetCheckResult]


def window_complete(
    store: Store, partition: str, first: date, last: date | None, today: date
) -> AssetCheckResult:
    """Whether every day of a course's window is loaded, or known to have no file.

    `first` and `last` are the first and last day of the site's logs: no other day can be loaded.
    """
    load = tracking_load(store, partition)
    if load is None:
        return not_loaded(TRACKING)
    start, end = load["window"]["start"], load["window"]["end"]
    begin = max(start.date(), first) if start else first
    # the last moment before the end: a window that ends at midnight excludes the next day
    final = (end - timedelta(microseconds=1)).date() if end else date.max
    final = min(final, last or date.max)
    ended = final + LOG_DELAY < today
    until = min(final, today - LOG_DELAY)
    site = registered_course(store, partition)["site"]
    entries = day_entries(store, site, ["date", "state"])
    here = {date.fromisoformat(entry["date"]) for entry in entries if is_settled(entry)}
    days = [begin + timedelta(days=n) for n in range((until - begin).days + 1)]
    missing = [day for day in days if day not in here]
    return AssetCheckResult(
        passed=not missing,
        severity=AssetCheckSeverity.ERROR if ended else AssetCheckSeverity.WARN,
        description=f"{len(missing)} of {len(days)} days are missing"
        + (f": {spans(missing)}" if missing else "")
        + ("" if ended else "; the course is still running"),
        metadata={
            "days": len(days),
            "missing": len(missing),
            "ended": ended,
            **({"missing_days": spans(missing)} if missing else {}),
        },
    )


def users_known(store: Store, partition: str) -> AssetCheckResult:
    """Whether most users in the tracking are in the course's auth_user."""
    database = registered_course(store, partition)["database"]
    for collection in (TRACKING, "auth_user"):
        if course_load(store, partition, collection) is None:
            return not_loaded(collection)
    known = {
        user["id"] for user in store.find(Collection(database, "auth_user"), {}, fields=["id"])
    }
    users = events = users_found = events_found = 0
    for user, of_user in store.tally(Collection(database, TRACKING), "user_id"):
        if user is not None:
            users, events = users + 1, events + of_user
            if user in known:
                users_found, events_found = users_found + 1, events_found + of_user
    share = users_found / users if users else 1.0
    return AssetCheckResult(
        passed=share >= _USERS_KNOWN,
        severity=AssetCheckSeverity.WARN,
        description=f"{users_found} of {users} users are in auth_user ({share:.1%})",
        metadata={
            "users": users,
            "users_in_auth_user": users_found,
            "share": round(share, 4),
            "events_of_users": events,
            "events_of_users_in_auth_user": events_found,
        },
    )


def structure_bound(store: Store, partition: str) -> AssetCheckResult:
    """Whether most events with a usage key were bound to a block."""
    load = tracking_load(store, partition)
    if load is None:
        return not_loaded(TRACKING)
    with_key, bound = load["with_module"], load["bound"]
    share = bound / with_key if with_key else 1.0
    return AssetCheckResult(
        passed=share >= _EVENTS_BOUND,
        severity=AssetCheckSeverity.WARN,
        description=f"{bound} of {with_key} events with a usage key were bound to a block"
        f" ({share:.1%})",
        metadata={"events_with_a_usage_key": with_key, "bound": bound, "share": round(share, 4)},
    )


@dataclass(frozen=True)
class CourseCheck:
    """A check of a course: its function, what its failure means, and which tables it needs."""

    verdict: CourseVerdict
    description: str
    needs: tuple[str, ...] = ()


def course_checks(first: date, last: date | None) -> list[AssetChecksDefinition]:
    """The checks of course/tracking; `first` and `last` are the limits of the tracking logs."""

    def complete(store: Store, partition: str) -> AssetCheckResult:
        return window_complete(store, partition, first, last, datetime.now(UTC).date())

    checks = {
        "window_complete": CourseCheck(
            complete,
            "Every day between the course's enrolment start and its end is loaded, or is known to"
            f" have no file; the last {LOG_DELAY.days} days may still come. A warning while the"
            " course is running, an error once it has ended. A failure means that analyses would"
            " lack these days: do not treat the course as complete. Materialize the missing days of"
            " master_tracking, then this course's tracking. If edX has never delivered them, ask"
            " for them; if the window is wrong, correct it in the courses file.",
        ),
        "users_known": CourseCheck(
            users_known,
            f"At least {_USERS_KNOWN:.0%} of the distinct users in the course's events are in its"
            " auth_user. Visitors who never enrolled (they looked at the course's about page, or"
            " are staff) have events but are in no table of the course, so some users are always"
            " unknown. A failure means that the package is older than the events, that it belongs"
            " to another course or run, or that its auth_user is cut short. Load the course's"
            " newest package; if that does not help, ask edX for it again.",
            needs=("auth_user",),
        ),
        "structure_bound": CourseCheck(
            structure_bound,
            f"At least {_EVENTS_BOUND:.0%} of the events with a usage key were bound to a block of"
            " the course structure. Events of blocks that authors have deleted never are. A failure"
            " means that the structure belongs to another run, or that events name blocks in a way"
            " that is not known yet. See which `module_id` have no `parent_data`; load the newest"
            " package, or an older one that still has the blocks.",
        ),
        "enrolments_agree": CourseCheck(
            enrolments_agree,
            "student_courseenrollment and the enrolment events in the tracking"
            " (edx.course.enrollment.activated and .deactivated) agree on who is enrolled, for"
            " learners whose last enrolment event is some days older than the package. A failure"
            " means that days of tracking are missing, that the table belongs to another run, or"
            " that enrolments were changed in bulk at edX. See window_complete first; then load the"
            " course's newest package.",
            needs=(ENROLMENTS,),
        ),
    }
    return [_check(name, check) for name, check in checks.items()]


def _check(name: str, check: CourseCheck) -> AssetChecksDefinition:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)  # partitions of checks: Dagster 1.13

        @asset_check(
            asset=AssetKey(["course", TRACKING]),
            name=name,
            description=with_remedy(name, check.description),
            additional_deps=[AssetKey(["course", table]) for table in check.needs],
            partitions_def=courses_partitions,
        )
        def evaluate(context: AssetCheckExecutionContext, mongo: Mongo) -> AssetCheckResult:
            course = context.op_execution_context.partition_key
            with plain_failures():
                return check.verdict(mongo.store(), course)

    return evaluate
