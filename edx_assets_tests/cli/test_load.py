"""`edx-assets load`: real runs from the shell, beside the sensors, stopped and gone on with."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from edx_assets.loading.ledger import PACKAGES, day_entries
from edx_assets.resources.store import Store
from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.cli.commands import run, told
from edx_assets_tests.hanging_gpg import gpg_that_hangs
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import members

COMMAND = [sys.executable, "-m", "edx_assets.cli.main"]


def loaded(store: Store) -> dict[str, int]:
    """The events of each day that the ledger has as loaded."""
    entries = day_entries(store)
    return {str(e["_id"]): e["loaded"] for e in entries if e["state"] == "loaded"}


def test_a_bad_day_fails_alone_and_the_same_command_loads_it_later(
    testx: Institution, instance: DagsterInstance, store: Store
) -> None:
    for day in range(3, 7):
        testx.deliver(f"2014-02-0{day}", [event(day)])
    testx.deliver("2014-02-04", [event(4)], site="edge")
    testx.deliver_raw("2014-02-04", b"not encrypted")
    days = ("--from", "2014-02-03", "--to", "2014-02-05")
    first = run("load", "--site", "edx", *days, "--json")
    assert first.exit_code == 1
    assert loaded(store) == {"edx/2014-02-03": 1, "edx/2014-02-05": 1}
    runs = told(first)["runs"]
    assert {each["status"] for each in runs} == {"SUCCESS", "FAILURE"}
    assert {r.run_id for r in instance.get_runs()} == {each["run_id"] for each in runs}
    [failed] = [each for each in runs if each["causes"]]
    assert "testx-edx-events-2014-02-04.log.gz.gpg" in failed["causes"][0]

    assert asked(testx) == ["2014-02-06"]  # a sensor asks for nothing that a command has asked for

    testx.deliver("2014-02-04", [event(4)])
    again = told(run("load", "--site", "edx", *days, "--json"))["runs"]
    assert [(each["partition"], each["events"]) for each in again] == [("2014-02-04", 1)]
    assert sum(loaded(store).values()) == 3
    nothing = run("load", "--site", "edx", *days)
    assert nothing.exit_code == 0
    assert "Nothing to do" in nothing.stdout


def asked(testx: Institution) -> list[str]:
    requests = Automation(testx).tick("edx_tracking_logs_sensor")
    return sorted(str(request.partition_key) for request in requests)


def test_days_in_flight_are_left_to_their_run(
    testx: Institution, instance: DagsterInstance, store: Store
) -> None:
    for day in (3, 4):
        testx.deliver(f"2014-02-0{day}", [event(day)])
    automation = Automation(testx)
    newest, _other = automation.tick("edx_tracking_logs_sensor")
    automation.begin(newest)
    result = run("load", "--site", "edx", "--json")
    assert result.exit_code == 0
    assert told(result)["in_flight"] == ["edx 2014-02-04"]
    assert "edx 2014-02-04" in result.stderr
    assert [*loaded(store)] == ["edx/2014-02-03"]


def test_rebuild_loads_what_is_loaded_again(
    testx: Institution, instance: DagsterInstance, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(1), event(2)])
    assert testx.run_day("2014-02-03").success
    [before] = day_entries(store)
    result = told(run("load", "--site", "edx", "--rebuild", "--json"))
    assert [each["events"] for each in result["runs"]] == [2]
    [after] = day_entries(store)
    assert after["token"] != before["token"]
    assert after["loaded"] == before["loaded"] == 2


def test_ctrl_c_stops_the_run_and_the_next_goes_on(
    testx: Institution,
    instance: DagsterInstance,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in range(3, 10):  # more than the few that get a run each
        testx.deliver(f"2014-02-0{day}", [event(day)])
    command = [*COMMAND, "load", "--site", "edx", "--to", "2014-02-08"]
    with monkeypatch.context() as patched:
        hangs = gpg_that_hangs(tmp_path, patched)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = monotonic() + 60
        while not (hangs.exists() and hangs.read_text().strip()):
            assert monotonic() < end
            sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Stopped" in out
    assert b"Traceback" not in error
    statuses = {each.status for each in instance.get_runs()}
    assert DagsterRunStatus.CANCELED in statuses
    assert statuses <= {DagsterRunStatus.CANCELED, DagsterRunStatus.SUCCESS}
    assert not Path(f"/proc/{hangs.read_text().strip()}").exists()
    assert len(loaded(store)) == 1
    assert run("load", "--site", "edx", "--to", "2014-02-08").exit_code == 0
    assert sum(loaded(store).values()) == 6


def test_a_process_that_dies_is_told_and_its_run_is_over(
    testx: Institution,
    instance: DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in (3, 4):
        testx.deliver(f"2014-02-0{day}", [event(day)])
    hangs = gpg_that_hangs(tmp_path, monkeypatch)
    command = [*COMMAND, "load", "--site", "edx", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = monotonic() + 60
    while not (hangs.exists() and hangs.read_text().strip()):
        assert monotonic() < end
        sleep(0.1)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    out, _error = process.communicate(timeout=60)
    assert process.returncode == 1
    causes = [cause for each in json.loads(out)["runs"] for cause in each["causes"]]
    assert "SIGKILL" in causes[0]
    assert all(each.is_finished for each in instance.get_runs())
    os.kill(int(hangs.read_text()), signal.SIGKILL)


def test_packages(testx: Institution, instance: DagsterInstance, store: Store) -> None:
    for day in ("2013-12-01", "2014-02-09", "2014-02-16"):
        testx.deliver_package(day, members())
    recent = told(run("load", "--packages", "--json"))
    assert [each["partition"] for each in recent["runs"]] == ["2014-02-09", "2014-02-16"]
    older = run("load", "--packages", "--from", "2013-12-01", "--to", "2013-12-31")
    assert older.exit_code == 0
    assert "package 2013-12-01" in older.stdout
    assert {each["_id"] for each in store.find(PACKAGES, {})} == {
        "2013-12-01",
        "2014-02-09",
        "2014-02-16",
    }
    assert "Nothing to do" in run("load", "--packages").stdout
    assert run("load", "--packages", "--site", "edx").exit_code == 2


@pytest.mark.parametrize(
    ("days", "remedy"),
    [
        (("--from", "2014-03-02", "--to", "2014-03-01"), "swap them"),
        (("--from", "2013-01-01"), "EDX_START_DATE"),
        (("--from", "2014-05-01"), "EDX_END_DATE"),
    ],
)
def test_days_that_cannot_be_loaded(
    instance: DagsterInstance, days: tuple[str, ...], remedy: str
) -> None:
    result = run("load", *days)
    assert result.exit_code == 1
    assert remedy in result.stderr
    assert result.stderr.count("\n") == 1
    assert not instance.get_runs()


def test_without_an_instance(testx: Institution, tmp_path: Path) -> None:
    text = run("load").stderr
    assert "DAGSTER_HOME is not set" in text
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").touch()
    assert f"export DAGSTER_HOME={tmp_path / 'dagster'}" in run("load").stderr
    os.environ["DAGSTER_HOME"] = "dagster"
    assert "whole path" in run("load").stderr


def test_without_a_database(tmp_path: Path) -> None:
    assert "EDX_MONGO_URI is not set" in run("load", "--data", str(tmp_path)).stderr
