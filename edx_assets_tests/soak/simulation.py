"""The days of a soak: the clock moves on, files come, sensors tick, and their runs are run."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import time_machine
from dagster import AssetKey, ExecuteInProcessResult, RunRequest, build_resources

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.automation.due.courses import packages_due
from edx_assets.automation.nightly import to_reconcile
from edx_assets.datasets.definition import datasets
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings
from edx_assets_tests.automation.automation import Automation, asked
from edx_assets_tests.institution import EVENTS, PACKAGES, Institution
from edx_assets_tests.soak.scenario import DAY, FIRST, Deliveries

SENSORS = (
    "edx_tracking_logs_sensor",
    "edge_tracking_logs_sensor",
    "packages_sensor",
    "courses_sensor",
)
_ROUNDS = 30
_IDLE = (
    "unchanged",
    "kept: gone from S3",
    "not in the package",
    "none: the schema knows every table",
)
_TRACKING = AssetKey(["course", "tracking"])


class Killed(BaseException):
    """A run's process has gone."""


@dataclass
class DayReport:
    """What a simulated day brought: kinds of deliveries, runs asked for, what came of them."""

    day: date
    kinds: list[str]
    runs: int = 0
    failed: int = 0
    moved: Counter[str] = field(default_factory=Counter)


@dataclass
class Simulation:
    """An institution whose sensors are on, and what they have asked for so far.

    Attributes:
        doubled: what was run without a cause: a run key that was used before, or a run that found
            nothing to do.
        used: run keys.
        killed: runs whose process went in the middle of a load.
    """

    testx: Institution
    monkeypatch: pytest.MonkeyPatch
    doubled: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    killed: int = 0

    def __post_init__(self) -> None:
        self.automation = Automation(self.testx)

    def run(self, deliveries: Deliveries, days: int) -> Iterator[DayReport]:
        """So many days, one after the other; some have troubles of their own."""
        for number in range(days):
            day = FIRST + number * DAY
            report = DayReport(day, deliveries.kinds.get(day, []))
            with time_machine.travel(datetime.combine(day, time(8), UTC)):
                self.deliver(deliveries.objects.get(day, []))
                if number % 5 == 2:
                    report.kinds.append("S3 down")
                    self.tick_without_s3()
                if number % 6 >= 2 and self.killed <= number // 6 and self.kill_a_run(report):
                    report.kinds.append("killed")
                self.settle(report)
            with time_machine.travel(datetime.combine(day + DAY, time(3), UTC)):
                self.reconcile(report)
                self.settle(report)
            yield report

    def deliver(self, objects: list[tuple[str, str, bytes]]) -> None:
        """Put objects on S3."""
        for place, name, content in objects:
            if place == "package":
                key, bucket = f"testx-{name}.zip", PACKAGES
            else:
                key, bucket = f"testx/{place}/events/{name[-21:-17]}/{name}", EVENTS
            self.testx.s3.put_object(Bucket=bucket, Key=key, Body=content)

    def settle(self, report: DayReport) -> None:
        """Tick all sensors and run what they ask for, until they ask for nothing."""
        for _ in range(_ROUNDS):
            requests = [request for name in SENSORS for request in self.automation.tick(name)]
            for request in requests:
                self.execute(request, report)
            if not requests:
                return
        self.doubled.append(f"{report.day}: the sensors do not come to rest")

    def reconcile(self, report: DayReport) -> None:
        """The nightly reconcile, and its runs."""
        definitions = self.automation.definitions()
        graph = definitions.get_repository_def().asset_graph
        settings = load_settings()
        with build_resources(dict(definitions.resources or {})) as resources:
            requests = to_reconcile(
                self.testx.instance,
                resources.buckets,
                resources.mongo.store(),
                resources.storage,
                settings.courses_file,
                settings,
                datasets(),
                f"@{report.day}",
            )
        for request in requests:
            if not request.asset_selection:
                whole = sorted(WHOLE_COURSE.resolve(graph))
                request = request.with_replaced_attrs(asset_selection=whole)
            self.execute(request, report)

    def execute(self, request: RunRequest, report: DayReport) -> None:
        """Run a request; note it where it had no cause."""
        what = f"{report.day}: {asked([request])[0]} ({request.run_key})"
        if request.run_key in self.used:
            self.doubled.append(f"{what} was asked for before")
        self.used.add(str(request.run_key))
        result = self.automation.run(request)
        report.runs += 1
        report.failed += not result.success
        outcomes = list(_outcomes(result))
        if result.success and outcomes and all(each in _IDLE for _asset, each in outcomes):
            self.doubled.append(f"{what} found nothing to do")
        for asset, outcome in outcomes:
            if asset == _TRACKING and outcome not in _IDLE:
                report.moved[str(request.partition_key)] += 1

    def tick_without_s3(self) -> None:
        """A tick while S3 is down fails, and the cursor stays where it is."""
        before = dict(self.automation.cursors)
        with self.monkeypatch.context() as patch:
            patch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
            patch.setenv("AWS_MAX_ATTEMPTS", "1")
            with pytest.raises(Exception, match="S3 answered"):
                self.automation.tick(SENSORS[0])
        assert self.automation.cursors == before

    def kill_a_run(self, report: DayReport) -> bool:
        """Let the process of a run go in the middle of a load, if the first sensor asks for one.

        Dagster's monitoring finds that out after a while, and says that the run has failed.
        """
        gone: list[bool] = []

        def go(*_arguments: Any) -> None:
            gone.append(True)
            raise Killed

        for request in self.automation.tick(SENSORS[0]):
            if gone:
                self.execute(request, report)
                continue
            self.used.add(str(request.run_key))
            with self.monkeypatch.context() as patch, suppress(Killed):
                patch.setattr(Store, "insert", go)
                self.automation.run(request)
            for run in self.testx.instance.get_runs():
                if not run.is_finished:
                    self.testx.instance.report_run_failed(run)
        self.killed += bool(gone)
        return bool(gone)


def backfill(testx: Institution, first: date, last: dict[str, date]) -> None:
    """Load all that is on S3 at once, as by hand: packages, days, courses."""
    testx.run("packages/delivered")
    for day in sorted(testx.instance.get_dynamic_partitions("packages")):
        testx.run("packages/database_package", "packages/course_files", partition=day)
    for site, end in last.items():
        stages = [f"{site}/{stage}" for stage in ("raw_log", "daily_log", "master_tracking")]
        testx.run(*stages, days=(str(first), str(end)))
    automation = Automation(testx)
    definitions = automation.definitions()
    graph = definitions.get_repository_def().asset_graph
    with build_resources(dict(definitions.resources or {})) as resources:
        courses = sorted(packages_due(resources.mongo.store()))  # others are known by events alone
    for course in courses:
        whole = sorted(WHOLE_COURSE.resolve(graph))
        request = RunRequest(run_key=course, partition_key=course, asset_selection=whole)
        assert automation.run(request).success, course


def courses_file(path: Path, closes: date) -> None:
    """A courses file that ends the window of T103 on a day."""
    path.write_text(
        f"courses:\n  - course_key: course-v1:TestX+T103+2014\n    course_end: {closes}\n"
    )


def _outcomes(result: ExecuteInProcessResult) -> Iterator[tuple[AssetKey, str]]:
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key:
            told: Any = event.step_materialization_data.materialization.metadata
            if "outcome" in told:
                yield event.asset_key, str(told["outcome"].value)
