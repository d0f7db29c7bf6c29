"""The sensor of tracking logs: what it asks for, what it leaves alone, and how history goes by."""

from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from dagster import DagsterInstance

from edx_assets.automation.requests import is_history
from edx_assets.automation.sensors.tracking_logs import history_in_flight
from edx_assets.loading.ledger import IMPORTS
from edx_assets.resources.store import Store
from edx_assets_tests.automation.automation import Automation, asked, assets, year
from edx_assets_tests.institution import Institution, event

SENSOR = "edx_tracking_logs_sensor"


def state(store: Store, day: str) -> str:
    """How far the ledger says that a day of edx is."""
    entry = store.get(IMPORTS, f"edx/{day}")
    assert entry is not None
    return str(entry["state"])


def test_a_new_file_is_asked_for_once_and_goes_through_its_chain_in_one_run(
    automation: Automation, testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    [request] = automation.tick(SENSOR)
    assert asked([request]) == ["2014-02-03"]
    assert assets(request) == {"edx/raw_log", "edx/daily_log", "edx/master_tracking"}
    assert not is_history(request)
    assert automation.run(request).success
    assert state(store, "2014-02-03") == "loaded"
    assert automation.tick(SENSOR) == []
    assert automation.skipped == "no new tracking log of edx in 2014"
    assert automation.tick("edge_tracking_logs_sensor") == []


def test_an_overwritten_file_is_asked_for_again(automation: Automation, testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    [first] = automation.tick(SENSOR)
    automation.run(first)
    testx.deliver("2014-02-03", [event(1), event(2)])
    [second] = automation.tick(SENSOR)
    assert asked([second]) == ["2014-02-03"]
    assert second.run_key != first.run_key
    assert automation.run(second).success
    assert automation.tick(SENSOR) == []


def test_a_silent_day_is_recorded_as_empty_once_and_its_late_file_is_found(
    automation: Automation, testx: Institution, store: Store
) -> None:
    for day in ("2014-02-03", "2014-02-05"):
        testx.deliver(day, [event(1)])
    requests = automation.tick(SENSOR)
    assert asked(requests) == ["2014-02-05", "2014-02-04", "2014-02-03"]
    for request in requests:
        assert automation.run(request).success
    assert state(store, "2014-02-04") == "no_file"
    assert automation.tick(SENSOR) == []
    testx.deliver("2014-02-04", [event(2)])
    [late] = automation.tick(SENSOR)
    assert asked([late]) == ["2014-02-04"]
    assert automation.run(late).success
    assert automation.tick(SENSOR) == []


def test_a_day_without_a_file_waits_while_its_file_may_be_on_its_way(
    automation: Automation, testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_END_DATE", "2014-02-06")
    for day in ("2014-02-02", "2014-02-06"):
        testx.deliver(day, [event(1)])
    assert asked(automation.tick(SENSOR)) == ["2014-02-06", "2014-02-02"]


def test_what_is_in_flight_is_not_asked_for(automation: Automation, testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    [request] = automation.tick(SENSOR)
    automation.begin(request)
    testx.deliver("2014-02-03", [event(2)])
    assert automation.tick(SENSOR) == []
    assert automation.skipped == "no new tracking log of edx in 2014; days in flight: 1"


def test_the_same_day_of_the_other_site_is_not_in_flight(
    automation: Automation, testx: Institution
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    [request] = automation.tick(SENSOR)
    automation.begin(request)
    testx.deliver("2014-02-03", [event(2)], site="edge")
    assert asked(automation.tick("edge_tracking_logs_sensor")) == ["2014-02-03"]


def test_a_day_that_gives_lines_to_one_in_flight_is_not_asked_for(
    automation: Automation, testx: Institution, store: Store
) -> None:
    """It is marked as not to be relied on, until the other's load has counted it again."""
    for day in ("2014-02-03", "2014-02-05"):
        testx.deliver(day, [event(1)])
        assert testx.run_day(day).success
    assert testx.run_day("2014-02-04").success
    testx.deliver("2014-02-04", [event(2)])
    [late] = automation.tick(SENSOR)
    automation.begin(late)
    entry = store.get(IMPORTS, "edx/2014-02-05") or {}
    marked = {"state": "loading", "recount_for": ["testx-edx-events-2014-02-04.log.gz.gpg"]}
    store.put(IMPORTS, {**entry, **marked})
    assert automation.tick(SENSOR) == []
    assert automation.skipped == "no new tracking log of edx in 2014; days in flight: 2"
    [run] = testx.instance.get_runs()[:1]
    testx.instance.report_run_failed(run)
    assert asked(automation.tick(SENSOR)) == ["2014-02-05"]


def test_no_day_before_the_first_is_asked_for(
    automation: Automation, testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver("2014-03-04", [event(2)])
    assert testx.run_day("2014-02-03").success
    monkeypatch.setenv("EDX_START_DATE", "2014-03-01")
    requests = automation.tick(SENSOR)
    assert asked(requests) == ["2014-03-04", "2014-03-03", "2014-03-02", "2014-03-01"]


def test_a_file_that_failed_is_not_asked_for_again_until_it_is_replaced(
    automation: Automation, testx: Institution
) -> None:
    testx.deliver_raw("2014-02-03", b"no GPG")
    [request] = automation.tick(SENSOR)
    assert not automation.run(request).success
    assert automation.tick(SENSOR) == []
    assert "requested before and not loaded" in str(automation.skipped)
    testx.deliver("2014-02-03", [event(1)])
    [corrected] = automation.tick(SENSOR)
    assert automation.run(corrected).success
    assert automation.tick(SENSOR) == []
    assert automation.skipped == "no new tracking log of edx in 2014"


def test_many_days_go_in_ranges_behind_the_newest_alone(
    automation: Automation, testx: Institution, store: Store
) -> None:
    days = [f"2014-{month:02d}-{day:02d}" for month in (2, 3) for day in range(1, 29)]
    days += [f"2014-04-{day:02d}" for day in range(1, 31)]
    blob = testx.encrypted(b"")  # not to be loaded here
    for day in days:
        testx.deliver_raw(day, blob)
    requests = automation.tick(SENSOR)
    assert asked(requests) == ["2014-04-30", "2014-02-01..2014-04-01", "2014-04-02..2014-04-29"]
    assert [is_history(request) for request in requests] == [False, True, True]
    for request in requests:
        automation.begin(request)
    assert automation.tick(SENSOR) == []


def test_a_range_is_loaded_in_one_run(
    automation: Automation, testx: Institution, store: Store
) -> None:
    for day in range(3, 11):
        testx.deliver(f"2014-02-{day:02d}", [event(day)])
    newest, old = automation.tick(SENSOR)
    assert asked([newest, old]) == ["2014-02-10", "2014-02-03..2014-02-09"]
    assert automation.run(old).success
    assert store.count(IMPORTS) == 7
    assert automation.run(newest).success
    assert automation.tick(SENSOR) == []


def test_the_bad_day_of_a_range_is_asked_for_alone_and_then_no_more(
    automation: Automation, testx: Institution
) -> None:
    for day in range(3, 11):
        testx.deliver(f"2014-02-{day:02d}", [event(day)])
    testx.deliver_raw("2014-02-05", b"no GPG")
    for request in automation.tick(SENSOR):
        automation.run(request)
    [alone] = automation.tick(SENSOR)
    assert asked([alone]) == ["2014-02-05"]
    assert not automation.run(alone).success
    assert automation.tick(SENSOR) == []


@pytest.fixture
def history(automation: Automation, monkeypatch: pytest.MonkeyPatch) -> Automation:
    """The same with years of history before 2014."""
    monkeypatch.setenv("EDX_START_DATE", "2009-01-01")
    return automation


def test_history_is_looked_through_in_turns_and_a_late_file_of_any_year_is_found(
    history: Automation, testx: Institution
) -> None:
    seen = []
    for _tick in range(4):
        assert history.tick(SENSOR) == []
        seen.append(year(history.cursors[SENSOR]))
    assert seen == [2011, 2013, 2010, 2012]
    testx.deliver("2010-05-05", [event(1)])
    found = [asked(history.tick(SENSOR)) for _tick in range(4)]
    assert found == [[], ["2010-05-05"], [], []]


def test_the_cursor_passes_no_year_that_was_not_asked_for(
    history: Automation, testx: Institution
) -> None:
    blob = testx.encrypted(b"")
    for month in range(1, 9):  # gaps are days to record as empty: one range after the other
        testx.deliver_raw(f"2009-{month:02d}-01", blob)
    testx.deliver_raw("2010-12-31", blob)
    requests = history.tick(SENSOR)
    assert len(requests) == 4
    assert asked(requests)[0] == "2010-12-31"
    assert asked(requests)[1:] == [
        "2009-01-01..2009-03-01",
        "2009-03-02..2009-04-30",
        "2009-05-01..2009-06-29",
    ]
    assert year(history.cursors[SENSOR]) == 2009
    for request in requests:
        history.begin(request)
    assert history.tick(SENSOR) == []
    assert "runs of history waiting" in str(history.skipped)
    assert year(history.cursors[SENSOR]) == 2009


@pytest.mark.parametrize(("runs", "in_flight"), [(-1, 3), (1, 3), (2, 3), (8, 9)])
def test_history_keeps_every_worker_of_the_instance_busy(
    tmp_path: Path, runs: int, in_flight: int
) -> None:
    shipped = yaml.safe_load((files("edx_assets") / "dagster.yaml").read_text())
    shipped["run_coordinator"]["config"]["max_concurrent_runs"] = runs
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(shipped))
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert history_in_flight(instance) == in_flight
    with DagsterInstance.ephemeral() as instance:
        assert history_in_flight(instance) == 3


def test_a_tick_keeps_to_its_time(history: Automation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edx_assets.automation.sensors.tracking_logs.LISTING_SECONDS", 0.0)
    history.tick(SENSOR)
    assert year(history.cursors[SENSOR]) == 2010
