"""Datasets are asked for where their definitions have changed, or new ones have come."""

from pathlib import Path

import pytest

from edx_assets.datasets.definition import datasets
from edx_assets_tests.automation.automation import Automation, assets
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, members

SENSOR = "courses_sensor"
OWN = """\
-- How many events there are.
--
-- Grain: one row.
-- Source: our own.
-- Needs: events
--
-- | column | type | meaning |
-- |---|---|---|
-- | n | BIGINT | the number |
SELECT count(*) AS n FROM events
"""


def test_a_new_dataset_comes_to_every_course_without_its_tracking(
    automation: Automation, testx: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver("2014-02-03", [event(0)])
    assert testx.run_day("2014-02-03").success
    testx.deliver_package("2014-02-09", members())
    assert automation.run(*automation.tick("packages_sensor")).success
    while requests := automation.tick(SENSOR):
        assert automation.run(*requests).success
    for query in (OWN, OWN.replace("count(*)", "count(*) + 1")):
        folder = tmp_path / f"own {len(query)}"
        folder.mkdir()
        (folder / "how_many.sql").write_text(query)
        monkeypatch.setenv("EDX_DATASETS", str(folder))
        automation.cursors.clear()  # as after a restart
        [request] = automation.tick(SENSOR)
        assert request.partition_key == COURSE
        assert assets(request) == {f"course/{name}" for name in (*datasets(), "how_many", "report")}
        assert automation.run(request).success
        assert automation.tick(SENSOR) == []
