"""`edx-assets demo`: takes a sample institution through every stage with real Dagster runs.

The sample itself is made in `local.sample`.
"""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from dagster import AssetSelection, DagsterInstance, Failure
from rich.console import Console

from edx_assets.assets.courses import WHOLE_COURSE
from edx_assets.assets.warehouse import WAREHOUSE
from edx_assets.cli.runs import materialize
from edx_assets.cli.status import status
from edx_assets.cli.tables import print_status
from edx_assets.datasets.definition import datasets
from edx_assets.exports.course import export_course
from edx_assets.exports.formats import Format
from edx_assets.local.environment import local_environment
from edx_assets.local.sample import make_institution
from edx_assets.local.shared_process import ServerError
from edx_assets.local.truth import differences
from edx_assets.resources.mongo import connect
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

EXPORTS = "exports"
"""Where the demo's exports are, below its folder."""

Step = tuple[str, AssetSelection, str | tuple[str, str] | None]


def run_demo(data: Path, learners: int, weeks: int) -> bool:
    """Build and show everything; return whether every count equals the manifest's."""
    console = Console()
    started = monotonic()
    with console.status("Making the sample institution (a GPG key, logs, packages)"):
        manifest = make_institution(data / "institution", learners=learners, weeks=weeks)
    console.print(f"[green]✓[/] sample institution {monotonic() - started:5.1f} s")
    with local_environment(data) as variables:
        for title, seconds in take_through(manifest, console):
            console.print(f"[green]✓[/] {title} {seconds:5.1f} s")
        store = connect(variables["EDX_MONGO_URI"])
        built = status(store)
        exporting = monotonic()
        with console.status("Exporting the courses"):
            export_all(store, built["courses"], data)
        console.print(f"[green]✓[/] export of the courses {monotonic() - exporting:5.1f} s")
    print_status(built, console)
    wrong = differences(manifest, built)
    for difference in wrong:
        console.print(f"[red]✗[/] {difference}")
    if not wrong:
        console.print("[green]Every count equals the manifest of the sample institution.[/]")
    console.print(
        f"Built in {monotonic() - started:.0f} s, in {data}. To explore it, run `edx-assets dev`"
        " (make dev) and open http://127.0.0.1:3000 for assets, runs and partitions; `edx-assets"
        " status` prints this table again. A page about each course is in"
        f" {data / 'storage' / 'reports'}, and its tables as CSV in {data / EXPORTS}."
    )
    return not wrong


def take_through(manifest: dict[str, Any], console: Console) -> Iterator[tuple[str, float]]:
    """Materialize every asset of the institution, stage by stage; yield titles and seconds."""
    # imported here: at the top it would read the settings before they name the embedded servers
    from edx_assets.definitions import build_defs
    from edx_assets.settings import load_settings

    definitions = build_defs(load_settings())
    with DagsterInstance.get() as instance:
        for title, selection, partition in _steps(manifest, instance):
            started = monotonic()
            with console.status(title):
                try:
                    materialize(definitions, instance, selection, partition)
                except Failure as failure:
                    raise ServerError(f"{title}: {failure.description}") from None
            yield title, monotonic() - started


def export_all(store: Store, courses: list[dict[str, Any]], data: Path) -> None:
    """Write every table of courses as CSV into files below the data folder."""
    storage = Storage(place=str(data / "storage"))
    for course in courses:
        export_course(store, storage, course["database"], data / EXPORTS, Format.CSV, datasets())


def _steps(manifest: dict[str, Any], instance: DagsterInstance) -> Iterator[Step]:
    yield "list of packages", AssetSelection.assets("packages/delivered"), None
    for day in sorted(instance.get_dynamic_partitions("packages")):
        package = AssetSelection.assets("packages/database_package", "packages/course_files")
        yield f"package of {day}", package, day
    for site in ("edx", "edge"):
        yield (
            f"tracking logs of {site}",
            AssetSelection.groups(f"{site}_tracking_logs"),
            (manifest["first_day"], manifest["last_day"]),
        )
    for course in sorted(instance.get_dynamic_partitions("courses")):
        yield f"course {course}", WHOLE_COURSE, course
    yield "the datasets of all courses", AssetSelection.assets(WAREHOUSE), None
    yield "the overview", AssetSelection.groups("upkeep"), None
