"""`edx-assets deliver`: puts a file into the demo's bucket, and follows it into its courses."""

from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

from dagster import DagsterInstance
from rich.console import Console

from edx_assets.cli.delivered import follow
from edx_assets.cli.dev import running_file
from edx_assets.edx.file_names import SITES, SiteDay
from edx_assets.local.deliveries import (
    Delivery,
    Demo,
    UndeliverableError,
    deliver_correction,
    deliver_file,
    deliver_new_day,
)
from edx_assets.local.environment import local_environment, require_institution
from edx_assets.local.shared_process import ServerError
from edx_assets.resources.file_locks import held_alone
from edx_assets.resources.mongo import connect

_MEND = (
    "To mend it, deliver the day again, as edX would: edx-assets deliver --correct --wait\n"
    "The sensor sees another file in its place, and loads it; nothing else is to be done."
)


def run_deliver(
    data: Path,
    what: str | Path,
    site: str | None = None,
    day: date | None = None,
    patience: float | None = None,
) -> bool:
    """Deliver, and tell what was; with patience, follow it; return whether it went well.

    Args:
        data: the demo's folder.
        what: `new`, `correct`, `broken`, or a file.
        site: of a file whose name does not tell it.
        day: likewise.
        patience: seconds to follow it for.

    Raises:
        ServerError: there is no demo, Dagster does not run on it, or it cannot be delivered.
        EncryptionError: gpg failed.
    """
    require_institution(data)
    with held_alone(running_file(data)) as alone:
        runs = not alone
    if patience is not None and not runs:
        raise ServerError(
            f"Dagster does not run on {data}, so nothing would load the file: first run"
            " `edx-assets dev` (make dev) in another terminal, or leave out --wait"
        )
    console = Console(soft_wrap=True, highlight=False)
    with local_environment(data) as variables:
        demo = Demo(data / "institution", variables["EDX_S3_ENDPOINT_URL"])
        since, started = datetime.now(UTC), monotonic()
        try:
            done = _delivered(demo, what, site, day)
        except UndeliverableError as error:
            raise ServerError(str(error)) from None
        for each in done:
            lines = "" if each.lines is None else f", {each.lines:,} lines"
            console.print(f"[green]✓[/] delivered s3://{each.bucket}/{each.key}{lines}")
        if patience is None:
            console.print(
                "Dagster's sensor finds it within 10 s."
                if runs
                else "Dagster does not run: `edx-assets dev` (make dev) finds it when it starts."
            )
            return True
        left = patience - (monotonic() - started)
        return _followed(variables["EDX_MONGO_URI"], done, since, left, console)


def _delivered(demo: Demo, what: str | Path, site: str | None, day: date | None) -> list[Delivery]:
    if isinstance(what, Path):
        return deliver_file(demo, what, site, day)
    if what == "correct":
        return deliver_correction(demo)
    return deliver_new_day(demo, broken=what == "broken")


def _followed(
    mongo_uri: str, done: list[Delivery], since: datetime, patience: float, console: Console
) -> bool:
    logs = [each for each in done if each.day]
    if not logs:
        console.print("A package is followed in Dagster's UI, under Runs, or by `status`.")
        return True
    log = next((each for each in logs if each.site == SITES[0]), logs[0])
    assert log.day is not None  # noqa: S101 - for the type checker
    store, well = connect(mongo_uri), True
    with DagsterInstance.get() as instance, console.status("Following it"):
        day = SiteDay(log.site, log.day)
        for step in follow(store, instance, day, log.etag, since, patience):
            bad = step.failed or step.late
            mark = "[red]✗[/]" if bad else "[green]✓[/]"
            console.print(f"{mark} after {step.seconds:.0f} s: ", end="")
            console.print(step.text, markup=False)
            well &= not bad
            if step.failed:
                console.print(_MEND)
    if well:
        console.print(f"It took {step.seconds:.0f} s from the bucket to the last of its courses.")
    return well
