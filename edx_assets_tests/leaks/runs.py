"""`python -m edx_assets_tests.leaks.runs`: Dagster runs that fail for every reason there is.

A process of its own: what its runs print is in its output. Secrets come by the environment alone.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from traceback import print_exc

from dagster import (
    AssetSelection,
    DagsterEventType,
    DagsterInstance,
    Definitions,
    build_run_status_sensor_context,
)

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.automation.notices import NoticeNotSentError, notice_sensors
from edx_assets.dagster_internals import RANGE_END, RANGE_START
from edx_assets.definitions import build_defs
from edx_assets.settings import load_settings
from edx_assets_tests.leaks.planted import BROKEN_PACKAGE, DAYS, LOST_PACKAGE, PACKAGE

COURSES = [f"course-v1:TestX+T10{number}+2014" for number in (1, 2, 3)]
"""The first is in the package, the second too, with a structure that is cut; the third in none."""

_DAY = AssetSelection.assets("edx/raw_log", "edx/daily_log", "edx/master_tracking")
_PACKAGE = AssetSelection.assets("packages/database_package", "packages/course_files")


@cache
def _definitions(_environment: tuple[tuple[str, str], ...]) -> Definitions:
    return build_defs(load_settings())


class Runs:
    """Runs in the instance of DAGSTER_HOME, and how each ended."""

    def __init__(self, instance: DagsterInstance) -> None:
        self.instance = instance
        self.ended: dict[str, str] = {}

    def run(self, title: str, selection: AssetSelection, partition: str | None = None) -> None:
        """A run of assets, of one partition or of all days."""
        definitions = _definitions(tuple(sorted(os.environ.items())))
        of_days = {RANGE_START: DAYS[0], RANGE_END: DAYS[1]} if partition == "days" else {}
        graph = definitions.get_repository_def().asset_graph
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            asset_selection=sorted(selection.resolve(graph)),
            instance=self.instance,
            partition_key=None if of_days else partition,
            tags=of_days,
            raise_on_error=False,
        )
        failures = [event for event in result.all_events if event.is_step_failure]
        self.ended[title] = "\n".join(
            str(event.step_failure_data.user_failure_data or event.step_failure_data.error)
            for event in failures
        )


@contextmanager
def _with(**variables: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    yield
    os.environ.clear()
    os.environ.update(before)


def all_runs(runs: Runs) -> None:
    """Everything once, and each thing that can go wrong."""
    uri, secret = os.environ["EDX_MONGO_URI"], os.environ["EDX_GPG_PASSPHRASE"]
    with _with(EDX_GPG_PASSPHRASE=f"{secret} and more"):
        runs.run("a wrong passphrase", _DAY, DAYS[0])
    runs.run("the list of packages", AssetSelection.assets("packages/delivered"))
    runs.instance.add_dynamic_partitions("packages", [LOST_PACKAGE])
    for title, day in (
        ("a package", PACKAGE),
        ("a package that is no zip", BROKEN_PACKAGE),
        ("a package that is not there", LOST_PACKAGE),
    ):
        runs.run(title, _PACKAGE, day)
    runs.run("days", _DAY, "days")
    runs.instance.add_dynamic_partitions("courses", COURSES[2:])
    table, structure, tracking = (
        AssetSelection.assets(f"course/{name}")
        for name in ("auth_user", "course_structure", "tracking")
    )
    for title, selection, course in (
        ("a course", WHOLE_COURSE, COURSES[0]),
        ("a cut structure", structure | table, COURSES[1]),
        ("no package", table, COURSES[2]),
    ):
        runs.run(title, selection, course)
    with _with(EDX_COURSES_FILE=os.environ["EDX_TEST_COURSES_FILE"]):
        runs.run("a courses file that cannot be read", tracking, COURSES[0])
    for title, other in (
        ("a user without rights", uri.replace("czar:", "narrow:")),
        ("a wrong password", uri.replace("@", "x@")),
        ("no database", f"{uri.partition('@')[0]}@127.0.0.1:1/?serverSelectionTimeoutMS=200"),
        ("no connection string", uri.replace("@", "/@")),
    ):
        with _with(EDX_MONGO_URI=other):
            runs.run(title, table, COURSES[0])
    with _with(EDX_S3_ENDPOINT_URL="http://127.0.0.1:1", AWS_MAX_ATTEMPTS="1"):
        runs.run("no S3", _DAY, DAYS[0])
    with _with(EDX_EVENTS_BUCKET="another-bucket"):
        runs.run("no bucket", _DAY, DAYS[0])
    with _with(EDX_STORAGE="/dev/null/storage"):
        runs.run("no storage", _DAY, DAYS[0])
    runs.run("the overview", AssetSelection.assets("upkeep/overview"))


def a_notice(instance: DagsterInstance) -> None:
    """Tell of a failed run, as a tick of the sensor does; the web server refuses it."""
    sensor, _unsent = notice_sensors(load_settings())
    run = next(run for run in instance.get_runs() if run.is_failure_or_canceled)
    (failure,) = instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_FAILURE)
    context = build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_event=failure.get_dagster_event(),
        dagster_instance=instance,
        dagster_run=run,
    )
    try:
        sensor(context.for_run_failure())
    except NoticeNotSentError:
        print_exc()  # as Dagster's code server prints it


def main() -> None:
    """Run everything, and write how each run ended to `ended.json` in the working folder."""
    with DagsterInstance.get() as instance:
        runs = Runs(instance)
        all_runs(runs)
        a_notice(instance)
    Path("ended.json").write_text(json.dumps(runs.ended, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
