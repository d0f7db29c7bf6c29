"""Jobs: named for what people do, each with its assets, partitions, description and defaults."""

from typing import Any

import pytest
from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    Config,
    DagsterInstance,
    Definitions,
    ExecuteInProcessResult,
    asset,
)

from edx_assets.definitions import build_defs
from edx_assets.jobs import jobs
from edx_assets.loading.ledger import IMPORTS, MASTER_TRACKING
from edx_assets.partitions import courses_partitions
from edx_assets.resources.store import Store
from edx_assets.settings import Settings, load_settings
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, members, sort

JOBS = {
    "load_a_range_of_days_edx": {"edx/raw_log", "edx/daily_log", "edx/master_tracking"},
    "load_a_range_of_days_edge": {"edge/raw_log", "edge/daily_log", "edge/master_tracking"},
    "load_a_package": {"packages/database_package", "packages/course_files"},
    "extract_tracking": {"course/tracking"},
    "make_the_overview": {"upkeep/overview", "upkeep/quarantine_reasons"},
    "tidy_the_storage": {"upkeep/kept_files"},
}


def assets_of(definitions: Definitions, job: str) -> set[str]:
    keys = definitions.resolve_job_def(job).asset_layer.executable_asset_keys
    return {key.to_user_string() for key in keys}


def test_each_job_has_its_assets_and_says_what_it_does() -> None:
    definitions = build_defs(Settings())
    every = {
        key.to_user_string()
        for each in definitions.assets or []
        if isinstance(each, AssetsDefinition)
        for key in each.keys
    }
    course = {key for key in every if key.startswith("course/")}
    assert len(course) > 10
    expected = JOBS | {"refresh_a_course": course, "rebuild_a_course_from_nothing": course}
    for name, assets in expected.items():
        assert assets_of(definitions, name) == assets
        job = definitions.resolve_job_def(name)
        assert len(job.description or "") > 40, name
        assert job.partitions_def is not None or "upkeep" in "".join(assets)


def test_a_range_of_days_is_loaded_with_the_forms_defaults(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver("2014-02-05", [event(3)])
    tags = {
        "dagster/asset_partition_range_start": "2014-02-03",
        "dagster/asset_partition_range_end": "2014-02-05",
    }
    job = build_defs(load_settings()).resolve_job_def("load_a_range_of_days_edx")
    assert job.execute_in_process(instance=testx.instance, tags=tags).success
    master = next(key for key in job.asset_layer.executable_asset_keys if "master" in key.path[-1])
    assert testx.instance.get_materialized_partitions(master) == {
        f"2014-02-0{day}" for day in (3, 4, 5)
    }


def outcomes(ran: ExecuteInProcessResult) -> dict[str, Any]:
    """What each asset that was materialized told of itself."""
    made = [event.materialization for event in ran.get_asset_materialization_events()]
    return {each.asset_key.path[-1]: each.metadata["outcome"].value for each in made}


REBUILT = [{"rebuild": True}, {"anew": True}]
"""The form that rebuilds, under its name and under its old one."""


@pytest.mark.parametrize(
    ("form", "made"),
    [
        ({}, ("unchanged", "unchanged", "unchanged")),
        *((form, ("replaced", "decrypted", "loaded")) for form in REBUILT),
    ],
)
def test_a_day_is_made_again_where_the_form_says_so(
    testx: Institution, store: Store, form: dict[str, bool], made: tuple[str, ...]
) -> None:
    stages = ("raw_log", "daily_log", "master_tracking")
    testx.deliver("2014-02-03", [event(1), event(2)])
    assert testx.run_day("2014-02-03").success
    before = store.get(IMPORTS, "edx/2014-02-03")
    job = build_defs(load_settings()).resolve_job_def("load_a_range_of_days_edx")
    ran = job.execute_in_process(
        run_config={"ops": {"edx_tracking_logs": {"config": form}}},
        instance=testx.instance,
        partition_key="2014-02-03",
    )
    assert outcomes(ran) == dict(zip(stages, made, strict=True))
    after = store.get(IMPORTS, "edx/2014-02-03")
    assert before is not None
    assert after is not None
    assert (after["loaded"], after["duplicates"], after["rejected"]) == (2, 0, 0)
    assert store.count(MASTER_TRACKING) == 2
    assert (after["token"] != before["token"]) is bool(form)


@pytest.mark.parametrize(
    ("form", "made"),
    [
        ({}, ("unchanged", "unchanged")),
        *((form, ("downloaded", "sorted")) for form in REBUILT),
    ],
)
def test_a_package_is_made_again_where_the_form_says_so(
    testx: Institution, form: dict[str, bool], made: tuple[str, ...]
) -> None:
    testx.deliver_package("2014-03-02", members())
    sort(testx, "2014-03-02")
    job = build_defs(load_settings()).resolve_job_def("load_a_package")
    stages = ("database_package", "course_files")
    ran = job.execute_in_process(
        run_config={"ops": {f"packages__{stage}": {"config": form} for stage in stages}},
        instance=testx.instance,
        partition_key="2014-03-02",
    )
    assert outcomes(ran) == dict(zip(stages, made, strict=True))


@pytest.mark.parametrize("name", ["refresh_a_course", "rebuild_a_course_from_nothing"])
def test_a_course_is_refreshed_or_rebuilt_with_the_forms_defaults(
    testx: Institution, name: str
) -> None:
    testx.deliver_package("2014-03-02", members())
    sort(testx, "2014-03-02")
    job = build_defs(load_settings()).resolve_job_def(name)
    ran = job.execute_in_process(instance=testx.instance, partition_key=COURSE)
    assert ran.success
    made = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    events = [event.materialization for event in ran.get_asset_materialization_events()]
    planned = {each.asset_key.to_user_string() for each in events}
    assert planned == made


def test_rebuilding_switches_rebuild_on_and_refreshing_leaves_it_off() -> None:
    class Rebuild(Config):
        rebuild: bool = False

    seen: list[tuple[str, bool]] = []

    @asset(key_prefix="course", partitions_def=courses_partitions)
    def forum(context: AssetExecutionContext, config: Rebuild) -> None:
        """A collection that can be rebuilt."""
        seen.append((context.run.job_name, config.rebuild))

    @asset(key_prefix="course", partitions_def=courses_partitions)
    def other() -> None:
        """One that has no such form."""

    @asset(key_prefix="packages", partitions_def=courses_partitions)
    def package(config: Rebuild) -> None:
        """One that is not of a course."""

    pipeline: list[Any] = [forum, other, package]
    wanted = {"refresh_a_course", "rebuild_a_course_from_nothing"}
    chosen = [job for job in jobs(pipeline) if job.name in wanted]
    definitions = Definitions(assets=pipeline, jobs=chosen)
    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("courses", ["one"])
        for name in sorted(wanted):
            job = definitions.resolve_job_def(name)
            assert job.execute_in_process(instance=instance, partition_key="one").success
    assert seen == [("rebuild_a_course_from_nothing", True), ("refresh_a_course", False)]
