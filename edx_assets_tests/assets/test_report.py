"""The asset of a course's report in Dagster's graph."""

from dagster import AssetKey

from edx_assets.assets.report import REPORT
from edx_assets.definitions import build_defs
from edx_assets.reports.reads import READS
from edx_assets.settings import load_settings


def test_it_follows_the_datasets_that_it_reads() -> None:
    graph = build_defs(load_settings()).get_repository_def().asset_graph
    node = graph.get(REPORT)
    assert node.parent_keys == {AssetKey(["course", name]) for name in READS}
