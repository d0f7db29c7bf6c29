"""Checks of a course: each passes on good data and fails on bad, in real runs; one stops a run."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dagster import AssetCheckSeverity

from edx_assets.checks.courses import course_checks, structure_bound, users_known, window_complete
from edx_assets.checks.enrolments import ACTIVATED, DEACTIVATED, enrolments_agree
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.ledger import COURSE_LOADS, IMPORTS, MASTER_TRACKING, course_load
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.checks.evaluations import checks_alone, evaluation, run_with_checks, verdicts
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, members, sort

STAGES = ("course/course_structure", "course/auth_user", "course/student_courseenrollment")
CHECKS = ("window_complete", "users_known", "structure_bound", "enrolments_agree")
VIDEO_EVENT = {"event_type": "play_video", "event": '{"id": "i4x-TestX-T101-video-v1"}'}
FIRST = date(2014, 2, 1)


def enrolled(second: int, user: int, active: bool = True) -> dict[str, Any]:
    """A server's event of an enrolment, or of its end."""
    name = ACTIVATED if active else DEACTIVATED
    about = {"course_id": "TestX/T101/2014", "user_id": user, "mode": "honor"}
    return event(second, event_type=name, name=name, event_source="server", event=about)


def built(testx: Institution, days: int = 8, events: list[Any] | None = None) -> None:
    """A course whose tables and days are loaded; its window is 2014-02-03 to 2014-02-10."""
    testx.deliver_package("2014-03-02", members())
    sort(testx, "2014-03-02")
    testx.deliver("2014-02-03", events or [event(1, **VIDEO_EVENT), enrolled(2, 7)])
    testx.deliver("2014-02-20", [event(3, time="2014-02-20T10:00:00+00:00")])
    ran = testx.run(
        *(f"edx/{stage}" for stage in ("raw_log", "daily_log", "master_tracking")),
        days=("2014-02-03", str(date(2014, 2, 2) + timedelta(days=days))),
    )
    assert ran.success


def extracted(testx: Institution) -> Any:
    return run_with_checks(testx, *STAGES, "course/tracking", partition=COURSE)


def test_a_course_with_all_its_days_passes_each_check(testx: Institution) -> None:
    built(testx)
    ran = extracted(testx)
    assert ran.success
    expected = {(name, COURSE): True for name in (*CHECKS, "no_credentials")}
    assert verdicts(testx, ran.run_id) == expected
    told = {name: evaluation(testx, "course/tracking", name, COURSE) for name in CHECKS}
    assert told["window_complete"].metadata["days"].value == 8
    assert told["users_known"].metadata["users"].value == 1
    assert told["structure_bound"].metadata["bound"].value == 1
    assert told["enrolments_agree"].metadata["agree"].value == 1
    for each in told.values():
        assert "ana" not in str(each.metadata)


def test_days_missing_in_a_course_that_has_ended_are_an_error_until_they_are_loaded(
    testx: Institution,
) -> None:
    built(testx, days=6)
    assert extracted(testx).success  # what was asked for is done: the tracking is what there is
    told = evaluation(testx, "course/tracking", "window_complete", COURSE)
    assert (told.passed, told.severity) == (False, AssetCheckSeverity.ERROR)
    assert told.metadata["missing_days"].value == "2014-02-09 to 2014-02-10"

    rest = tuple(f"edx/{stage}" for stage in ("raw_log", "daily_log", "master_tracking"))
    assert testx.run(*rest, days=("2014-02-09", "2014-02-10")).success
    extracted(testx)
    assert evaluation(testx, "course/tracking", "window_complete", COURSE).passed


def test_a_day_whose_lines_are_not_accounted_for_is_missing_in_its_courses(
    testx: Institution, store: Store
) -> None:
    built(testx)
    extracted(testx)
    store.delete(MASTER_TRACKING, {"load_file": "testx-edx-events-2014-02-03.log.gz.gpg"})
    assert not checks_alone(testx, "2014-02-03").success
    extracted(testx)
    told = evaluation(testx, "course/tracking", "window_complete", COURSE)
    assert not told.passed
    assert told.metadata["missing_days"].value == "2014-02-03"

    assert testx.run_day("2014-02-03").success
    extracted(testx)
    assert evaluation(testx, "course/tracking", "window_complete", COURSE).passed


@pytest.mark.parametrize(
    ("today", "severity", "missing", "of"),
    [
        (date(2014, 2, 9), AssetCheckSeverity.WARN, 0, 4),  # the last three days may still come
        (date(2014, 2, 11), AssetCheckSeverity.WARN, 0, 6),
        (date(2014, 2, 12), AssetCheckSeverity.WARN, 1, 7),
        (date(2014, 2, 13), AssetCheckSeverity.WARN, 2, 8),
        (date(2014, 2, 14), AssetCheckSeverity.ERROR, 2, 8),  # it has ended
        (date(2015, 2, 14), AssetCheckSeverity.ERROR, 2, 8),
    ],
)
def test_a_running_course_is_warned_of_and_one_that_has_ended_an_error(
    testx: Institution,
    store: Store,
    today: date,
    severity: AssetCheckSeverity,
    missing: int,
    of: int,
) -> None:
    built(testx, days=6)
    extracted(testx)
    told = window_complete(store, COURSE, FIRST, None, today)
    assert told.metadata["missing"].value == missing
    assert told.metadata["days"].value == of
    assert told.severity == severity
    assert told.passed is (missing == 0)


