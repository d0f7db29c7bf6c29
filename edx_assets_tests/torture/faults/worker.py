"""A run in a process of its own, and what it leaves of itself: its end, and all that it has said.

What goes wrong meanwhile, and what is made of it, belongs elsewhere.
"""

import json
import multiprocessing
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from dagster import AssetKey as Key
from dagster import DagsterInstance, ExecuteInProcessResult

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.dagster_internals import EVERY_ASSET, RANGE_END, RANGE_START
from edx_assets.definitions import build_defs
from edx_assets.resources import lock
from edx_assets.settings import load_settings
from edx_assets_tests.torture.faults.deliveries import COURSE, PACKAGE

WHOLE = "course"
"""In place of assets: all of a course's."""

_QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])  # a run then begins at once


@dataclass(frozen=True)
class Work:
    """What a run materializes: of one partition, or of the days from the first to the last."""

    assets: tuple[str, ...]
    partition: str | None = None
    days: tuple[str, str] | None = None


@dataclass
class Ended:
    """How a run ended.

    Attributes:
        success: whether it did what it should.
        failures: what it says of each failed step.
        unforeseen: failures that are not the project's own, by class and place.
        retries: how often steps were tried again.
        said: all that its events, its log and its output hold.
    """

    success: bool
    failures: list[str]
    unforeseen: list[str]
    retries: int = 0
    said: str = ""


def begin(work: Work, environment: dict[str, str], answer: Path) -> BaseProcess:
    """Begin a run; what came of it will be in the file `answer`."""
    process = _PROCESSES.Process(target=_run, args=(work, environment, answer))
    process.start()
    return process


def ended(answer: Path, process: BaseProcess | None = None) -> Ended:
    """What came of a run whose process has ended."""
    output = answer.with_suffix(".out")
    said = output.read_text(errors="replace") if output.exists() else ""
    try:
        told = Ended(**json.loads(answer.read_text()))
    except (FileNotFoundError, ValueError):
        code = process.exitcode if process else None
        return Ended(False, [], [f"the process ended without an answer ({code})"], 0, said)
    told.said += said
    return told


def _run(work: Work, environment: dict[str, str], answer: Path) -> None:
    with answer.with_suffix(".out").open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    for name in [name for name, value in environment.items() if not value]:
        os.environ.pop(name, None)
    tempfile.tempdir = None  # it is another one from now on
    os.chdir(answer.parent)
    lock.PATIENCE_SECONDS, lock._BEAT_SECONDS = 6.0, 1.0
    try:
        told = _executed(work)
    except BaseException as error:
        told = Ended(False, [], [_place(error)], 0, traceback.format_exc())
    written = answer.with_suffix(".new")
    written.write_text(json.dumps(asdict(told)))
    written.replace(answer)


def _executed(work: Work) -> Ended:
    tags = {}
    if work.days:
        tags = dict(zip((RANGE_START, RANGE_END), work.days, strict=True))
    with _instance() as instance:
        repository = build_defs(load_settings()).get_repository_def()
        keys = [Key(each.split("/")) for each in work.assets]
        if work.assets == (WHOLE,):
            keys = sorted(WHOLE_COURSE.resolve(repository.asset_graph))
        result = repository.get_job(EVERY_ASSET).execute_in_process(
            asset_selection=keys,
            partition_key=work.partition,
            tags=tags,
            instance=instance,
            run_config=_QUIET,
            raise_on_error=False,
        )
        said = "\n".join(map(repr, instance.all_logs(result.run_id)))
    return _told(result, said)


@contextmanager
def _instance() -> Iterator[DagsterInstance]:
    """The instance of DAGSTER_HOME where that is set, or one that is gone with the run."""
    if os.environ.get("DAGSTER_HOME"):
        with DagsterInstance.get() as instance:
            yield instance
    else:
        with DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("packages", [PACKAGE])
            instance.add_dynamic_partitions("courses", [COURSE])
            yield instance


def _told(result: ExecuteInProcessResult, said: str) -> Ended:
    failures, unforeseen = [], []
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        data = event.step_failure_data
        if data.user_failure_data:
            failures.append(str(data.user_failure_data.description))
        elif data.error:
            unforeseen.append(f"{data.error.cls_name}: {data.error.message[:300]}")
    retries = sum(event.is_step_up_for_retry for event in result.all_events)
    if not result.success and not failures and not unforeseen:
        unforeseen.append("the run failed and says nothing of why")
    unforeseen += [text for text in failures if "not foreseen" in text]
    return Ended(result.success, failures, unforeseen, retries, said)


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"


def main(arguments: list[str]) -> None:
    """Execute a run here: `WORK ANSWER`, where the work is JSON."""
    asked: dict[str, Any] = json.loads(arguments[0])
    days = tuple(asked.pop("days") or ()) or None
    work = Work(tuple(asked.pop("assets")), asked.pop("partition"), days)
    _run(work, {}, Path(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
