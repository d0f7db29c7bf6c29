"""The progress of a command's runs, as a bar and a line for each run that has ended."""

from collections.abc import Callable

from dagster import DagsterRunStatus, RunRequest
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from edx_assets.automation.requests import days_asked
from edx_assets.cli.launching import Outcome, RunProcess

Next = Callable[[], RunRequest | None]
"""The next run to make, as things are now."""


def make_runs(process: RunProcess, following: Next, steps: int, console: Console) -> list[Outcome]:
    """Make runs one after the other until there is none left, and show how far they are.

    Args:
        process: executes them.
        following: says which is next.
        steps: the number of days, or of assets, in all that is known to be next.
        console: where to show it; the bar only if it is a terminal.

    Raises:
        KeyboardInterrupt: by Ctrl-C, once the run has stopped.
    """
    outcomes: list[Outcome] = []
    if not steps:
        return outcomes
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("starting", total=steps, rate="")
        done = 0
        process.wait_until_ready()
        while request := following():
            name = title(request)
            length = steps_of(request)
            progress.update(task, description=escape(name), total=max(steps, done + length))

            def look(now: Outcome, done: int = done, length: int = length) -> None:
                made = now.days if now.days else now.materialized
                rate = f"{now.events / now.seconds:,.0f} events/s" if now.events else ""
                progress.update(task, completed=done + min(made, length), rate=rate)

            outcome = process.run(request, look)
            outcomes.append(outcome)
            done += length
            progress.update(task, completed=done)
            console.print(told(name, outcome), soft_wrap=True)
            if outcome.status == DagsterRunStatus.CANCELED:
                break
    return outcomes


def title(request: RunRequest) -> str:
    """What a run is for: `edx 2014-02-03..2014-02-09`, `package 2014-02-09`, or a course."""
    [first, *_others] = request.asset_selection or []
    kind = {"packages": "package", "course": "course"}.get(first.path[0], first.path[0])
    if request.partition_key:
        return f"{kind} {request.partition_key}"
    days = days_asked(request)
    return f"{kind} {days[0]}..{days[-1]}"


def steps_of(request: RunRequest) -> int:
    """The number of days in a run over days, else of its assets."""
    keys = list(request.asset_selection or [])
    if any(key.path[0] in ("packages", "course") for key in keys):
        return len(keys)
    return len(days_asked(request))


def told(name: str, outcome: Outcome) -> str:
    """A line on a run that has ended, with why it failed."""
    mark = "[green]✓[/]" if outcome.good else "[red]✗[/]"
    events = f"  {outcome.events:,} events" if outcome.events else ""
    line = f"{mark} {escape(name)}  {outcome.seconds:.1f} s{events}"
    causes = [f"  {part}" for cause in outcome.causes for part in cause.splitlines()]
    return "\n".join([line, *map(escape, causes)])
