"""Notices of failed runs, by webhook and mail: what failed, why, and what to do.

Nothing of a learner is told: a failure of ours carries a text that is free of learners' data, and
of every other exception only its class and its place in the code are told, never its message.
"""

import json
import re
import smtplib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from dagster import (
    AssetCheckEvaluation,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DefaultSensorStatus,
    RunFailureSensorContext,
    SensorDefinition,
    SkipReason,
    run_failure_sensor,
)

from edx_assets.dagster_internals import (
    PARTITION,
    RANGE_END,
    RANGE_START,
    SerializableErrorInfo,
)
from edx_assets.errors import PassingError
from edx_assets.settings import MissingSettingError, Settings

_PATIENCE = 10  # seconds for a server to answer: a sensor's tick has 60 in all
_LINES = 20  # of a cause: each day of a range can have failed for itself
_AGAIN = "then materialize the same partitions again"
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


class NoticeNotSentError(PassingError):
    """A notice could not be sent; the message names the way, and no address."""


@dataclass(frozen=True)
class Notice:
    """What is told of a failed run."""

    job: str
    run_id: str
    assets: list[str]
    partition: str
    causes: list[str]
    remedy: str
    link: str

    def text(self) -> str:
        """All of it as plain text."""
        lines = [
            f"{self.headline()}.",
            f"Assets: {', '.join(self.assets) or 'not known'}",
            *(f"Cause: {cause}" for cause in self.causes),
            f"Remedy: {self.remedy}",
            f"Run: {self.link or self.run_id}",
        ]
        return "\n".join(lines)

    def headline(self) -> str:
        """What failed, in a line."""
        of = f" for {self.partition}" if self.partition else ""
        return f"edx_assets: {self.job} failed{of}"


def failure_notices(settings: Settings) -> SensorDefinition:
    """The sensor that tells of each failed run; on where there is a way to tell it."""

    @run_failure_sensor(
        name="failure_notices",
        description="Tells of each failed run by EDX_NOTICE_WEBHOOK and by mail: the partition,"
        " the cause and the remedy, and nothing of a learner.",
        default_status=DefaultSensorStatus.RUNNING
        if ways(settings)
        else DefaultSensorStatus.STOPPED,
    )
    def notify(context: RunFailureSensorContext) -> SkipReason | None:
        if not ways(settings):
            return SkipReason("neither EDX_NOTICE_WEBHOOK nor EDX_NOTICE_SMTP_HOST is set")
        send(
            settings,
            notice(
                context.instance,
                context.dagster_run,
                context.failure_event,
                settings.ui_url,
            ),
        )
        return None

    return notify


def ways(settings: Settings) -> dict[str, Callable[[Notice], None]]:
    """The ways of telling that are set, by their variables."""
    found: dict[str, Callable[[Notice], None]] = {}
    if settings.notice_webhook:
        address = settings.notice_webhook.get_secret_value()
        found["EDX_NOTICE_WEBHOOK"] = lambda told: _post(address, told)
    if settings.notice_smtp_host:
        found["EDX_NOTICE_SMTP_HOST"] = lambda told: _mail(settings, told)
    return found


def send(settings: Settings, told: Notice) -> None:
    """Send a notice every way there is, even where one fails.

    Raises:
        NoticeNotSentError: one of them did.
    """
    failures = []
    for name, way in ways(settings).items():
        try:
            way(told)
        except HTTPError as error:
            failures.append(f"{name}: the server answered {error.code}")
        # the texts of these can hold the address, which is a secret where it is a webhook's
        except (HTTPException, OSError, ValueError, smtplib.SMTPException) as error:
            failures.append(f"{name}: {type(error).__name__}")
        except MissingSettingError as error:
            failures.append(str(error))
    if failures:
        raise NoticeNotSentError(f"the notice was not sent: {'; '.join(failures)}")


def notice(
    instance: DagsterInstance, run: DagsterRun, failure: DagsterEvent, ui_url: str | None
) -> Notice:
    """What to tell of a failed run."""
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
    """Why a step failed; nothing where a check did, which is told by itself."""
    data = event.step_failure_data
    if data.user_failure_data:  # a Failure: only ours are raised, with a text made for readers
        return _cut(data.user_failure_data.description or "")
    error = _innermost(data.error)
    if error is None or error.cls_name == "DagsterAssetCheckFailedError":
        return ""
    return _place(error)


def _failed_checks(instance: DagsterInstance, run: DagsterRun) -> list[str]:
    told = []
    for event in _events(instance, run, DagsterEventType.ASSET_CHECK_EVALUATION):
        check = event.event_specific_data
        if isinstance(check, AssetCheckEvaluation) and check.blocking and not check.passed:
            of = f" {check.partition}" if check.partition else ""
            asset = check.asset_key.to_user_string()
            told.append(f"the check {check.check_name} of {asset}{of}: {check.description}")
    return told


def _run_cause(failure: DagsterEvent) -> str:
    """Why a run failed of which no step did: it never came so far, or its process is gone."""
    data = failure.job_failure_data
    reason = data.failure_reason.value.lower().replace("_", " ") if data.failure_reason else ""
    error = _innermost(data.error)
    return _place(error) if error else f"no step of the run failed, the run itself did: {reason}"


def _remedy(failed: list[DagsterEvent], checks: bool) -> str:
    if any(not event.step_failure_data.user_failure_data for event in failed) and not checks:
        return (
            "this failure is not known: look at the run's log, which may hold learners' data and"
            " is not to be sent on, and report the class and the place told here"
        )
    if checks:
        return f"do what the check's description says, {_AGAIN}"
    if failed:
        return f"do what the cause says, {_AGAIN}"
    return f"look at the run's log; was the machine or its process stopped? If so, {_AGAIN}"


def _innermost(error: SerializableErrorInfo | None) -> SerializableErrorInfo | None:
    while error and error.cause:
        error = error.cause
    return error


def _place(error: SerializableErrorInfo) -> str:
    """An exception's class, and the last place in this package's code that its stack names."""
    frames = [match.groups() for line in error.stack if (match := _FRAME.search(line))]
    own = [frame for frame in frames if "/edx_assets/" in frame[0]] or frames
    if not own:
        return f"{error.cls_name}"
    file, line, function = own[-1]
    return f"{error.cls_name} at {file.rsplit('/edx_assets/')[-1]}, line {line}, in {function}"


def _cut(text: str) -> str:
    lines = text.splitlines()
    more = [f"and {len(lines) - _LINES} lines more"] if len(lines) > _LINES else []
    return "\n".join(lines[:_LINES] + more)


def _post(address: str, told: Notice) -> None:
    """Post it as JSON; `text` is what chat programs show."""
    if not address.startswith(("https://", "http://")):
        raise ValueError("not an address of the web")
    body = json.dumps({"text": told.text(), **asdict(told)}).encode()
    request = Request(address, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=_PATIENCE):  # noqa: S310 - checked above
        pass


def _mail(settings: Settings, told: Notice) -> None:
    for name in ("notice_mail_to", "notice_mail_from"):
        if not getattr(settings, name):
            raise MissingSettingError(name)
    message = EmailMessage()
    message["Subject"] = told.headline()
    message["From"], message["To"] = settings.notice_mail_from, settings.notice_mail_to
    message.set_content(told.text())
    host, _, port = str(settings.notice_smtp_host).partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=_PATIENCE) as server:
        server.send_message(message)
