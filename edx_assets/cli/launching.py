"""Runs that a command makes: each is executed by a process of its own, and followed to its end.

No webserver and no daemon is needed. Where there are some, they see the runs as they see their own.
"""

import json
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import IO, Any, Self, cast
from uuid import uuid4

from dagster import (
    AssetKey,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunRequest,
)

from edx_assets.automation.notice import notice
from edx_assets.automation.runs import told_partitions
from edx_assets.cli.interrupts import Interrupts
from edx_assets.dagster_internals import PARTITION
from edx_assets.errors import FinalError

COMMAND = "edx_assets/command"
"""Tag of runs that a command has made: its name."""

_LOOK_SECONDS = 0.25
_PATIENCE_SECONDS = 60.0
"""How long a run that was asked to stop may take to end: it takes seconds as a rule."""


@dataclass
class Outcome:
    """How a run ended: its status as Dagster has it, and why it failed."""

    run_id: str
    status: DagsterRunStatus | None
    assets: list[str]
    partition: str
    seconds: float
    materialized: int = 0
    days: int = 0
    events: int = 0
    causes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether it succeeded."""
        return self.status == DagsterRunStatus.SUCCESS

    def as_json(self) -> dict[str, Any]:
        """As a value for JSON."""
        return asdict(self) | {"status": self.status.value if self.status else None}


Look = Callable[[Outcome], None]
"""What is called with the outcome so far, a few times a second."""


class RunProcessError(FinalError):
    """The process of the runs could not begin; the message says why."""


class RunProcess:
    """The process that executes runs, one after the other. Leaving it ends the process."""

    def __init__(self, instance: DagsterInstance, command: str, heard: Interrupts) -> None:
        self._instance = instance
        self._heard = heard
        self._command = command
        # a session of its own: Ctrl-C is for the command, which asks the run to stop
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "edx_assets.cli.run_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._stdin, self._stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_SECONDS)
        self._process.kill()
        self._process.communicate()

    def wait_until_ready(self) -> None:
        """Wait until it can execute a run: what is in flight is to be looked at only then.

        Raises:
            RunProcessError: it cannot.
        """
        self._heard.patient = True
        while (answer := self._answer()) is None:
            self._heard.check()
        if answer["error"]:
            raise RunProcessError(answer["error"])

    def run(self, request: RunRequest, look: Look) -> Outcome:
        """Execute a run, and follow it to its end.

        Ctrl-C (KeyboardInterrupt) asks the run to stop and waits until it has; a second one does
        not wait. What the run had finished stays.
        """
        run_id, started = str(uuid4()), monotonic()
        keys = sorted(request.asset_selection or ())
        names = [key.to_user_string() for key in keys]
        partition = request.partition_key or told_partitions(request.tags)
        outcome = Outcome(run_id, None, names, partition, 0.0)
        try:
            self._heard.patient = True
            self._ask(run_id, request, keys)
            answer = None
            while answer is None:
                self._heard.check()
                answer = self._answer()
                self._look(outcome, started)
                look(outcome)
                if outcome.status == DagsterRunStatus.CANCELED:  # by somebody else
                    break
        except KeyboardInterrupt:
            self._stop(run_id)
            raise
        self._conclude(outcome, answer)
        look(outcome)
        return outcome

    def _ask(self, run_id: str, request: RunRequest, keys: list[AssetKey]) -> None:
        tags = {**request.tags, COMMAND: self._command}
        if request.run_key:
            tags["dagster/run_key"] = request.run_key
        if request.partition_key:
            tags[PARTITION] = request.partition_key
        asked = {
            "run_id": run_id,
            "assets": [key.path for key in keys],
            "partition": request.partition_key,
            "tags": tags,
            "run_config": request.run_config or {},
        }
        with suppress(BrokenPipeError):  # it is gone: its end is told in place of an answer
            self._stdin.write(json.dumps(asked).encode() + b"\n")
            self._stdin.flush()

    def _answer(self) -> dict[str, Any] | None:
        """The answer, or None if there is none yet."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            if not selector.select(_LOOK_SECONDS):
                return None
        line = self._stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        code = self._process.wait()
        what = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return {"error": f"the process of the run ended ({what}): run the command again"}

    def _look(self, outcome: Outcome, started: float) -> None:
        """Bring an outcome up to date with what the instance has of the run."""
        outcome.seconds = round(monotonic() - started, 1)
        run = self._instance.get_run_by_id(outcome.run_id)
        if run is None:
            return
        outcome.status = run.status
        records = self._instance.all_logs(
            outcome.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION
        )
        made = [
            record.dagster_event.step_materialization_data.materialization
            for record in records
            if record.dagster_event
        ]
        loaded = [each.metadata for each in made if each.asset_key.path[-1] == "master_tracking"]
        outcome.materialized, outcome.days = len(made), len(loaded)
        outcome.events = sum(
            int(str(each["loaded"].value))
            for each in loaded
            if "loaded" in each and each["outcome"].value == "loaded"
        )

    def _conclude(self, outcome: Outcome, answer: dict[str, Any] | None) -> None:
        error = (answer or {}).get("error")
        run = self._instance.get_run_by_id(outcome.run_id)
        if run is None or error:
            outcome.status = DagsterRunStatus.FAILURE
            outcome.causes = [error or "Dagster has no such run any more"]
            if run and not run.is_finished:
                self._instance.report_run_failed(run, error)
            return
        outcome.status = run.status
        if run.status == DagsterRunStatus.FAILURE:
            outcome.causes = causes_of(self._instance, run)
        elif run.status == DagsterRunStatus.CANCELED:
            outcome.causes = ["it was ended by somebody else"]

    def _stop(self, run_id: str) -> None:
        """Ask the run to stop, as Terminate does in the UI: it notes that, and signals."""
        run = self._instance.get_run_by_id(run_id)
        if run and not run.is_finished:
            self._instance.report_run_canceling(run, "Stopped by Ctrl-C at its command.")
        self._process.send_signal(signal.SIGTERM)
        end = monotonic() + _PATIENCE_SECONDS
        try:
            while run and not run.is_finished and monotonic() < end and self._answer() is None:
                run = self._instance.get_run_by_id(run_id)
        finally:
            self._process.kill()
            run = self._instance.get_run_by_id(run_id)
            if run and not run.is_finished:
                self._instance.report_run_canceled(run)


def causes_of(instance: DagsterInstance, run: DagsterRun) -> list[str]:
    """Why a run failed, in texts made for readers."""
    failures = instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_FAILURE)
    event = failures[-1].dagster_event if failures else None
    return notice(instance, run, event, None).causes if event else []
