"""The status as tables for a terminal. The values come from `status`."""

from collections import Counter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edx_assets.datasets.definition import datasets
from edx_assets.loading.kept.disk_use import DiskUse

_COUNTS = ("lines", "loaded", "duplicates", "rejected")
_RETIRED = "retired"  # a column only where there are some


def print_status(status: dict[str, Any], console: Console) -> None:
    """Print files by site and month, packages, courses with their collections, and disk use."""
    _print_loaded(status, console)
    if use := status.get("storage"):
        free = f"; {told_bytes(use['free'])} free" if use["free"] is not None else ""
        console.print(f"Storage: {told_use(use)}{free}.")


def told_use(use: DiskUse) -> str:
    """What the storage keeps, in words."""
    kinds = [
        f"{kind.replace('_', ' ')} {told_bytes(size)}" for kind, size in use["kept"].items() if size
    ]
    return f"{told_bytes(sum(use['kept'].values()))}" + (f" ({', '.join(kinds)})" if kinds else "")


def told_bytes(size: int) -> str:
    """A number of bytes for people."""
    amount, unit = float(size), ""
    for larger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:,.1f} {unit}" if unit else f"{size} bytes"


def _print_loaded(status: dict[str, Any], console: Console) -> None:
    if not (status["files"] or status["packages"] or status["courses"]):
        console.print("Nothing has been loaded yet.")
        return
    console.print(_files(status["files"]))
    console.print(f"Packages: {', '.join(p['date'] for p in status['packages']) or 'none'}")
    console.print(_courses(status["courses"]))


def _files(files: list[dict[str, Any]]) -> Table:
    table = Table(title="Tracking logs")
    counts = (*_COUNTS, _RETIRED) if any(file[_RETIRED] for file in files) else _COUNTS
    for name in ("site", "month", "files", "silent", *counts):
        table.add_column(name, justify="left" if name in ("site", "month") else "right")
    months: dict[tuple[str, str], Counter[str]] = {}
    unfinished = []
    for file in files:
        sums = months.setdefault((file["site"], file["date"][:7]), Counter())
        sums["files" if file["file"] else "silent"] += 1
        for name in counts:
            sums[name] += file[name]
        if file["state"] == "loading":
            unfinished.append(f"{file['site']} {file['date']}")
    for (site, month), sums in sorted(months.items()):
        table.add_row(site, month, *(f"{sums[name]:,}" for name in ("files", "silent", *counts)))
    if unfinished:
        table.caption = f"not finished: {', '.join(unfinished)}"
    return table


def _courses(courses: list[dict[str, Any]]) -> Table:
    table = Table(title="Courses")
    table.add_column("course's database and its collections", no_wrap=True)
    table.add_column("documents", justify="right")
    for course in courses:
        table.add_row(f"[bold]{escape(course['database'])}[/]  {_span(course['window'])}", "")
        if not course["database"].endswith(_usual(course)):
            table.add_row(f"  of {escape(course['course_key'])} on {course['site']}", "")
        of_datasets = []
        for name, documents in course["collections"].items():
            if name in datasets():
                of_datasets.append(documents)
            else:
                table.add_row(f"  {name}", f"{documents:,}")
        if of_datasets:
            table.add_row(f"  {len(of_datasets)} datasets", f"{sum(of_datasets):,}")
        table.add_section()
    return table


def _span(window: dict[str, str | None] | None) -> str:
    if not window:
        return "no window"
    start, end = window["start"], window["end"]
    first = start[:10] if start else "from the first event"
    return f"{first} to before {end[:10]}" if end else f"{first} to now"


def _usual(course: dict[str, Any]) -> str:
    """The database's name as one guesses it from the course key."""
    parts = course["course_key"].partition(":")[2].split("+")
    return "_".join([*parts, *(["edge"] if course["site"] == "edge" else [])])
