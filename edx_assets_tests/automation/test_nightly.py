"""The nightly reconcile: everything that is due and not in flight, failed or not."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from dagster import DagsterInstance, RunRequest, build_schedule_context

from edx_assets.dagster_internals import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.automation.automation import Automation, asked, assets
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, members


@pytest.fixture
def testx(testx: Institution, tmp_path: Path) -> Iterator[Institution]:
    """The institution on an instance as the project ships it, on disk.

    In memory, a schedule cannot resolve dynamic partitions.
    """
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(str(files("edx_assets") / "dagster.yaml"), home)
    with DagsterInstance.from_config(str(home)) as instance:
        yield replace(testx, instance=instance)


def reconcile(automation: Automation, night: int = 1) -> list[RunRequest]:
    definitions = automation.definitions()
    repository = definitions.get_repository_def()
    with build_schedule_context(
        instance=automation.testx.instance,
        scheduled_execution_time=datetime(2014, 5, night, 3, tzinfo=UTC),
        repository_def=repository,
        resources=dict(definitions.resources or {}),
    ) as context:
        data = repository.get_schedule_def("nightly_reconcile").evaluate_tick(context)
    automation.skipped = data.skip_message
    return list(data.run_requests or [])


def test_nothing_is_due(automation: Automation) -> None:
    assert reconcile(automation) == []
    assert automation.skipped == "the ledger has all that S3 has, and every course is up to date"


def test_what_failed_is_asked_for_again_each_night(
    automation: Automation, testx: Institution
) -> None:
    testx.deliver_raw("2014-02-03", b"no GPG")
    [request] = automation.tick("edx_tracking_logs_sensor")
    assert not automation.run(request).success
    assert automation.tick("edx_tracking_logs_sensor") == []
    [again] = reconcile(automation)
    assert (asked([again]), assets(again)) == (["2014-02-03"], assets(request))
    assert not automation.run(again).success
    assert automation.tick("edx_tracking_logs_sensor") == []
    [next_night] = reconcile(automation, night=2)
    assert len({request.run_key, again.run_key, next_night.run_key}) == 3
    automation.begin(next_night)
    assert reconcile(automation, night=3) == []


def test_it_works_without_the_sensors(
    automation: Automation, testx: Institution, store: Store
) -> None:
    testx.deliver_package("2014-02-09", members())
    for day in range(3, 11):
        testx.deliver(f"2014-02-{day:02d}", [event(day)])
    testx.deliver("2014-02-03", [event(20)], site="edge")
    first = reconcile(automation)
    assert asked(first) == [
        "2014-02-09",
        "2014-02-10",
        "2014-02-03..2014-02-09",
        "2014-02-03",
    ]
    for request in first:
        assert automation.run(request).success
    [course] = [r for r in reconcile(automation, night=2) if r.partition_key == COURSE]
    assert assets(course) >= {"course/forum", "course/learners", "course/tracking"}
    assert not any(asset.startswith(("edx/", "packages/")) for asset in assets(course))
    assert automation.run(course).success
    assert reconcile(automation, night=3) == []
    assert store.count(Collection("TestX_T101_2014", "tracking")) == 8


def test_it_leaves_to_a_sensor_that_is_on_what_that_has_not_asked_for(
    automation: Automation, testx: Institution
) -> None:
    switch_on(testx, "edx_tracking_logs_sensor")
    testx.deliver_raw("2014-02-03", b"no GPG")
    testx.deliver("2014-02-03", [event(1)], site="edge")
    assert assets(*reconcile(automation)) == {
        "edge/raw_log",
        "edge/daily_log",
        "edge/master_tracking",
    }
    [request] = automation.tick("edx_tracking_logs_sensor")
    assert not automation.run(request).success
    asked_again = [r for r in reconcile(automation, night=2) if "edx/raw_log" in assets(r)]
    assert asked(asked_again) == ["2014-02-03"]


def switch_on(testx: Institution, sensor: str) -> None:
    """Switch a sensor on, as in the UI."""
    location = RegisteredCodeLocationOrigin("edx_assets")
    origin = RemoteInstigatorOrigin(
        repository_origin=RemoteRepositoryOrigin(location, "__repository__"),
        instigator_name=sensor,
    )
    testx.instance.add_instigator_state(
        InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    )


def test_the_file_of_all_courses_is_asked_for_again_where_it_failed(
    automation: Automation, store: Store
) -> None:
    assert reconcile(automation) == []
    [request] = automation.tick("warehouse_sensor")
    automation.begin(request)
    assert reconcile(automation, night=2) == []
    [run] = automation.testx.instance.get_runs()
    automation.testx.instance.report_run_canceled(run)
    assert automation.tick("warehouse_sensor") == []
    [again] = reconcile(automation, night=3)
    assert assets(again) == {"all_courses/warehouse"}
    assert automation.run(again).success
    assert reconcile(automation, night=4) == []
