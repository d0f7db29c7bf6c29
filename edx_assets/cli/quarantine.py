"""`edx-assets quarantine`: the lines that could not be loaded: counted, shown, and tried again.

What is printed of them is written in `quarantine_text`; rows of courses are loaded in `retry_rows`.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from functools import reduce, wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from edx_assets.cli.database import DATA, database
from edx_assets.cli.options import DAY, as_day
from edx_assets.cli.quarantine_text import (
    as_json,
    day_lines,
    heading,
    print_counts,
    safe,
    still_rejected,
)
from edx_assets.edx.file_names import SITES
from edx_assets.edx.reasons import Reason, reason_of
from edx_assets.errors import EdxAssetsError
from edx_assets.loading.days.retry import Retried, retry_day
from edx_assets.loading.quarantines import Held, Wanted, days_to_retry, entries_of, lines_held
from edx_assets.resources.store import Store

_REASONS = ", ".join(Reason)


def _known(_context: click.Context, _option: click.Parameter, reason: str | None) -> str | None:
    if reason is not None and reason_of(reason) is None:
        raise click.BadParameter(f"there is no such reason; those are {_REASONS}")
    return reason


_FILTERS = (
    click.option("--reason", callback=_known, help=f"Only lines with this reason: {_REASONS}."),
    click.option("--file", help="Only lines of this file, by its name in the list."),
    click.option("--course", help="Only rows of this course, by its key or its database."),
    click.option("--site", type=click.Choice(SITES), help="Only this site."),
    click.option("--from", "first", type=DAY, help="Only tracking logs of this day or later."),
    click.option("--to", "last", type=DAY, help="Only tracking logs of this day or earlier."),
)


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters, as its argument `wanted`."""

    @wraps(command)
    def with_filters(
        reason: str | None,
        file: str | None,
        course: str | None,
        site: str | None,
        first: datetime | None,
        last: datetime | None,
        **others: Any,
    ) -> None:
        days = as_day(first), as_day(last)
        command(wanted=Wanted(reason, file, course, site, *days), **others)

    decorated: Callable[..., None] = reduce(
        lambda inner, option: option(inner), reversed(_FILTERS), with_filters
    )
    return decorated


@click.group()
def quarantine() -> None:
    """Lines that could not be loaded: count them, look at them, try them again."""


@quarantine.command("list")
@_filters
@click.option("--json", "json_", is_flag=True, help="Print JSON, for programs.")
@DATA
def list_(wanted: Wanted, json_: bool, data: Path) -> None:
    """Count the lines by reason, and by file or by course and collection."""
    with database(data) as store:
        held = lines_held(store, wanted)
    if json_:
        click.echo(json.dumps(as_json(held), indent=2))
    else:
        print_counts(held, Console())


@quarantine.command()
@_filters
@click.option(
    "--limit",
    default=20,
    type=click.IntRange(0),
    show_default=True,
    help="Lines that are shown at most; 0 for all.",
)
@click.option(
    "--length",
    default=2000,
    type=click.IntRange(0),
    show_default=True,
    help="Characters of a line that are shown at most; 0 for all.",
)
@click.option(
    "--raw",
    is_flag=True,
    help="Write the lines' bytes as they are, whole and without headings: for programs.",
)
@DATA
def show(wanted: Wanted, limit: int, length: int, raw: bool, data: Path) -> None:
    """Show the lines themselves. They can hold personal data of learners.

    Characters that could harm a terminal are written as escapes.
    """
    with database(data) as store:
        held = lines_held(store, wanted)
        total = sum(each.lines for each in held)
        for shown, (of, entry) in enumerate(entries_of(store, held)):
            if limit and shown == limit:
                click.echo(f"and {total - limit:,} more lines (--limit)", err=True)
                break
            if raw:
                line = entry["raw"]
                click.echo(line if line.endswith(b"\n") else line + b"\n", nl=False)
            else:
                click.echo(f"{heading(of, entry)}\n{safe(entry['raw'], length)}\n")
    if not total:
        click.echo("No such line is in quarantine.", err=True)


@quarantine.command()
@_filters
@click.option("--dry-run", is_flag=True, help="Only tell what would be loaded.")
@DATA
def retry(wanted: Wanted, dry_run: bool, data: Path) -> None:
    """Load what can be loaded now, after an upgrade.

    Lines of tracking logs are read again from the quarantine. Rows of courses are loaded again with
    all of their collection, from the newest package, in a run of Dagster's.
    """
    with database(data) as store:
        held = lines_held(store, wanted)
        good = _retry_days(store, wanted, held, dry_run)
        rows = [each for each in held if each.course]
        if rows:
            from edx_assets.cli.retry_rows import retry_rows

            good &= retry_rows(store, rows, dry_run)
    if not held:
        click.echo("No such line is in quarantine.")
    sys.exit(0 if good else 1)


def _retry_days(store: Store, wanted: Wanted, held: list[Held], dry_run: bool) -> bool:
    """Retry the days of tracking logs; a day that fails is told, and the others go on."""
    good = True
    total = Retried()
    days = days_to_retry(store, wanted, held)
    for day in days:
        of_day = [each.reason for each in held if (each.site, each.day) == (day.site, day.day)]
        reasons = None if wanted.reason is None else of_day
        try:
            told = retry_day(store, day, reasons, dry_run)
        except EdxAssetsError as error:
            click.echo(f"{day.site} {day.day}: {error}", err=True)
            good = False
        else:
            total.add(told)
            click.echo(f"{day.site} {day.day}: {day_lines(told, dry_run)}")
    if len(days) > 1:
        click.echo(f"{len(days)} days: {day_lines(total, dry_run)}")
    for text in still_rejected(total):
        click.echo(text)
    return good
