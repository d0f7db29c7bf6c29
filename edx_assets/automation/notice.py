"""What the notice of a failed run says: what failed, why, and what to do. It is sent in `sending`.

A notice never contains learners' data. Our own failures have texts without any; of every other
exception, the notice has only the class and the place in the code, never the message.
"""

import re
from dataclasses import dataclass

from dagster import (
    AssetCheckEvaluation,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
)

from edx_assets.dagster_internals import (
    PARTITION,
    RANGE_END,
    RANGE_START,
    SerializableErrorInfo,
)
from edx_assets.errors import place

_LINES = 20  # of a cause: each day of a range can have failed for its own reason
_AGAIN = "materialize the same partitions again"
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


@dataclass(frozen=True)
class Notice:
    """What is sent about a failed run."""

    job: str
    run_id: str
    assets: list[str]
    partition: str
    causes: list[str]
    remedy: str
    link: str

    def text(self) -> str:
        """The whole notice as plain text."""
        lines = [
            f"{self.headline()}.",
            f"Assets: {', '.join(self.assets) or 'unknown'}",
            *(f"Cause: {cause}" for cause in self.causes),
            f"Remedy: {self.remedy}",
            f"Run: {self.link or self.run_id}",
        ]
        return "\n".join(lines)

    def headline(self) -> str:
        """What failed, in one line."""
        partition = f" for {self.partition}" if self.partition else ""
        return f"edx_assets: {self.job} failed{partition}"


def notice(
    instance: DagsterInstance, run: DagsterRun, failure: DagsterEvent, ui_url: str | None
) -> Notice:
    """The notice of a failed run."""
    failed = _events(instance, run, DagsterEventType.STEP_FAILURE)
    steps = {event.step_key for event in failed}
    planned = _events(instance, run, DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    assets = {
        event.asset_key.to_user_string()
        for event in planned
        if event.asset_key and (event.step_key in steps or not steps)
    }
    checks = _failed_checks(instance, run)
    causes = [*checks, *(cause for event in failed if (cause := _cause(event)))]
    if not causes:
        causes = [_run_cause(failure)]
    return Notice(
        job=run.job_name if not run.job_name.startswith("__") else "a run of assets",
        run_id=run.run_id,
        assets=sorted(assets),
        partition=_partition(run),
        causes=list(dict.fromkeys(causes)),
        remedy=_remedy(failed, bool(checks)),
        link=f"{ui_url.rstrip('/')}/runs/{run.run_id}" if ui_url else "",
    )


def _events(
    instance: DagsterInstance, run: DagsterRun, kind: DagsterEventType
) -> list[DagsterEvent]:
    records = instance.all_logs(run.run_id, of_type=kind)
    return [record.dagster_event for record in records if record.dagster_event]


def _partition(run: DagsterRun) -> str:
    first = run.tags.get(RANGE_START)
    if first:
        return f"{first} to {run.tags.get(RANGE_END, first)}"
    return run.tags.get(PARTITION, "")


def _cause(event: DagsterEvent) -> str:
    """Why a step failed; empty if a check failed, which has a cause of its own."""
    data = event.step_failure_data
    if data.user_failure_data:  # a Failure: only our own are raised, with texts for readers
        return _cut(data.user_failure_data.description or "")
    error = _innermost(data.error)
    if error is None or error.cls_name == "DagsterAssetCheckFailedError":
        return ""
    return _place(error)


def _failed_checks(instance: DagsterInstance, run: DagsterRun) -> list[str]:
    failed = []
    for event in _events(instance, run, DagsterEventType.ASSET_CHECK_EVALUATION):
        check = event.event_specific_data
        if isinstance(check, AssetCheckEvaluation) and check.blocking and not check.passed:
            partition = f" {check.partition}" if check.partition else ""
            asset = check.asset_key.to_user_string()
            failed.append(
                f"the check {check.check_name} of {asset}{partition}: {check.description}"
            )
    return failed


def _run_cause(failure: DagsterEvent) -> str:
    """Why a run failed without a failed step: it never got that far, or its process died."""
    data = failure.job_failure_data
    reason = data.failure_reason.value.lower().replace("_", " ") if data.failure_reason else ""
    error = _innermost(data.error)
    return _place(error) if error else f"no step failed, but the run itself did: {reason}"


def _remedy(failed: list[DagsterEvent], checks: bool) -> str:
    if any(not event.step_failure_data.user_failure_data for event in failed) and not checks:
        return (
            "this failure is not a known one: look at the run's log, which may contain learners'"
            " data and is not to be sent on, and report the class and the place given here"
        )
    if checks:
        return f"do what the check's description says, then {_AGAIN}"
    if failed:
        return f"do what the cause says, then {_AGAIN}"
    return f"look at the run's log; if the machine or its process was stopped, {_AGAIN}"


def _innermost(error: SerializableErrorInfo | None) -> SerializableErrorInfo | None:
    while error and error.cause:
        error = error.cause
    return error


def _place(error: SerializableErrorInfo) -> str:
    """An exception's class, and the last place in this package's code in its stack trace."""
    found = [match for line in error.stack if (match := _FRAME.search(line))]
    frames = [(match[1], int(match[2]), match[3]) for match in found]
    return place(error.cls_name or "", frames)


def _cut(text: str) -> str:
    lines = text.splitlines()
    more = [f"and {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    return "\n".join(lines[:_LINES] + more)
