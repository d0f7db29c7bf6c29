"""The file of all courses is asked for once for each change, and not while courses are loaded."""

import duckdb
from dagster import AssetKey, RunRequest

import edx_assets
from edx_assets.datasets.course import file_of
from edx_assets.datasets.definition import datasets
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings
from edx_assets_tests.automation.automation import Automation, assets
from edx_assets_tests.exports.held import DATABASE, KEY, course, hold

SENSOR = "warehouse_sensor"


def make(store: Store, seconds: int) -> None:
    """The dataset `sessions` of a course, with one session, in the storage and the ledger."""
    storage = Storage(place=load_settings().storage)
    cells = [
        f'{f"{seconds}" if each.name == "seconds" else "NULL"}::{each.type} AS "{each.name}"'
        for each in datasets()["sessions"].columns
    ]
    with storage.writing(file_of(DATABASE, "sessions")) as path:
        duckdb.execute(f"COPY (SELECT {', '.join(cells)}) TO '{path}' (FORMAT parquet)")
    hold(store, "sessions", [{"_id": 1}], content=str(seconds))


def test_it_follows_the_datasets(automation: Automation, store: Store) -> None:
    [first] = automation.tick(SENSOR)  # there is no file yet
    assert automation.run(first).success
    assert automation.tick(SENSOR) == []
    course(store)
    for seconds in (60, 90, 60):
        make(store, seconds)
        [request] = automation.tick(SENSOR)
        assert assets(request) == {"all_courses/warehouse"}
        ran = automation.run(request)
        assert ran.success
        [made] = ran.get_asset_materialization_events()
        assert made.materialization.metadata["views"].value == 1
        rows = edx_assets.open().sql("SELECT course_id, seconds FROM sessions").fetchall()
        assert rows == [(KEY, float(seconds))]
        assert automation.tick(SENSOR) == []


def test_it_waits_for_courses_and_for_itself(automation: Automation, store: Store) -> None:
    course(store)
    make(store, 60)
    forum = [AssetKey(["course", "forum"])]
    automation.begin(RunRequest(run_key="by hand", partition_key=KEY, asset_selection=forum))
    assert automation.tick(SENSOR) == []
    [run] = automation.testx.instance.get_runs()
    automation.testx.instance.report_run_canceled(run)
    [request] = automation.tick(SENSOR)
    automation.begin(request)
    assert automation.tick(SENSOR) == []
