"""After a demo nothing is red: every partition is there, and every check of it has passed."""

from collections.abc import Iterator

import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance, RepositoryDefinition

from edx_assets.dagster_internals import AssetPartitionStatus
from edx_assets.definitions import build_defs
from edx_assets.settings import load_settings


@pytest.fixture(scope="module")
def repository(built: object) -> RepositoryDefinition:
    return build_defs(load_settings()).get_repository_def()


@pytest.fixture
def instance(built: object) -> Iterator[DagsterInstance]:
    with DagsterInstance.get() as made:
        yield made


def test_every_partition_of_every_asset_is_materialized(
    repository: RepositoryDefinition, instance: DagsterInstance
) -> None:
    graph = repository.asset_graph
    for key in graph.materializable_asset_keys:
        partitions = graph.get(key).partitions_def
        if partitions is None:
            assert instance.get_latest_materialization_event(key), key
            continue
        keys = partitions.get_partition_keys(dynamic_partitions_store=instance)
        assert keys, key
        states = instance.get_status_by_partition(key, keys, partitions)
        assert states is not None
        assert {states[each] for each in keys} == {AssetPartitionStatus.MATERIALIZED}, key


def test_every_check_has_passed_for_every_partition(
    repository: RepositoryDefinition, instance: DagsterInstance
) -> None:
    newest = {}
    for run in instance.get_runs(ascending=True):
        for record in instance.all_logs(run.run_id, DagsterEventType.ASSET_CHECK_EVALUATION):
            assert record.dagster_event is not None
            check = record.dagster_event.asset_check_evaluation_data
            newest[check.asset_check_key, check.partition] = check
    assert {key for key, _partition in newest} == set(repository.asset_graph.asset_check_keys)
    failed = [
        f"{key.to_user_string()} {partition}: {check.description}"
        for (key, partition), check in newest.items()
        if not check.passed
    ]
    assert failed == []


def test_the_overview_lacks_nothing(instance: DagsterInstance) -> None:
    event = instance.get_latest_materialization_event(AssetKey(["upkeep", "overview"]))
    assert event is not None
    assert event.asset_materialization is not None
    told = {name: each.value for name, each in event.asset_materialization.metadata.items()}
    assert told["missing_edx"] == told["missing_edge"] == "0 days"
    assert told["failed_partitions"] == "none"
