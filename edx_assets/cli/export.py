"""`edx-assets export` and `warehouse`: courses for other programs. The work is in `exports`."""

import sys
from pathlib import Path
from typing import Any

import click

from edx_assets.cli.database import DATA, database, storage_of
from edx_assets.cli.options import COURSES, FORMAT
from edx_assets.cli.tables import told_bytes
from edx_assets.datasets.own import known_datasets
from edx_assets.errors import EdxAssetsError
from edx_assets.exports.formats import Format
from edx_assets.exports.pseudonyms.scope import Reach, scope_of
from edx_assets.settings import load_settings


@click.command()
@COURSES
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write to; each course gets a folder of its own there.",
)
@FORMAT
@click.option("--only", "only", metavar="NAME", multiple=True, help="A table; may be repeated.")
@click.option(
    "--pseudonymised",
    is_flag=True,
    help="Replace what tells who somebody is by pseudonyms, and prove that none is left.",
)
@click.option(
    "--reach",
    type=click.Choice([reach.value for reach in Reach]),
    help="Within what a learner has the same pseudonym: the course, unless --project is given.",
)
@click.option("--project", metavar="NAME", default="", help="Name of the project that has them.")
@DATA
def export(
    courses: tuple[str, ...],
    folder: Path,
    form: str,
    only: tuple[str, ...],
    pseudonymised: bool,
    reach: str | None,
    project: str,
    data: Path,
) -> None:
    """Write the tables of courses (collections and datasets) into files, for other programs.

    A COURSE is a course key, with @edge for a course on edge, or the name of a database. The files
    hold personal data.
    """
    from edx_assets.exports.course import export_course

    if (reach or project) and not pseudonymised:
        raise click.UsageError("--reach and --project are of pseudonyms: add --pseudonymised")
    scope = scope_of(reach, project) if pseudonymised else None
    failed = False
    storage, known = storage_of(data), known_datasets(load_settings().datasets)
    with database(data) as store:
        for course in dict.fromkeys(courses):
            try:
                target, manifest = export_course(
                    store, storage, course, folder, Format(form), known, only, scope
                )
            except EdxAssetsError as error:
                click.echo(f"Error: {course}: {error}", err=True)
                failed = True
                continue
            tables = [file for file in manifest["files"] if "table" in file]
            rows, size = (sum(file[name] for file in tables) for name in ("rows", "bytes"))
            click.echo(f"{target}: {len(tables)} tables, {rows:,} rows, {told_bytes(size)}")
            if missing := manifest["datasets_not_made"]:
                click.echo(f"  not made yet, and not exported: {', '.join(missing)}")
            if pseudonyms := manifest.get("pseudonyms"):
                _tell_pseudonyms(pseudonyms)
    sys.exit(1 if failed else 0)


def _tell_pseudonyms(told: dict[str, Any]) -> None:
    within = f"project {told['project']}" if told["project"] else told["reach"]
    known = sum(told["proof"]["identifiers"].values())
    click.echo(
        f"  pseudonyms of the {within}; proof: {known:,} identifiers searched for in"
        f" {told['proof']['files']} files, 0 found"
    )
    if left_out := told["left_out"]:
        fields = [f"{name} ({', '.join(columns)})" for name, columns in left_out.items()]
        click.echo(f"  left out, as nobody has told what they hold: {'; '.join(fields)}")


@click.command()
@DATA
def warehouse(data: Path) -> None:
    """Make the DuckDB file with a view for each dataset over all courses (in the storage)."""
    from edx_assets.exports.warehouse import WAREHOUSE, make_warehouse

    storage, known = storage_of(data), known_datasets(load_settings().datasets)
    with database(data) as store:
        made = make_warehouse(store, storage, known)
    click.echo(f"{WAREHOUSE}: {made['views']} views over {made['courses']} courses")
