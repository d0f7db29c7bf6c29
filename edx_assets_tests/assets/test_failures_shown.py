"""The page of a partition that failed says why, and what to do."""

import pytest
from dagster import AssetKey, AssetRecordsFilter

from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, members, sort


def told(testx: Institution, asset: str, partition: str) -> list[str]:
    """The texts on the page of an asset's partition, the newest first."""
    wanted = AssetRecordsFilter(AssetKey(asset.split("/")), asset_partitions=[partition])
    records = testx.instance.fetch_observations(wanted, limit=10).records
    return [
        str(record.asset_observation.metadata["not_made_because"].value)
        for record in records
        if record.asset_observation
    ]


def test_a_day_says_so_where_it_failed_and_behind_that(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver_raw("2014-02-04", b"not encrypted")
    stages = ("raw_log", "daily_log", "master_tracking")
    every = tuple(f"edx/{stage}" for stage in stages)
    assert not testx.run(*every, days=("2014-02-03", "2014-02-04")).success
    assert told(testx, "edx/raw_log", "2014-02-04") == []
    for stage in ("edx/daily_log", "edx/master_tracking"):
        assert told(testx, stage, "2014-02-03") == []
        [text] = told(testx, stage, "2014-02-04")
        assert "testx-edx-events-2014-02-04.log.gz.gpg: " in text
        assert "ask edX" in text


@pytest.mark.parametrize(
    ("name", "asset"),
    [
        ("auth_user", "course/auth_user"),
        ("wiki_article", "course/wiki_article"),  # of a step with many
    ],
)
def test_a_courses_table_says_so(testx: Institution, name: str, asset: str) -> None:
    cut = {f"TestX-T101-2014-{name}-prod-analytics.sql": b"1\t2\t3\n"}
    testx.deliver_package("2014-03-02", members() | cut)
    sort(testx, "2014-03-02")
    ran = testx.run(asset, partition=COURSE)
    assert not ran.success
    [text] = told(testx, asset, COURSE)
    assert name in text
