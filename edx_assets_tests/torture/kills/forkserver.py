"""The program that has imported everything, and forks a process for each run it is asked for.

`python -m …forkserver`: a line of JSON on stdin asks for a run; it answers with the process id, and
at its end with its exit code (negative: the signal).
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from dagster import AssetKey, DagsterInstance, JobDefinition, job, op

from edx_assets.dagster_internals import RANGE_END, RANGE_START
from edx_assets.definitions import build_defs
from edx_assets.resources import lock
from edx_assets.settings import load_settings

_QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}


def main() -> None:
    """Serve until stdin ends."""
    definitions = build_defs(load_settings())
    every = definitions.resolve_implicit_global_asset_job_def()
    _warm_up()
    _tell({"ready": len(os.listdir("/proc/self/task"))})  # noqa: PTH208 - only their number
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            os.setsid()
            _own_output(asked["log"])
            code = 2
            try:
                code = int(not _run(every, asked))
            finally:
                os._exit(code)
        _tell({"pid": pid})
        _pid, status = os.waitpid(pid, 0)
        _tell({"code": os.waitstatus_to_exitcode(status)})


def _warm_up() -> None:
    """A run of nothing, whose caches every fork then has."""

    @op
    def nothing() -> None: ...

    @job
    def idle() -> None:
        nothing()

    with (
        tempfile.TemporaryDirectory() as home,
        DagsterInstance.local_temp(home) as instance,
    ):
        idle.execute_in_process(instance=instance, run_config=_QUIET)


def _run(every: JobDefinition, asked: dict[str, Any]) -> bool:
    """A run as a launcher's process executes it, on an instance whose storage is on disk."""
    lock.PATIENCE_SECONDS = asked["patience"]
    tags = {}
    if asked["days"]:
        tags = dict(zip((RANGE_START, RANGE_END), asked["days"], strict=True))
    with DagsterInstance.from_config(asked["home"]) as instance:
        return every.execute_in_process(
            asset_selection=[AssetKey(each.split("/")) for each in asked["assets"]],
            partition_key=asked["partition"],
            tags=tags,
            instance=instance,
            run_config={**_QUIET, "ops": asked["ops"]},
            raise_on_error=False,
        ).success


def _own_output(log: str) -> None:
    with Path(log).open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _tell(answer: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
