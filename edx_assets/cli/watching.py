"""`edx-assets status --watch`: how far the loading is, how fast, and what failed."""

import json
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import click
from dagster import AssetsDefinition, DagsterInstance, DagsterRun, RunsFilter
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from edx_assets.automation.due.course_days import CourseDays
from edx_assets.automation.due.courses import packages_due
from edx_assets.automation.due.loads import Loads, loads_of
from edx_assets.automation.due.packages import deliveries_due
from edx_assets.automation.due.tracking import tracking_due
from edx_assets.automation.runs import runs_in_flight, told_partitions
from edx_assets.automation.sensors.tracking_logs import Files, days_found
from edx_assets.cli.instance import instance_of, settings_and_resources
from edx_assets.cli.interrupts import interrupts
from edx_assets.cli.mending import Broken, broken
from edx_assets.cli.wanted import listed, log_span
from edx_assets.edx.file_names import SITES
from edx_assets.errors import EXPECTED
from edx_assets.loading.entries import DayEntry, DayState
from edx_assets.loading.ledger import day_entries
from edx_assets.loading.upgrade import upgrade
from edx_assets.resources.store import Store
from edx_assets.settings import Settings

_LIST_SECONDS = 300.0
"""How long a listing of S3 serves: each LIST is billed."""
_OVERLAP = timedelta(seconds=2)  # the clocks of the instance's database and of this one differ
_LISTEN_SECONDS = 0.1
_WINDOW = timedelta(minutes=5)
"""What is loaded within it makes the rate."""


@dataclass
class Rate:
    """How much was loaded a second within the last minutes; None where too little was."""

    events: float | None = None
    bytes: float | None = None


class Watch:
    """Looks at an institution, again and again."""

    def __init__(
        self,
        instance: DagsterInstance,
        store: Store,
        resources: dict[str, Any],
        settings: Settings,
        assets: Sequence[AssetsDefinition],
    ) -> None:
        self._instance, self._store, self._resources = instance, store, resources
        self._settings, self._assets = settings, assets
        self._days = CourseDays()
        self._listed_at = 0.0
        self._files: dict[str, Files] = {}
        self._packages: dict[str, str] = {}
        self._trouble: str | None = None
        self._failed: list[Broken] | None = None
        self._failed_at = datetime.fromtimestamp(0, UTC)

    def look(self) -> dict[str, Any]:
        """What is loaded, remaining, in flight and broken, as plain values for JSON."""
        runs = runs_in_flight(self._instance)
        self._list()
        now = datetime.now(UTC)
        sizes = {
            (site, day): item.size
            for site, files in self._files.items()
            for listing in files.values()
            for item, day in listing
        }
        sites, remaining, done = {}, 0, set()
        entries: list[DayEntry] = []
        for site in SITES:
            of_site = list(day_entries(self._store, site, _FIELDS))
            entries += of_site
            files = self._files.get(site)
            found = (
                None if files is None else days_found([], self._store, site, files, self._settings)
            )
            if found:
                remaining += sum(sizes.get((site, day), 0) for day in found.free)
            loaded = [entry["date"] for entry in of_site if entry["state"] == DayState.LOADED]
            due = {str(day) for day in found.free} if found else set()
            done |= {(site, day) for day in loaded if day not in due}
            sites[site] = {
                "loaded": len(loaded),
                "newest": max(loaded, default=None),
                "remaining": len(found.free) if found else None,
            }
        rate = rate_of(entries, sizes, now)
        upgrade(self._store)
        loads = loads_of(self._store)
        behind = self._courses_behind(loads)
        done |= {("course", course) for course in loads.keys() - behind}
        seconds = remaining / rate.bytes if rate.bytes and runs else None
        return {
            "time": now.isoformat(timespec="seconds"),
            "sites": sites,
            "events": sum(entry.get("loaded", 0) for entry in entries),
            "events_per_second": round(rate.events, 1) if rate.events and runs else None,
            "remaining_bytes": remaining if self._files else None,
            "remaining_seconds": None if seconds is None else round(seconds),
            "packages_remaining": len(self._packages) if self._files else None,
            "courses_behind": len(behind),
            "runs": [_run(run) for run in runs],
            "failed": [asdict(each) for each in self._broken(now, done)],
            "trouble": self._trouble,
        }

    def _list(self) -> None:
        """List S3, if that was long ago. Where it cannot be listed, all else is told."""
        if self._files and monotonic() - self._listed_at < _LIST_SECONDS:
            return
        buckets = self._resources["buckets"]
        try:
            span = log_span(self._settings, None, None)
            self._files = {site: listed(buckets, site, span) for site in SITES}
            self._packages = deliveries_due(buckets, self._store, ())
            self._listed_at, self._trouble = monotonic(), None
        except EXPECTED as error:
            self._trouble = str(error)

    def _broken(self, now: datetime, done: set[tuple[str, str]]) -> list[Broken]:
        """What is broken: looked for only if a run has begun or ended, for it takes a second."""
        since = RunsFilter(updated_after=self._failed_at)
        if self._failed is None or self._instance.get_run_records(since, limit=1):
            self._failed, self._failed_at = (
                broken(self._instance, self._assets, done),
                now - _OVERLAP,
            )
        return self._failed

    def _courses_behind(self, loads: Loads) -> set[str]:
        courses_file = self._resources["courses_file"].path()
        today, log_days = datetime.now(UTC).date(), self._settings.log_days
        due = tracking_due(self._store, courses_file, today, log_days, loads, self._days)
        return {*packages_due(self._store, loads), *due}


