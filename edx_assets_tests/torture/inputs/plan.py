"""How many cases of each kind a run has, and the processes that try them."""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from time import time
from typing import Any

from edx_assets_tests.torture.inputs.readers import READERS
from edx_assets_tests.torture.inputs.trial import CURRENT, Findings

KEPT = Path("build/torture")
"""Where inputs that ended wrong are kept, below the working folder."""

_AT_ONCE = 20_000  # cases of one process: what it caches must not hide from the next
_SHORT = 250  # times fewer cases of mutation
_HYPOTHESIS, _GUIDED = (20, 2_000), (0, 10_000)  # cases of a reader, in the short form and in full
_NOT_GUIDED = ("gpg files",)  # a process of another's, which coverage does not guide
_STAGES = (1, 60)  # rounds
_ROOT = str(Path(__file__).parents[3])
_SILENT = 900  # seconds without an end, after which a process is taken for hung

Share = tuple[str, str, int, int]
"""How the cases are made, the reader, the number of the first case, and how many they are."""


def run_plan(short: bool, seed: int) -> dict[str, int]:
    """Try a million inputs, or some thousands, and tell what came of them.

    What ended wrong is printed, and kept below `build/torture`, with the line that repeats it.
    """
    found = Findings()
    kept = KEPT.resolve() / f"inputs-{int(time())}"
    with ThreadPoolExecutor(os.cpu_count()) as processes:
        for ended in processes.map(lambda shares: _process(kept, seed, shares), _plan(short)):
            found.add(ended)
    for told, times in sorted(found.places.items()):
        print(f"{times} of {told}: see {kept}", file=sys.stderr)  # noqa: T201
    return {name: getattr(found, name) for name in ("inputs", "crashes", "lost", "doubled")}


def _plan(short: bool) -> list[list[Share]]:
    """The shares of each process."""
    shares: list[Share] = []
    for name, reader in READERS.items():
        count = reader.share // _SHORT if short else reader.share
        first = range(0, count, _AT_ONCE)
        shares += [("mutation", name, n, min(_AT_ONCE, count - n)) for n in first]
        if name not in _NOT_GUIDED:
            shares.append(("hypothesis", name, 0, _HYPOTHESIS[not short]))
            shares.append(("guided", name, 0, _GUIDED[not short] * bool(find_spec("atheris"))))
    shares = [share for share in shares if share[3]]
    stages = [[("stages", "stages", 0, _STAGES[not short])]]
    return stages + ([shares] if short else [[share] for share in shares])


def _process(kept: Path, seed: int, shares: list[Share]) -> dict[str, Any]:
    """What a process finds in its shares; one that ends by itself ends wrong."""
    kind = shares[0][0]
    module = {"guided": "guided", "stages": "stages"}.get(kind, "worker")
    arguments = [str(part) for share in shares for part in share]
    with tempfile.TemporaryDirectory(prefix="inputs-") as scratch:
        command = [
            sys.executable,
            "-m",
            f"edx_assets_tests.torture.inputs.{module}",
            scratch,
            str(seed),
            *arguments,
        ]
        try:
            ended = subprocess.run(
                command,
                capture_output=True,
                timeout=_SILENT,
                check=False,
                env=os.environ | {"PYTHONPATH": _ROOT},  # wherever the tests are started
            )
            told, why = ended.stdout, ended.stderr.decode("utf-8", "replace")[-2000:]
        except subprocess.TimeoutExpired:
            told, why = b"", "it does not end"
        _keep(Path(scratch), kept)
        at = Path(scratch, CURRENT).read_text() if Path(scratch, CURRENT).exists() else "its start"
    try:
        found: dict[str, Any] = json.loads(told.splitlines()[-1])
    except (ValueError, IndexError):
        place = f"{kind}: a process ended at {at.strip()} (seed {seed}): {why}"
        return {"inputs": 0, "crashes": 1, "lost": 0, "doubled": 0, "places": {place: 1}}
    return found


def _keep(scratch: Path, kept: Path) -> None:
    """Keep the inputs that ended wrong."""
    for path in sorted(scratch.glob("wrong-*")):
        kept.mkdir(parents=True, exist_ok=True)
        number = len(list(kept.iterdir()))
        path.rename(kept / f"{number}-{path.name}")
