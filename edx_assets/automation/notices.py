"""The sensors that send a notice of each failed run, and send it later if that failed.

What a notice says belongs in `notice`, how it is sent in `sending`. What is left to send is noted
in the tags of the run, so that it is sent once by each way; only a process that is killed between
sending and noting sends it again.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from time import monotonic

from dagster import (
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DefaultSensorStatus,
    RunFailureSensorContext,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    run_failure_sensor,
    sensor,
)

from edx_assets.automation.notice import notice
from edx_assets.automation.sending import send, ways
from edx_assets.errors import PassingError
from edx_assets.settings import Settings

NOTICE = "edx_assets/notice"
"""Tag of a failed run: what has become of its notice."""
UNSENT, SENT, GIVEN_UP = "unsent", "sent", "given up"

LEFT = "edx_assets/notice_left"
"""Tag of the same: its id, and the ways by which its notice is not sent yet.

A run that is executed again inherits its parent's tags: the id tells whose they are.
"""

GIVE_UP = timedelta(days=7)
"""A notice that could not be sent for so long is not sent any more: there could be hundreds."""

_AGAIN_SECONDS = 60
_TICK_SECONDS = 30.0
"""After this time a tick leaves the rest to the next: Dagster allows it 60 s in all."""

_NO_WAY = "neither EDX_NOTICE_WEBHOOK nor EDX_NOTICE_SMTP_HOST is set"


class NoticeNotSentError(PassingError):
    """A notice could not be sent; the message names the setting, and no address."""


def notice_sensors(settings: Settings) -> list[SensorDefinition]:
    """The sensors of notices. They are on if a way of sending is set."""
    status = DefaultSensorStatus.RUNNING if ways(settings) else DefaultSensorStatus.STOPPED

    @run_failure_sensor(
        name="failure_notices",
        description="Sends a notice of each failed run to EDX_NOTICE_WEBHOOK and by mail: the"
        " partition, the cause and the remedy, without learners' data.",
        default_status=status,
    )
    def failure_notices(context: RunFailureSensorContext) -> SkipReason | None:
        if not ways(settings):
            return SkipReason(_NO_WAY)
        run = context.dagster_run
        if run.tags.get(NOTICE) and _left(run) is not None:  # it is seen again after a kill
            return SkipReason(f"the notice of {run.run_id} is {run.tags[NOTICE]} already")
        failures = _tell(context.instance, settings, run, context.failure_event, ways(settings))
        if failures:
            raise NoticeNotSentError(
                f"the notice was not sent, and will be tried again: {'; '.join(failures.values())}"
            )
        return None

    @sensor(
        name="unsent_notices",
        minimum_interval_seconds=_AGAIN_SECONDS,
        description="Sends what failure_notices could not send, once the server takes it.",
        default_status=status,
    )
    def unsent_notices(context: SensorEvaluationContext) -> SkipReason:
        if not ways(settings):
            return SkipReason(_NO_WAY)
        return SkipReason(_send_unsent(context.instance, settings))

    return [failure_notices, unsent_notices]


def _send_unsent(instance: DagsterInstance, settings: Settings) -> str:
    """Send the notices that are left, oldest first; a way that fails is not tried again now.

    Raises:
        NoticeNotSentError: some could not be sent.
    """
    until = monotonic() + _TICK_SECONDS
    down: dict[str, str] = {}
    sent = waiting = 0
    records = instance.get_run_records(RunsFilter(tags={NOTICE: UNSENT}), ascending=True)
    for record in records:
        run = record.dagster_run
        left = _left(run)
        if left is None:
            continue
        names = [name for name in left if name in ways(settings)]
        failure = _failure_of(instance, run)
        old = record.create_timestamp.replace(tzinfo=UTC) < datetime.now(UTC) - GIVE_UP
        if old or not names or failure is None:
            _note(instance, run, GIVEN_UP, left)
            continue
        names = [name for name in names if name not in down]
        if not names or monotonic() > until:
            waiting += 1
            continue
        failures = _tell(instance, settings, run, failure, names, left)
        down |= failures
        sent, waiting = sent + (not failures), waiting + bool(failures)
    if down:
        raise NoticeNotSentError(
            f"notices not sent yet: {waiting}; they will be tried again: {'; '.join(down.values())}"
        )
    return f"notices sent late: {sent}; not sent yet: {waiting}"


def _tell(
    instance: DagsterInstance,
    settings: Settings,
    run: DagsterRun,
    failure: DagsterEvent,
    names: Collection[str],
    left: Collection[str] = (),
) -> dict[str, str]:
    """Send a run's notice by the named ways, and note what is left; why, by way, some failed."""
    failures = send(settings, notice(instance, run, failure, settings.ui_url), names)
    rest = [name for name in {*left, *names} if name in failures or name not in names]
    _note(instance, run, UNSENT if rest else SENT, rest)
    return failures


def _note(instance: DagsterInstance, run: DagsterRun, state: str, left: Collection[str]) -> None:
    instance.add_run_tags(run.run_id, {NOTICE: state, LEFT: " ".join([run.run_id, *sorted(left)])})


def _left(run: DagsterRun) -> list[str] | None:
    """The ways by which a run's notice is not sent yet; None if nothing is noted of it."""
    of, *left = run.tags.get(LEFT, "").split(" ")
    return left if of == run.run_id else None


def _failure_of(instance: DagsterInstance, run: DagsterRun) -> DagsterEvent | None:
    failed = instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_FAILURE)
    return failed[0].dagster_event if failed else None
