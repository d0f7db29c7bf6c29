"""deploy/compose.yaml, and its services run on this machine: their commands and environments."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from edx_assets_tests.local.processes import ROOT

DEPLOY = ROOT / "deploy"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def compose() -> dict[str, Any]:
    """The file, its merges resolved."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def environment(service: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """A service's environment, with variables as `docker compose` puts them in."""
    return {
        name: _VARIABLE.sub(lambda found: given.get(found[1]) or found[3] or "", str(value))
        for name, value in service["environment"].items()
    }


@contextmanager
def service(
    name: str, changes: Mapping[str, str], variables: Mapping[str, str], home: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A service's command as a process here, words and variables changed to what is here."""
    of = compose()["services"][name]
    program, *words = (changes.get(word, word) for word in of["command"])
    command = [str(Path(sys.executable).with_name(program)), *words]
    own = {
        variable: changes.get(value, value)
        for variable, value in environment(of, variables).items()
    }
    kept = {each: os.environ[each] for each in ("PATH", "HOME", "PYTHONPATH") if each in os.environ}
    aws = {each: value for each, value in os.environ.items() if each.startswith("AWS_")}
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**kept, **aws, **own, "DAGSTER_HOME": str(home), **variables},
            cwd=home,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:  # as Compose does: the code server waits for its runs
                process.kill()
                process.wait()
