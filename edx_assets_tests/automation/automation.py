"""Ticks of the sensors as the daemon makes them, and the runs that they ask for, run for real."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from dagster import (
    DagsterRunStatus,
    Definitions,
    ExecuteInProcessResult,
    RunRequest,
    build_sensor_context,
)

from edx_assets.definitions import build_defs
from edx_assets.settings import load_settings
from edx_assets_tests.institution import Institution

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@cache
def _definitions(_settings: str) -> Definitions:
    return build_defs(load_settings())


@dataclass
class Automation:
    """The sensors of an institution, each with its cursor."""

    testx: Institution
    cursors: dict[str, str | None] = field(default_factory=dict)
    skipped: str | None = None

    def definitions(self) -> Definitions:
        return _definitions(load_settings().model_dump_json())

    def tick(self, name: str) -> list[RunRequest]:
        """A tick; what it asks for that was not asked for before, as the daemon looks at it."""
        definitions = self.definitions()
        repository = definitions.get_repository_def()
        sensor = repository.get_sensor_def(name)
        instance = self.testx.instance
        with build_sensor_context(
            instance=instance,
            cursor=self.cursors.get(name),
            repository_def=repository,
            resources=dict(definitions.resources or {}),
        ) as context:
            # Dagster gives ticks none where the instance is in memory
            vars(context)["caching_dynamic_partitions_loader"] = instance
            data = sensor.evaluate_tick(context)
        self.cursors[name] = data.cursor
        self.skipped = data.skip_message
        for request in data.dynamic_partitions_requests or []:
            self.testx.instance.add_dynamic_partitions(
                request.partitions_def_name, request.partition_keys
            )
        return list(data.run_requests or [])

    def run(self, request: RunRequest) -> ExecuteInProcessResult:
        """What the daemon launches for a request, in this process."""
        job = self.definitions().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            asset_selection=request.asset_selection,
            partition_key=request.partition_key,
            tags={**request.tags, "dagster/run_key": str(request.run_key)},
            instance=self.testx.instance,
            run_config=_QUIET,
            raise_on_error=False,
        )

    def begin(self, request: RunRequest) -> None:
        """Begin the run of a request, and leave it at that."""
        partition = {"dagster/partition": request.partition_key} if request.partition_key else {}
        self.testx.instance.create_run_for_job(
            self.definitions().resolve_implicit_global_asset_job_def(),
            tags={**request.tags, **partition, "dagster/run_key": str(request.run_key)},
            asset_selection=frozenset(request.asset_selection or ()),
            status=DagsterRunStatus.STARTED,
        )


def asked(requests: list[RunRequest]) -> list[str]:
    """The partition of each, or the range of partitions."""
    return [
        str(r.partition_key)
        if r.partition_key
        else f"{r.tags['dagster/asset_partition_range_start']}"
        f"..{r.tags['dagster/asset_partition_range_end']}"
        for r in requests
    ]


def assets(request: RunRequest) -> set[str]:
    """The assets that a request is for."""
    return {key.to_user_string() for key in request.asset_selection or []}


def year(cursor: str | None) -> Any:
    """The year that a cursor of tracking logs stands at."""
    return json.loads(cursor or "{}").get("year")
