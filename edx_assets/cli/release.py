"""`edx-assets release`: a de-identified release of courses. The work is in `exports.release`."""

from pathlib import Path

import click

from edx_assets.cli.database import DATA, database, storage_of
from edx_assets.cli.options import COURSES, FORMAT
from edx_assets.datasets.own import known_datasets
from edx_assets.exports.formats import Format
from edx_assets.exports.release.columns import QUASI, USUAL
from edx_assets.settings import load_settings


@click.command()
@COURSES
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write to: `release` in it is to be handed on, `report` to be kept.",
)
@click.option(
    "--k",
    default=5,
    type=click.IntRange(2),
    show_default=True,
    help="How many learners are alike, at least.",
)
@click.option(
    "--quasi",
    multiple=True,
    type=click.Choice([*QUASI]),
    default=USUAL,
    show_default=True,
    help="A quasi-identifier; may be repeated. The others are left out.",
)
@click.option(
    "--separate",
    is_flag=True,
    help="Give a learner another id in each course: more detail, and no paths over courses.",
)
@FORMAT
@DATA
def release(
    courses: tuple[str, ...],
    folder: Path,
    k: int,
    quasi: tuple[str, ...],
    separate: bool,
    form: str,
    data: Path,
) -> None:
    """Write a de-identified release of courses' person_course: k learners are always alike.

    A COURSE is a course key, with @edge for a course on edge, or the name of a database. All of
    them become one release.
    """
    from edx_assets.exports.release.deidentify import Rules
    from edx_assets.exports.release.folders import release_courses

    rules = Rules(k, tuple(QUASI[name] for name in dict.fromkeys(quasi)), joined=not separate)
    storage, known = storage_of(data), known_datasets(load_settings().datasets)
    with database(data) as store:
        report = release_courses(store, storage, courses, folder, Format(form), known, rules)
    rows, proof = report["rows"], report["proof"]
    dropped = rows["dropped_for_courses"] + rows["dropped_for_class"]
    click.echo(
        f"{folder / 'release'}: {rows['released']:,} of {rows['given']:,} rows"
        f" ({rows['staff']:,} of staff and {dropped:,} others left out);"
        f" {proof['smallest']} learners are alike, or more"
    )
    for name, told in report["detail"].items():
        levels = ", ".join(
            f"{level} {number:,}" for level, number in told["rows"].items() if number
        )
        click.echo(f"  {name}: {levels}")
    click.echo(f"{folder / 'report'}: what was lost. Keep it: it tells of who is left out")
