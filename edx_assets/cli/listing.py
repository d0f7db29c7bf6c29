"""`edx-assets list`: what S3 has of the institution's, and what of it is loaded."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click

from edx_assets.automation.due.days import days_in_ledger
from edx_assets.cli.database import DATA
from edx_assets.cli.instance import servers_of, settings_and_resources
from edx_assets.cli.options import FROM, JSON, SITE, TO, as_day
from edx_assets.cli.tables import told_bytes
from edx_assets.cli.wanted import Span, listed, log_span, package_span
from edx_assets.edx.file_names import SITES
from edx_assets.loading.entries import DayEntry, PackageEntry, PackageState
from edx_assets.loading.ledger import PACKAGES, is_settled
from edx_assets.loading.packages.course_files import SORTING, is_sorted
from edx_assets.loading.upgrade import upgrade
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.store import Store

LOADED, NOT_LOADED, HALF, CHANGED = "loaded", "not loaded", "half loaded", "changed"
"""`changed`: S3 has another file than the one that is loaded."""
GONE = "loaded, not on S3"
SEVERAL = "two files for a day"

Row = dict[str, Any]


@click.command("list")
@SITE
@FROM
@TO
@click.option("--packages", is_flag=True, help="Database packages, in place of tracking logs.")
@JSON
@DATA
def list_(
    sites: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
    packages: bool,
    as_json: bool,
    data: Path,
) -> None:
    """List the tracking logs, or database packages, on S3, and say which are loaded."""
    if packages and sites:
        raise click.UsageError("a package is of both sites: leave out --site, or --packages")
    days = (as_day(first), as_day(last))
    with servers_of(data):
        settings, resources = settings_and_resources()
        buckets, store = resources["buckets"], resources["mongo"].store()
        if packages:
            rows = list(_packages(buckets, store, package_span(*days)))
        else:
            span = log_span(settings, *days)
            rows = [row for site in sites or SITES for row in _logs(buckets, store, site, span)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _print(rows)


def _logs(buckets: Buckets, store: Store, site: str, span: Span) -> Iterator[Row]:
    ledger = days_in_ledger(store, site)
    found = [
        (day, item)
        for year in listed(buckets, site, span).values()
        for item, day in year
        if day in span
    ]
    etags: dict[Any, set[str]] = {}
    for day, item in found:
        etags.setdefault(day, set()).add(item.etag)
    rows = [
        {
            "site": site,
            "date": str(day),
            "file": item.name,
            "bytes": item.size,
            "delivered": item.delivered,
            "state": SEVERAL if len(etags[day]) > 1 else _state(ledger.get(day), item.etag),
        }
        for day, item in found
    ]
    rows += [
        {
            "site": site,
            "date": str(day),
            "file": entry["file"],
            "bytes": None,
            "delivered": None,
            "state": GONE if is_settled(entry) else HALF,
        }
        for day, entry in ledger.items()
        if entry["file"] and day in span and day not in etags
    ]
    yield from sorted(rows, key=lambda row: (row["date"], row["file"]))


def _state(entry: DayEntry | None, etag: str) -> str:
    if entry is None:
        return NOT_LOADED
    if not is_settled(entry):
        return HALF
    return LOADED if entry["etag"] == etag else CHANGED


def _packages(buckets: Buckets, store: Store, span: Span | None) -> Iterator[Row]:
    upgrade(store)
    opt_in = buckets.opt_in_lists()
    for day, item in sorted(buckets.packages().items()):
        if span and day not in span:
            continue
        other = opt_in.get(day)
        entry = cast(PackageEntry | None, store.get(PACKAGES, str(day)))
        state = NOT_LOADED
        if entry and is_sorted(entry, [item.etag, other.etag if other else None, SORTING]):
            state = LOADED
        elif entry:
            state = HALF if entry["state"] == PackageState.SORTING else CHANGED
        yield {
            "date": str(day),
            "file": item.name,
            "bytes": item.size,
            "delivered": item.delivered,
            "opt_in_list": other.name if other else None,
            "courses": len(entry["courses"]) if entry else None,
            "state": state,
        }


def _print(rows: list[Row]) -> None:
    """A line for each file, and a last one that counts them."""
    for row in rows:
        size = "" if row["bytes"] is None else told_bytes(row["bytes"])
        site = f"{row['site']:<4}  " if "site" in row else ""
        click.echo(f"{site}{row['date']}  {size:>10}  {row['state']:<11}  {row['file']}")
    counts = Counter(row["state"] for row in rows)
    size = told_bytes(sum(row["bytes"] or 0 for row in rows))
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()))
    click.echo(f"{len(rows):,} files, {size}" + (f": {states}" if states else ""))
