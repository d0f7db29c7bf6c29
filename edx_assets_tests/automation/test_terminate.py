"""A run that is terminated ends at once, as canceled, and keeps the days that are done."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRun, DagsterRunStatus

from edx_assets.assets.tracking_logs import STAGES
from edx_assets_tests.hanging_gpg import gpg_that_hangs
from edx_assets_tests.institution import Institution, event

SPAN = ("2014-02-03", "2014-02-08")
SECONDS = 10
"""Within which a run has to end; anything that goes on instead takes minutes here."""

RUN = """
import sys
from dagster import AssetSelection, DagsterInstance, materialize
from edx_assets.definitions import defs

first, last, *stages = sys.argv[1:]
with DagsterInstance.get() as instance:
    materialize(
        list(defs.assets),
        selection=AssetSelection.assets(*stages),
        instance=instance,
        resources=dict(defs.resources),
        tags={
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        },
        raise_on_error=False,
    )
"""


@contextmanager
def running(home: Path) -> Iterator[tuple["subprocess.Popen[bytes]", DagsterInstance]]:
    """A run over a range of days, in a process of its own as a run's launcher starts it."""
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    command = [sys.executable, "-c", RUN, *SPAN, *(f"edx/{stage}" for stage in STAGES)]
    environment = os.environ | {"DAGSTER_HOME": str(home)}
    with (
        (home / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
        DagsterInstance.from_config(str(home)) as instance,
    ):
        try:
            yield process, instance
        finally:
            process.kill()


def wait_for(condition: Callable[[], object], home: Path) -> None:
    end = monotonic() + 60
    while not condition():
        assert monotonic() < end, (home / "log").read_text()[-3000:]
        sleep(0.1)


def terminated(process: "subprocess.Popen[bytes]", instance: DagsterInstance) -> DagsterRun:
    """What has become of the run, soon after Terminate was pressed: that notes it, and signals."""
    [run] = instance.get_runs()
    instance.report_run_canceling(run)
    process.send_signal(signal.SIGTERM)
    process.wait(SECONDS)
    [run] = instance.get_runs()
    return run


def done(instance: DagsterInstance) -> dict[str, set[str]]:
    return {
        stage: set(instance.get_materialized_partitions(AssetKey(["edx", stage])))
        for stage in STAGES
    }


def test_while_a_day_is_decrypted(
    testx: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(3, 9):
        testx.deliver(f"2014-02-0{day}", [event(day)])
    second = gpg_that_hangs(tmp_path, monkeypatch)
    home = tmp_path / "dagster"
    with running(home) as (process, instance):
        wait_for(lambda: second.exists() and second.read_text().strip(), home)
        run = terminated(process, instance)
        assert run.status == DagsterRunStatus.CANCELED
        first = {"2014-02-03"}
        assert done(instance) == {
            "raw_log": {"2014-02-03", "2014-02-04"},
            "daily_log": first,
            "master_tracking": first,
        }
    assert not Path(f"/proc/{second.read_text().strip()}").exists()
    assert not [*(tmp_path / "files").glob(".writing-*")]


def test_while_it_waits_to_try_again(
    testx: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    home = tmp_path / "dagster"
    with running(home) as (process, instance):
        wait_for(lambda: b"Trying again" in (home / "log").read_bytes(), home)
        assert terminated(process, instance).status == DagsterRunStatus.CANCELED
