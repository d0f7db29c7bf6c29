"""A package brings its courses up to date, and their tracking follows the master collection."""

from datetime import UTC, datetime, timedelta

import pytest
from dagster import DagsterRun, RunRequest

from edx_assets.automation.sensors.courses import FULL_LOOK, nothing_ran
from edx_assets.datasets.definition import datasets
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.automation.automation import Automation, asked, assets
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, members

TRACKING_AND_DATASETS = {f"course/{name}" for name in ("tracking", *datasets(), "report")}
DAYS, PACKAGES, COURSES = "edx_tracking_logs_sensor", "packages_sensor", "courses_sensor"


def test_a_package_is_asked_for_once_and_again_when_it_is_delivered_again(
    automation: Automation, testx: Institution
) -> None:
    testx.deliver_package("2014-02-09", members())
    [request] = automation.tick(PACKAGES)
    assert asked([request]) == ["2014-02-09"]
    assert assets(request) == {"packages/database_package", "packages/course_files"}
    assert testx.instance.get_dynamic_partitions("packages") == ["2014-02-09"]
    assert automation.run(request).success
    assert automation.tick(PACKAGES) == []
    assert automation.skipped == "no new package"
    testx.deliver_package("2014-02-09", members(auth_user=None))
    [again] = automation.tick(PACKAGES)
    assert again.run_key != request.run_key
    automation.begin(again)
    assert automation.tick(PACKAGES) == []


def test_an_opt_in_list_that_comes_later_brings_its_package_again(
    automation: Automation, testx: Institution
) -> None:
    testx.deliver_package("2014-02-09", members())
    automation.run(*automation.tick(PACKAGES))
    testx.deliver_opt_in("2014-02-09", b"user_id,is_opted_in_for_email\n7,True\n")
    [request] = automation.tick(PACKAGES)
    assert automation.run(request).success
    assert automation.tick(PACKAGES) == []


def test_the_packages_of_five_weeks_are_asked_for_the_oldest_first(
    automation: Automation, testx: Institution
) -> None:
    for day in ("2014-03-09", "2014-02-02", "2014-02-01", "2014-02-09"):
        testx.deliver_package(day, {})
    assert asked(automation.tick(PACKAGES)) == ["2014-02-02", "2014-02-09", "2014-03-09"]


def test_a_bad_package_is_not_asked_for_again(automation: Automation, testx: Institution) -> None:
    testx.s3.put_object(Bucket="course-data", Key="testx-2014-02-09.zip", Body=b"no zip")
    [request] = automation.tick(PACKAGES)
    assert not automation.run(request).success
    assert automation.tick(PACKAGES) == []


@pytest.fixture
def sorted_package(automation: Automation, testx: Institution) -> None:
    """A package of the course has come and been sorted."""
    testx.deliver_package("2014-02-09", members())
    assert automation.run(*automation.tick(PACKAGES)).success


@pytest.mark.usefixtures("sorted_package")
def test_a_package_brings_the_whole_of_its_course_and_tracking_follows_the_days(
    automation: Automation, testx: Institution, store: Store
) -> None:
    [refresh] = automation.tick(COURSES)
    assert asked([refresh]) == [COURSE]
    assert assets(refresh) >= {"course/forum", "course/learners", "course/tracking"}
    assert automation.run(refresh).success
    assert store.count(Collection(DATABASE, "tracking")) == 0
    assert automation.tick(COURSES) == []
    assert automation.skipped == "every course is up to date or in flight"

    testx.deliver("2014-02-03", [event(1)])
    [day] = automation.tick(DAYS)
    assert automation.run(day).success
    [tracking] = automation.tick(COURSES)
    assert asked([tracking]) == [COURSE]
    assert assets(tracking) == TRACKING_AND_DATASETS
    assert automation.run(tracking).success
    assert store.count(Collection(DATABASE, "tracking")) == 1
    assert automation.tick(COURSES) == []


@pytest.mark.usefixtures("sorted_package")
def test_a_course_in_flight_or_whose_package_is_coming_waits(
    automation: Automation, testx: Institution
) -> None:
    [refresh] = automation.tick(COURSES)
    testx.deliver_package("2014-02-16", members())
    [package] = automation.tick(PACKAGES)
    automation.begin(package)
    assert automation.tick(COURSES) == []
    automation.begin(refresh)
    assert automation.tick(COURSES) == []


