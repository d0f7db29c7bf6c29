"""The process that executes a command's runs: it reads one a line, and answers each with a line.

`launching` starts it. Once it could execute one, it says so by a first line. A run is told by JSON:
its id, assets, partition, tags and configuration. The answer says only how it ended; what happened
in it is in Dagster's instance.
"""

import json
import os
import sys
from typing import Any

from dagster import AssetKey, DagsterInstance

from edx_assets.cli.runs import QUIET
from edx_assets.errors import UnforeseenError


def main() -> None:
    """Execute what is read, until there is no more."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever else prints must not answer
        try:
            error = None
            import edx_assets.definitions  # noqa: F401 - what it raises is answered
        except Exception as raised:
            error = str(UnforeseenError(raised))
        print(json.dumps({"error": error}), file=answers, flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                error = None
                execute(asked)
            except Exception as raised:  # nobody reads a stack here, and its text may be private
                error = str(UnforeseenError(raised))
            print(json.dumps({"run_id": asked["run_id"], "error": error}), file=answers, flush=True)


def execute(asked: dict[str, Any]) -> None:
    """Execute a run in the persistent instance, with the job that the UI uses for assets."""
    # loaded here, so that what it raises is answered
    from edx_assets.definitions import defs

    with DagsterInstance.get() as instance:
        defs.resolve_implicit_global_asset_job_def().execute_in_process(
            run_id=asked["run_id"],
            asset_selection=[AssetKey(path) for path in asked["assets"]],
            partition_key=asked["partition"],
            tags=asked["tags"],
            run_config={**asked["run_config"], **QUIET},
            instance=instance,
            raise_on_error=False,
        )


if __name__ == "__main__":
    main()
