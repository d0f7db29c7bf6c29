"""A running `dagster dev`, and what is asked of its GraphQL."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

_START = 180  # seconds
_END = 30

_LAUNCH = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_STATUS = """
query Status($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    __typename
    ... on PartitionBackfill { status }
  }
}
"""
_UP = """
query Up { instance { daemonHealth { daemonStatus(daemonType: "BACKFILL") { healthy } } } }
"""
_ENDED = {"COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"}


class Dagster:
    """Dagster's web server at an address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What its GraphQL answers.

        Raises:
            RuntimeError: it says that the query is wrong.
            OSError: it does not answer.
        """
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self._url}/graphql", body, headers)  # noqa: S310 - its own server
        try:
            with urlopen(request, timeout=120) as answer:  # noqa: S310
                told: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            told = json.load(error)
        if told.get("errors"):
            raise RuntimeError(f"Dagster's GraphQL: {told['errors'][0]['message']}")
        return dict(told["data"])

    def backfill(self, assets: Sequence[Sequence[str]], partitions: Sequence[str]) -> str:
        """Launch a backfill; its id."""
        selected = [{"path": list(asset)} for asset in assets]
        params = {"assetSelection": selected, "partitionNames": list(partitions)}
        told = self.ask(_LAUNCH, {"params": params})["launchPartitionBackfill"]
        if "backfillId" not in told:
            raise RuntimeError(f"Dagster launched no backfill: {told['__typename']}")
        return str(told["backfillId"])

    def wait(self, backfill: str, patience: float) -> str:
        """Wait until a backfill has ended; how.

        Raises:
            TimeoutError: it has not within `patience` seconds.
        """
        end = monotonic() + patience
        while monotonic() < end:
            told = self.ask(_STATUS, {"id": backfill})["partitionBackfillOrError"]
            if told.get("status") in _ENDED:
                return str(told["status"])
            sleep(0.5)
        raise TimeoutError("the backfill does not end")


@contextmanager
def dagster_dev(folder: Path) -> Iterator[Dagster]:
    """`dagster dev` with this process's environment, its daemon up; its output in `folder`.

    Raises:
        RuntimeError: it does not come up.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "dagster", "dev", "-h", "127.0.0.1"]
    command += ["-p", str(port), "-m", "edx_assets.definitions"]
    with (folder / "dagster.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        dagster = Dagster(f"http://127.0.0.1:{port}")
        _wait_until_up(dagster, process)
        yield dagster
    finally:
        process.send_signal(signal.SIGINT)  # as Ctrl-C: it ends its own processes
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_up(dagster: Dagster, process: subprocess.Popen[bytes]) -> None:
    end = monotonic() + _START
    while monotonic() < end and process.poll() is None:
        with suppress(URLError, ConnectionError, TimeoutError):
            told = dagster.ask(_UP, {})
            if told["instance"]["daemonHealth"]["daemonStatus"]["healthy"]:
                return
        sleep(0.5)
    raise RuntimeError("dagster dev does not come up: see dagster.log")
