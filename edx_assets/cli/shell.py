"""What a command that makes runs works with: settings, instance, store; its output and its end."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from dagster import DagsterInstance, RunRequest
from rich.console import Console
from rich.markup import escape

from edx_assets.automation.runs import partitions_of, runs_in_flight, runs_of
from edx_assets.cli.instance import instance_of, settings_and_resources
from edx_assets.cli.interrupts import interrupts
from edx_assets.cli.launching import Outcome, RunProcess
from edx_assets.cli.progress import make_runs, steps_of
from edx_assets.cli.wanted import Wanted
from edx_assets.resources.store import Store
from edx_assets.settings import Settings

_SHOWN = 5
_STOPPED = 130
"""The exit status after Ctrl-C, as shells have it."""


@dataclass(frozen=True)
class Shell:
    """What a command that makes runs works with."""

    settings: Settings
    instance: DagsterInstance
    store: Store
    resources: dict[str, Any]
    process: RunProcess
    console: Console
    as_json: bool


@contextmanager
def shell_for(command: str, data: Path, as_json: bool) -> Iterator[Shell]:
    """What a command works with; Ctrl-C ends it with a word on how to go on."""
    console = Console(stderr=as_json)
    try:
        with (
            interrupts() as heard,
            instance_of(data) as instance,
            RunProcess(instance, command, heard) as process,
        ):
            settings, resources = settings_and_resources()
            store = resources["mongo"].store()
            yield Shell(settings, instance, store, resources, process, console, as_json)
    except KeyboardInterrupt:
        console.print("Stopped. What was done stays; the same command goes on from there.")
        sys.exit(_STOPPED)


def one_by_one(
    shell: Shell, requests: list[RunRequest], prefix: str
) -> Callable[[], RunRequest | None]:
    """The requests in turn, but those whose partition another run has taken meanwhile."""
    left = iter(requests)

    def following() -> RunRequest | None:
        for request in left:
            if request.partition_key not in partitions_of(
                runs_of(runs_in_flight(shell.instance), prefix)
            ):
                return request
        return None

    return following


def make(
    shell: Shell, following: Callable[[], RunRequest | None], requests: list[RunRequest]
) -> list[Outcome]:
    return make_runs(shell.process, following, sum(map(steps_of, requests)), shell.console)


def finish(
    shell: Shell,
    outcomes: list[Outcome],
    wanted: Wanted,
    what: str,
    problems: Sequence[str] = (),
    left: Mapping[str, list[str]] | None = None,
) -> None:
    """Say what has become of it, and exit by that.

    Args:
        shell: what the command works with.
        outcomes: how its runs ended.
        wanted: what was left to runs in flight.
        what: what is up to date if there was no run, in words.
        problems: what could not be tried, each with its cause and remedy.
        left: what was left alone, by the reason.
    """
    failed = [outcome for outcome in outcomes if not outcome.good]
    for problem in problems:
        shell.console.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
    if shell.as_json:
        told: dict[str, Any] = {
            "runs": [each.as_json() for each in outcomes],
            "in_flight": wanted.in_flight,
        }
        if left is not None:
            told |= {"left": left, "problems": problems}
        click.echo(json.dumps(told, indent=2))
    elif not outcomes and not wanted.in_flight and not problems:
        shell.console.print(f"Nothing to do: {what} is up to date.", soft_wrap=True)
    if wanted.in_flight:
        more = ", …" if len(wanted.in_flight) > _SHOWN else ""
        shell.console.print(
            f"Left to runs in flight: {', '.join(wanted.in_flight[:_SHOWN])}{more}"
            f" ({len(wanted.in_flight)}); `edx-assets status --watch` follows them."
        )
    sys.exit(1 if failed or problems else 0)