def test_a_half_loaded_day_is_missing_and_days_outside_the_logs_are_not(
    testx: Institution, store: Store
) -> None:
    built(testx)
    extracted(testx)
    today = date(2015, 1, 1)
    assert window_complete(store, COURSE, FIRST, None, today).passed
    entry = store.get(IMPORTS, "edx/2014-02-05")
    assert entry is not None
    store.put(IMPORTS, entry | {"state": "loading"})
    told = window_complete(store, COURSE, FIRST, None, today)
    assert told.metadata["missing_days"].value == "2014-02-05"
    assert window_complete(store, COURSE, date(2014, 2, 6), None, today).passed
    assert window_complete(store, COURSE, FIRST, date(2014, 2, 4), today).passed


def test_users_that_are_not_in_auth_user_are_counted(testx: Institution, store: Store) -> None:
    context = {"course_id": "TestX/T101/2014", "org_id": "TestX"}
    visitors = [event(n, context=context | {"user_id": 900 + n}) for n in range(2)]
    nobody = event(9, context=context)
    built(testx, events=[event(10), enrolled(11, 7), nobody, *visitors])
    extracted(testx)
    told = users_known(store, COURSE)
    assert not told.passed
    assert {name: value.value for name, value in told.metadata.items()} == {
        "users": 3,
        "users_in_auth_user": 1,
        "share": 0.3333,
        "events_of_users": 4,
        "events_of_users_in_auth_user": 2,
    }
    assert evaluation(testx, "course/tracking", "users_known", COURSE).passed is False
    assert "90" not in str({**told.metadata, "told": told.description})


def test_events_without_their_block_are_counted(testx: Institution, store: Store) -> None:
    gone = {"event_type": "play_video", "event": '{"id": "i4x-TestX-T101-video-gone"}'}
    built(testx, events=[event(1, **VIDEO_EVENT), event(2, **gone)])
    extracted(testx)
    told = structure_bound(store, COURSE)
    assert not told.passed
    assert told.metadata["share"].value == 0.5
    assert evaluation(testx, "course/tracking", "structure_bound", COURSE).passed is False


@pytest.mark.parametrize(
    ("events", "counts", "passed"),
    [
        ([enrolled(1, 7)], {"agree": 1}, True),
        ([enrolled(1, 7), enrolled(2, 7, active=False)], {"disagree": 1}, False),
        ([enrolled(1, 7, active=False), enrolled(2, 7)], {"agree": 1}, True),
        ([enrolled(1, 8)], {"enrolled_by_events_alone": 1, "enrolled_without_an_event": 1}, False),
        ([enrolled(1, 8, active=False)], {"enrolled_without_an_event": 1}, True),
        ([enrolled(1, 7) | {"event_source": "browser"}], {"enrolled_without_an_event": 1}, True),
        ([event(1)], {"enrolled_without_an_event": 1}, True),
    ],
)
def test_enrolments_are_held_against_their_last_events(
    testx: Institution, store: Store, events: list[Any], counts: dict[str, int], passed: bool
) -> None:
    built(testx, events=events)
    extracted(testx)
    told = enrolments_agree(store, COURSE)
    assert told.passed is passed, told.description
    assert told.severity == AssetCheckSeverity.WARN
    names = ("agree", "disagree", "enrolled_by_events_alone", "enrolled_without_an_event")
    assert {name: told.metadata[name].value for name in names} == {
        name: counts.get(name, 0) for name in names
    }


def test_events_behind_the_package_are_none_of_its_business(
    testx: Institution, store: Store
) -> None:
    built(testx, events=[enrolled(1, 7, active=False)])
    extracted(testx)
    assert not enrolments_agree(store, COURSE).passed
    load = course_load(store, COURSE, "student_courseenrollment")
    assert load is not None
    store.put(COURSE_LOADS, load | {"package": "2014-02-05"})
    told = enrolments_agree(store, COURSE)
    assert told.passed
    assert told.metadata["too_late_for_the_package"].value == 1


@pytest.mark.parametrize(
    ("day", "passed"),
    [("2014-02-20", True), ("2014-02-27", False)],  # before the package's tables, and after
)
def test_who_leaves_after_the_course_has_ended_is_told_by_the_master_collection(
    testx: Institution, store: Store, day: str, passed: bool
) -> None:
    built(testx, events=[enrolled(1, 7, active=False)])
    back = enrolled(2, 7) | {"time": f"{day}T10:00:00+00:00"}
    testx.deliver(day, [back])
    assert testx.run_day(day).success
    extracted(testx)
    assert enrolments_agree(store, COURSE).passed is passed


@pytest.mark.parametrize("verdict", [users_known, structure_bound, enrolments_agree])
def test_what_is_not_loaded_is_told_and_fails(
    testx: Institution, store: Store, verdict: Any
) -> None:
    built(testx)
    told = verdict(store, COURSE)
    assert not told.passed
    assert "materialize it" in told.description
    told = window_complete(store, COURSE, FIRST, None, datetime.now(UTC).date())
    assert not told.passed


def test_the_tally_leaves_out_nothing(testx: Institution, store: Store) -> None:
    built(testx, events=[event(1), event(2), enrolled(3, 7)])
    extracted(testx)
    tally = dict(store.tally(Collection(DATABASE, TRACKING), "user_id"))
    assert tally == {7: 3}
    assert dict(store.tally(Collection(DATABASE, TRACKING), "event_type", {"user_id": 7})) == {
        "page_close": 2,
        ACTIVATED: 1,
    }


def test_each_description_says_what_a_failure_means_and_what_to_do() -> None:
    for checks in course_checks(FIRST, None):
        for spec in checks.check_specs:
            assert "failure" in (spec.description or "") or "error" in (spec.description or "")
            assert len(spec.description or "") > 200, spec.name