@pytest.mark.usefixtures("sorted_package")
def test_a_course_of_a_backfill_in_flight_waits(automation: Automation) -> None:
    """A backfill's run of one partition has its key as both ends of a range, and no other tag."""
    [refresh] = automation.tick(COURSES)
    ends = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    tags = dict.fromkeys(ends, str(refresh.partition_key))
    automation.begin(refresh.with_replaced_attrs(partition_key=None, tags=tags, run_key="by hand"))
    assert automation.tick(COURSES) == []


@pytest.mark.usefixtures("sorted_package")
def test_tracking_waits_for_the_days_of_its_site_that_are_in_flight(
    automation: Automation, testx: Institution
) -> None:
    automation.run(*automation.tick(COURSES))
    testx.deliver("2014-02-03", [event(1)])
    automation.run(*automation.tick(DAYS))
    testx.deliver("2014-02-04", [event(2)])
    [day] = automation.tick(DAYS)
    automation.begin(day)
    assert automation.tick(COURSES) == []


def test_a_course_that_fails_waits_for_a_change_and_its_tracking_goes_on(
    automation: Automation, testx: Institution, store: Store
) -> None:
    testx.deliver_package("2014-02-09", members(auth_user=b"\n"))
    automation.run(*automation.tick(PACKAGES))
    [refresh] = automation.tick(COURSES)
    assert not automation.run(refresh).success
    assert automation.tick(COURSES) == []
    testx.deliver("2014-02-03", [event(1)])
    automation.run(*automation.tick(DAYS))
    [tracking] = automation.tick(COURSES)
    assert assets(tracking) == TRACKING_AND_DATASETS
    assert automation.run(tracking).success
    testx.deliver_package("2014-02-16", members())
    automation.run(*automation.tick(PACKAGES))
    [refresh] = automation.tick(COURSES)
    assert automation.run(refresh).success
    assert automation.tick(COURSES) == []


def test_tracking_that_fails_is_asked_for_again_when_the_ledger_has_changed(
    automation: Automation, testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver_package("2014-02-09", members())
    automation.run(*automation.tick(PACKAGES))
    automation.run(*automation.tick(COURSES))
    testx.deliver("2014-02-03", [event(1)])
    automation.run(*automation.tick(DAYS))
    [tracking] = automation.tick(COURSES)
    automation.testx.instance.report_run_failed(_begun(automation, tracking))
    assert automation.tick(COURSES) == []
    testx.deliver("2014-02-04", [event(2)])
    automation.run(*automation.tick(DAYS))
    [again] = automation.tick(COURSES)
    assert again.run_key != tracking.run_key
    assert automation.run(again).success
    assert automation.tick(COURSES) == []


def _begun(automation: Automation, request: RunRequest) -> DagsterRun:
    automation.begin(request)
    [run] = automation.testx.instance.get_runs(limit=1)
    return run


def test_a_course_that_events_reveal_gets_a_partition(
    automation: Automation, testx: Institution
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    automation.run(*automation.tick(DAYS))
    testx.instance.delete_dynamic_partition("courses", COURSE)
    assert automation.tick(COURSES) == []
    assert testx.instance.get_dynamic_partitions("courses") == [COURSE]


@pytest.mark.usefixtures("sorted_package")
def test_courses_are_looked_at_when_a_run_began_or_ended_or_after_a_while(
    automation: Automation, testx: Institution
) -> None:
    instance = testx.instance
    after = datetime.now(UTC) + timedelta(seconds=5)
    assert nothing_ran(instance, after.isoformat(), after + timedelta(seconds=5))
    assert not nothing_ran(instance, after.isoformat(), after + FULL_LOOK + timedelta(seconds=1))
    assert not nothing_ran(instance, None, after)
    before = datetime.now(UTC) - timedelta(seconds=60)
    assert not nothing_ran(instance, before.isoformat(), after)
    automation.cursors[COURSES] = after.isoformat()
    assert automation.tick(COURSES) == []
    assert automation.skipped == "no run has begun or ended since the last look"
    assert automation.cursors[COURSES] == after.isoformat()
