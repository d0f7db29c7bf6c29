"""`edx-assets report`: makes a course's report and puts it where the reader wants it."""

import shutil
from pathlib import Path

import click

from edx_assets.cli.database import DATA, database, storage_of
from edx_assets.exports.tables import find_course
from edx_assets.settings import load_settings


@click.command()
@click.argument("course")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write it to, beside the one in the storage.",
)
@DATA
def report(course: str, to: Path | None, data: Path) -> None:
    """Make a course's report, an HTML page, from its datasets. COURSE is its key or database."""
    from edx_assets.datasets.own import known_datasets
    from edx_assets.reports.course import make_report, report_file

    known = known_datasets(load_settings().datasets)
    storage = storage_of(data)
    with database(data) as store:
        found = find_course(store, course)
        made = make_report(store, storage, found["_id"], known)
    click.echo(f"{made['outcome']}: {made['file']}")
    if to is not None:
        with storage.reading(report_file(found["database"])) as path:
            shutil.copyfile(path, to)
        click.echo(f"copied to {to}")
