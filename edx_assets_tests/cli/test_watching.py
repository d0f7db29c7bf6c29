"""`edx-assets status --watch`: how far, how fast, what failed, and what mends it."""

import json
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dagster import AssetsDefinition, DagsterInstance
from rich.console import Console

from edx_assets.cli.watching import Watch, rate_of, shown
from edx_assets.definitions import build_defs
from edx_assets.loading.entries import DayEntry
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings
from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.cli.commands import run
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, members, sort


def looking(testx: Institution, store: Store) -> Watch:
    settings = load_settings()
    definitions = build_defs(settings)
    assets = [each for each in definitions.assets or [] if isinstance(each, AssetsDefinition)]
    return Watch(testx.instance, store, dict(definitions.resources or {}), settings, assets)


def printed(now: dict[str, Any]) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(shown(now))
    return capture.get()


def test_what_remains_and_what_failed(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_END_DATE", "2014-04-30")
    for day in range(3, 9):
        testx.deliver(f"2014-02-0{day}", [event(day), event(day + 30)])
    for bad in (4, 5):
        testx.deliver_raw(f"2014-02-0{bad}", b"not encrypted")
    stages = [f"edx/{stage}" for stage in ("raw_log", "daily_log", "master_tracking")]
    assert not testx.run(*stages, days=("2014-02-03", "2014-02-06")).success
    testx.deliver_package("2014-02-09", members(auth_user=b"id\n\xff\xfe\t\x00"))
    assert sort(testx, "2014-02-09").success
    broken_course = testx.run("course/learners", partition=COURSE)
    assert not broken_course.success
    automation = Automation(testx)
    [newest, *_others] = automation.tick("edx_tracking_logs_sensor")
    automation.begin(newest)

    now = looking(testx, store).look()
    assert now["sites"]["edx"] == {"loaded": 2, "newest": "2014-02-06", "remaining": 4}
    assert now["events"] == 4
    assert now["courses_behind"] == 1
    assert [each["what"] for each in now["runs"]] == ["edx 2014-02-08"]
    assert now["events_per_second"] > 0
    assert now["remaining_seconds"] is not None
    commands = {each["what"]: each["command"] for each in now["failed"]}
    one, other = (
        f"edx-assets load --site edx --from {day} --to {day}"
        for day in ("2014-02-04", "2014-02-05")
    )
    assert commands == {
        "edx 2014-02-04": one,
        "edx 2014-02-05": other,
        f"course {COURSE}": f"edx-assets refresh {COURSE}",
    }
    [first, *_rest] = [each for each in now["failed"] if each["what"] == "edx 2014-02-04"]
    assert "testx-edx-events-2014-02-04.log.gz.gpg" in first["cause"]
    text = printed(now)
    assert one in text
    assert "events/s" in text

    for day in (4, 5):
        testx.deliver(f"2014-02-0{day}", [event(day)])
        assert testx.run_day(f"2014-02-0{day}").success
    after = looking(testx, store).look()
    assert [each["what"] for each in after["failed"]] == [f"course {COURSE}"]

    monkeypatch.setenv("EDX_GNUPG_HOME", "/nowhere")
    again = {"edx_tracking_logs": {"config": {"rebuild": True}}}
    assert not testx.run(*stages, partition="2014-02-06", config=again).success
    commands = {each["what"]: each["command"] for each in looking(testx, store).look()["failed"]}
    assert commands["edx 2014-02-06"] == (  # it is loaded: without --rebuild nothing is to be done
        "edx-assets load --site edx --from 2014-02-06 --to 2014-02-06 --rebuild"
    )


def test_where_s3_does_not_answer_all_else_is_told(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    assert testx.run_day("2014-02-03").success
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    now = looking(testx, store).look()
    assert now["sites"]["edx"]["loaded"] == 1
    assert now["sites"]["edx"]["remaining"] is None
    assert "S3 cannot be listed" in printed(now)


def test_the_rate_is_that_of_what_was_loaded_within_a_known_time() -> None:
    now = datetime(2014, 3, 1, tzinfo=UTC)

    def loaded(day: int, ago: float, events: int) -> DayEntry:
        at = now - timedelta(seconds=ago)
        return {"site": "edx", "date": f"2014-02-0{day}", "loaded": events, "loaded_at": at}  # type: ignore[typeddict-item]

    sizes = {("edx", date(2014, 2, day)): 1000 for day in range(1, 10)}
    old, first = loaded(1, 900, 10**6), loaded(2, 100, 10**6)
    assert rate_of([old, first], sizes, now).events is None
    rate = rate_of([loaded(4, 10, 300), old, first, loaded(3, 50, 200)], sizes, now)
    assert rate.events == pytest.approx(5)
    assert rate.bytes == pytest.approx(20)


def test_json_tells_a_look_a_line_until_ctrl_c(
    testx: Institution, instance: DagsterInstance
) -> None:
    command = [sys.executable, "-m", "edx_assets.cli.main", "status", "--watch", "--json"]
    process = subprocess.Popen([*command, "--every", "0.5"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    looks = [json.loads(process.stdout.readline()) for _look in range(2)]
    assert looks[0]["events"] == 0
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_without_an_instance(testx: Institution) -> None:
    assert "DAGSTER_HOME" in run("status", "--watch").stderr
