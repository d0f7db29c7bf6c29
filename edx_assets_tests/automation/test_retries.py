"""What can pass is tried again within the run, and nothing else tries again."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import (
    Backoff,
    DagsterInstance,
    ExecuteInProcessResult,
    Jitter,
    RetryPolicy,
    ScheduleDefinition,
    SensorDefinition,
)

from edx_assets.assets import tracking_logs
from edx_assets.assets.stages import retries as policy
from edx_assets.automation.runs import HISTORY
from edx_assets.definitions import build_defs
from edx_assets.loading.days.raw_log import fetch_day
from edx_assets.loading.stage import Metadata
from edx_assets.local.environment import local_environment
from edx_assets.settings import Settings, load_settings
from edx_assets_tests.institution import Institution, event, failure_text


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_RETRY_SECONDS", "1")


@pytest.fixture
def _s3_down(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")


def retries(result: ExecuteInProcessResult) -> int:
    return sum(event.is_step_up_for_retry for event in result.all_events)


@pytest.mark.parametrize("seconds", ["", "2"])
def test_retries_back_off(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv("EDX_RETRY_SECONDS", seconds)
    assert policy() == RetryPolicy(2, int(seconds or 10), Backoff.EXPONENTIAL, Jitter.PLUS_MINUS)


def test_a_failure_that_passes_is_no_failure_of_the_run(
    testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    (testx.folder / "files").mkdir()
    obstacle = testx.folder / "files" / "events"
    obstacle.write_text("a file where a folder has to be")

    def fetch_and_make_way(*arguments: Any) -> Metadata:
        try:
            return fetch_day(*arguments)
        except OSError:
            obstacle.unlink()
            raise

    monkeypatch.setattr(tracking_logs, "fetch_day", fetch_and_make_way)
    result = testx.run_day("2014-02-03")
    assert result.success
    assert retries(result) == 1


@pytest.mark.usefixtures("_s3_down")
def test_s3_that_stays_down_is_asked_three_times(testx: Institution) -> None:
    result = testx.run_day("2014-02-03")
    assert retries(result) == 2
    assert "S3 answered EndpointConnectionError" in failure_text(result)


@pytest.mark.usefixtures("_s3_down")
def test_a_range_ends_early_where_s3_is_down(testx: Institution) -> None:
    stages = ("edx/raw_log", "edx/daily_log", "edx/master_tracking")
    result = testx.run(*stages, days=("2014-02-03", "2014-02-08"))
    assert "3 of 6 days failed, 3 were then not tried:" in failure_text(result)


def test_what_cannot_pass_is_not_retried(testx: Institution) -> None:
    testx.deliver_raw("2014-02-03", b"no GPG")
    bad_file, no_file = testx.run_day("2014-02-03"), testx.run_day("2014-02-04")
    assert "no later day" not in failure_text(bad_file)
    assert "nor for any later day" in failure_text(no_file)
    assert (retries(bad_file), retries(no_file)) == (0, 0)


def test_packages_and_courses_are_asked_three_times_too(
    testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.instance.add_dynamic_partitions("courses", ["course-v1:TestX+T101+2014"])
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("EDX_MONGO_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=10")
    for asset in ("packages/delivered", "course/auth_user", "course/forum", "course/learners"):
        course = "course-v1:TestX+T101+2014" if asset.startswith("course/") else None
        assert retries(testx.run(asset, partition=course)) == 2, asset


def test_no_step_has_a_policy_that_would_take_up_a_terminated_run() -> None:
    graph = build_defs(Settings()).get_repository_def().assets_defs_by_key
    assert not [key for key, asset in graph.items() if asset.op.retry_policy]


def test_the_instance_as_shipped_retries_no_run_and_lets_history_run_one_at_a_time(
    tmp_path: Path,
) -> None:
    shipped = (files("edx_assets") / "dagster.yaml").read_text()
    (tmp_path / "dagster.yaml").write_text(shipped)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.run_retries_enabled
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_resume_run_attempts == 0
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.tag_concurrency_limits == [{"key": HISTORY, "limit": 1}]
        assert queue.max_concurrent_runs > 1
    assert yaml.safe_load(shipped)["run_retries"] == {"enabled": False}


def test_automation_is_off_until_it_is_switched_on_but_in_the_demo(
    tmp_path: Path, mongo_uri: str
) -> None:
    def on(settings: Settings) -> set[str]:
        repository = build_defs(settings).get_repository_def()
        every: list[SensorDefinition | ScheduleDefinition] = [
            *repository.sensor_defs,
            *repository.schedule_defs,
        ]
        return {each.name for each in every if each.default_status.value == "RUNNING"}

    assert on(load_settings()) == set()
    (tmp_path / "institution" / "buckets").mkdir(parents=True)
    with local_environment(tmp_path, mongo_uri):
        assert on(load_settings()) == {  # and no notices: the demo has nowhere to send them
            "edx_tracking_logs_sensor",
            "edge_tracking_logs_sensor",
            "packages_sensor",
            "courses_sensor",
            "warehouse_sensor",
            "overview_sensor",
            "nightly_reconcile",
            "nightly_tidying",
            "daily_overview",
        }
