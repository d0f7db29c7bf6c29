"""An exception that nobody foresaw ends one day or collection, not the run's others."""

from typing import Any

import pytest
from dagster import AssetKey

from edx_assets.loading.courses import collection as loading_collection
from edx_assets.loading.days import lines, master_tracking
from edx_assets.loading.ledger import IMPORTS
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, members, sort

LEARNER = "zoe_the_learner"


class SurpriseError(Exception):
    """What no code expects."""


def everything_logged(testx: Institution, run_id: str) -> str:
    return "\n".join(str(record) for record in testx.instance.all_logs(run_id))


def test_a_day_fails_alone_and_without_learners_data(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (3, 4, 5, 6, 7):
        testx.deliver(f"2014-02-0{day}", [event(day)])
    right = lines.load_lines

    def load_lines(store: Store, read: Any, file: str, *others: Any) -> None:
        if "02-07" not in file:
            raise SurpriseError(LEARNER)
        right(store, read, file, *others)

    monkeypatch.setattr(master_tracking, "load_lines", load_lines)
    stages = [f"edx/{stage}" for stage in ("raw_log", "daily_log", "master_tracking")]
    result = testx.run(*stages, days=("2014-02-03", "2014-02-07"))
    assert not result.success
    states = {entry["_id"][-2:]: entry["state"] for entry in store.find(IMPORTS, {})}
    assert states == {"03": "loading", "04": "loading", "05": "loading", "06": "loading"} | {
        "07": "loaded"
    }
    logged = everything_logged(testx, result.run_id)
    assert "4 of 5 days failed, the others are done" in logged
    assert "SurpriseError at " in logged
    assert LEARNER not in logged


def test_a_collection_fails_alone_and_without_learners_data(
    testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    right = loading_collection._replace

    def replace(store: Store, collection: Collection, *others: Any) -> Any:
        if collection.name in ("auth_user", "certificates_generatedcertificate"):
            raise SurpriseError(LEARNER)
        return right(store, collection, *others)

    monkeypatch.setattr(loading_collection, "_replace", replace)
    result = testx.run(
        "course/auth_user",
        "course/auth_userprofile",
        "course/certificates_generatedcertificate",
        "course/student_courseenrollment",
        partition=COURSE,
    )
    assert not result.success
    logged = everything_logged(testx, result.run_id)
    assert "SurpriseError at " in logged
    assert LEARNER not in logged
    done = AssetKey(["course", "auth_userprofile"])
    assert testx.instance.get_materialized_partitions(done) == {COURSE}