_FIELDS = ("site", "date", "state", "file", "etag", "loaded", "loaded_at")


def rate_of(entries: Sequence[DayEntry], sizes: dict[tuple[str, date], int], now: datetime) -> Rate:
    """The rate of the last minutes: from the end of the first day that was loaded then."""
    recent = sorted(
        (
            (entry["loaded_at"], entry)
            for entry in entries
            if "loaded_at" in entry and entry["loaded_at"] > now - _WINDOW
        ),
        key=lambda each: each[0],
    )
    if len(recent) < 2:
        return Rate()
    seconds = (now - recent[0][0]).total_seconds()
    later = [entry for _at, entry in recent[1:]]
    size = sum(sizes.get((entry["site"], date.fromisoformat(entry["date"])), 0) for entry in later)
    return Rate(sum(entry.get("loaded", 0) for entry in later) / seconds, size / seconds)


def watch(data: Path, every: float, as_json: bool) -> None:
    """Show it until Ctrl-C: on a terminal in place, else (and as JSON) one after the other."""
    with instance_of(data) as instance:
        settings, resources = settings_and_resources()
        from edx_assets.definitions import defs  # here, for the same reason

        assets = [each for each in defs.assets or [] if isinstance(each, AssetsDefinition)]
        store = resources["mongo"].store()
        looking = Watch(instance, store, resources, settings, assets)
        console = Console()
        live = Live(console=console, auto_refresh=False)
        in_place = console.is_terminal and not as_json
        with (
            suppress(KeyboardInterrupt),
            interrupts() as heard,
            live if in_place else nullcontext(),
        ):
            heard.patient = True
            while True:
                now = looking.look()
                if in_place:
                    live.update(shown(now), refresh=True)
                elif as_json:
                    click.echo(json.dumps(now))
                else:
                    console.print(shown(now), soft_wrap=True)
                until = monotonic() + every
                while monotonic() < until:
                    heard.check()
                    sleep(_LISTEN_SECONDS)


def shown(now: dict[str, Any]) -> Group:
    """What a look found, for a terminal."""
    table = Table(title=f"{now['time'][11:19]} UTC  {now['events']:,} events loaded")
    for name in ("site", "days loaded", "newest", "remaining"):
        table.add_column(name, justify="left" if name == "site" else "right")
    for site, of_site in now["sites"].items():
        left = of_site["remaining"]
        table.add_row(
            site,
            f"{of_site['loaded']:,}",
            of_site["newest"] or "",
            "?" if left is None else f"{left:,}",
        )
    rate, seconds = now["events_per_second"], now["remaining_seconds"]
    pace = f"{rate:,.0f} events/s" if rate is not None else "nothing is being loaded"
    if seconds is not None:
        pace += f"; the remaining days take about {timedelta(seconds=seconds)}"
    lines = [pace]
    if now["packages_remaining"] or now["courses_behind"]:
        lines.append(
            f"packages to load: {now['packages_remaining']};"
            f" courses that are behind: {now['courses_behind']}"
        )
    if now["trouble"]:
        lines.append(f"[yellow]S3 cannot be listed:[/] {escape(now['trouble'])}")
    lines += [
        f"run {each['run_id'][:8]} {each['status'].lower()}: {escape(each['what'])}"
        for each in now["runs"]
    ]
    for each in now["failed"]:
        lines.append(f"[red]✗[/] {escape(each['what'])}: {escape(each['cause'])}")
        lines.append(f"    {escape(each['command'])}")
    return Group(table, *lines)


def _run(run: DagsterRun) -> dict[str, str]:
    prefix = (
        min(key.path[0] for key in run.asset_selection) if run.asset_selection else run.job_name
    )
    return {
        "run_id": run.run_id,
        "status": run.status.value,
        "what": f"{prefix} {told_partitions(run.tags)}".strip(),
    }
