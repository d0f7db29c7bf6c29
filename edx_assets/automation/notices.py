"""Notices of failed runs, by webhook and mail: what failed, why, and what to do.

A notice never contains learners' data. Our own failures have texts without any; of every other
exception, the notice has only the class and the place in the code, never the message.
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
from edx_assets.errors import PassingError, place
from edx_assets.settings import MAIL, InvalidSettingError, MissingSettingError, Settings

_PATIENCE = 10  # seconds for a server to answer: a sensor's tick has 60 in all
_LINES = 20  # of a cause: each day of a range can have failed for its own reason
_AGAIN = "materialize the same partitions again"
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


class NoticeNotSentError(PassingError):
    """A notice could not be sent; the message names the setting, and no address."""


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


def failure_notices(settings: Settings) -> SensorDefinition:
    """The sensor that sends a notice of each failed run. It is on if a way of sending is set."""

    @run_failure_sensor(
        name="failure_notices",
        description="Sends a notice of each failed run to EDX_NOTICE_WEBHOOK and by mail: the"
        " partition, the cause and the remedy, without learners' data.",
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
    """The ways of sending a notice that are set, rightly or wrongly, by their variables."""
    found: dict[str, Callable[[Notice], None]] = {}
    if settings.is_given("notice_webhook"):
        found["EDX_NOTICE_WEBHOOK"] = lambda message: _post(settings, message)
    if any(map(settings.is_given, MAIL)):
        found["EDX_NOTICE_SMTP_HOST"] = lambda message: _mail(settings, message)
    return found


def send(settings: Settings, message: Notice) -> None:
    """Send a notice every way that is set, even if one fails.

    Raises:
        NoticeNotSentError: at least one way failed.
    """
    failures = []
    for name, way in ways(settings).items():
        try:
            way(message)
        except HTTPError as error:
            failures.append(f"{name}: the server answered {error.code}")
        # the texts of these can contain the address, and a webhook's address is a secret
        except (HTTPException, OSError, ValueError, smtplib.SMTPException) as error:
            failures.append(f"{name}: {type(error).__name__}")
        except (MissingSettingError, InvalidSettingError) as error:
            failures.append(str(error))
    if failures:
        raise NoticeNotSentError(f"the notice was not sent: {'; '.join(failures)}")


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


def _post(settings: Settings, message: Notice) -> None:
    """Post a notice as JSON; chat programs show its `text`."""
    settings.require("notice_webhook", "ui_url")
    if settings.notice_webhook is None:
        raise MissingSettingError("notice_webhook")
    address = settings.notice_webhook.get_secret_value()
    body = json.dumps({"text": message.text(), **asdict(message)}).encode()
    request = Request(address, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - http(s), as required above
    with urlopen(request, timeout=_PATIENCE):  # noqa: S310
        pass


def _mail(settings: Settings, message: Notice) -> None:
    settings.require(*MAIL)
    mail = EmailMessage()
    mail["Subject"] = message.headline()
    mail["From"], mail["To"] = settings.notice_mail_from, settings.notice_mail_to
    mail.set_content(message.text())
    host, _, port = str(settings.notice_smtp_host).partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=_PATIENCE) as server:
        server.send_message(mail)
