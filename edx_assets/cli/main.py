"""The command `edx-assets` and its subcommands: options and exit codes.

What a subcommand does is in the modules next to this one.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from edx_assets.cli.access import access, grant, revoke
from edx_assets.cli.database import DATA, database, local_extra, storage_of
from edx_assets.cli.doctor import doctor
from edx_assets.cli.export import export, warehouse
from edx_assets.cli.init import init
from edx_assets.cli.listing import list_
from edx_assets.cli.load import load
from edx_assets.cli.options import DAY, JSON, as_day
from edx_assets.cli.quarantine import quarantine
from edx_assets.cli.refresh import rebuild, refresh
from edx_assets.cli.release import release
from edx_assets.cli.report import report
from edx_assets.cli.retire import retire
from edx_assets.cli.sections import write_sections
from edx_assets.cli.status import status as status_of
from edx_assets.cli.tables import print_status
from edx_assets.cli.watching import watch
from edx_assets.edx.dictionary import dictionary as dictionary_page
from edx_assets.edx.file_names import SITES
from edx_assets.errors import EdxAssetsError
from edx_assets.loading.kept.disk_use import DiskUse, disk_use
from edx_assets.local.sample.delivery import EncryptionError
from edx_assets.local.shared_process import ServerError

_LEARNERS = click.option(
    "--learners",
    default=60,
    type=click.IntRange(5),
    show_default=True,
    help="Learners in the sample; the number of events grows with them.",
)
_WEEKS = click.option(
    "--weeks",
    default=5,
    type=click.IntRange(2),
    show_default=True,
    help="Weeks of events in the sample.",
)


class _Commands(click.Group):
    """Tells in a line, with what to do, why a command cannot go on. Ctrl-C is click's own."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_sections(self, ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # whoever reads has enough; click ends quietly
            raise
        except (ServerError, EncryptionError, EdxAssetsError) as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            raise click.ClickException(_of_the_system(error)) from None


def _of_the_system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{where}a file is where a folder should be: name another folder"
    remedy = {
        "PermissionError": "name a folder that you may write to, or correct its permissions",
        "FileNotFoundError": "correct the path",
    }.get(type(error).__name__, "correct that, and run the command again")
    return f"{where}{error.strerror or error}: {remedy}"


@click.group(cls=_Commands)
@click.version_option(package_name="edx-assets")
def main() -> None:
    """Turn edX's research data into MongoDB databases, one for each course.

    To see it work: edx-assets demo, then edx-assets dev. For your own institution: edx-assets init.
    """


main.add_command(init)
main.add_command(doctor)
main.add_command(quarantine)
main.add_command(export)
main.add_command(release)
main.add_command(grant)
main.add_command(revoke)
main.add_command(access)
main.add_command(report)
main.add_command(retire)
main.add_command(warehouse)
main.add_command(list_)
main.add_command(load)
main.add_command(refresh)
main.add_command(rebuild)


_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


@main.command()
@JSON
@click.option(
    "--watch",
    "watching",
    is_flag=True,
    help="Show rate, remaining days and failures, again and again, until Ctrl-C.",
)
@click.option(
    "--every",
    default=5.0,
    type=click.FloatRange(0.5),
    show_default=True,
    help="Seconds between two looks of --watch.",
)
@DATA
def status(as_json: bool, watching: bool, every: float, data: Path) -> None:
    """Show what has been loaded (tracking logs, packages, courses), and what the storage keeps."""
    if watching:
        watch(data, every, as_json)
        return
    with database(data) as store:
        now = status_of(store)
    now["storage"] = _disk_use(data)
    if as_json:
        click.echo(json.dumps(now, indent=2))
    else:
        print_status(now, Console())


@main.command()
def dictionary() -> None:
    """Print the data dictionary: every table's columns, types and meanings (Markdown)."""
    click.echo(dictionary_page(), nl=False)


@main.command()
def datasets() -> None:
    """Print what each dataset is: purpose, grain, source, columns (Markdown)."""
    from edx_assets.datasets.definition import datasets as known
    from edx_assets.datasets.page import page

    click.echo(page(known()), nl=False)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Seed of the random content.")
@_LEARNERS
@_WEEKS
def sample(folder: Path, seed: int, learners: int, weeks: int) -> None:
    """Make a sample institution: keys, encrypted logs and packages, and the expected counts."""
    with local_extra():
        from edx_assets.local.sample import make_institution

    make_institution(folder, seed=seed, learners=learners, weeks=weeks, progress=click.echo)


@main.command()
@DATA
@_LEARNERS
@_WEEKS
def demo(data: Path, learners: int, weeks: int) -> None:
    """Make a sample institution, and load all of it; two minutes, on this machine alone."""
    with local_extra():
        from edx_assets.cli.demo import run_demo

    sys.exit(0 if run_demo(data, learners, weeks) else 1)


@main.command()
@DATA
@click.option(
    "--port",
    default=3000,
    type=click.IntRange(1, 65535),
    show_default=True,
    help="Port of Dagster's UI.",
)
def dev(data: Path, port: int) -> None:
    """Open Dagster's UI on what the demo built, with sensors that load what is delivered."""
    with local_extra():
        from edx_assets.cli.dev import run_dev

    sys.exit(run_dev(data, port))


@main.command()
@click.argument("file", required=False, type=_FILE)
@click.option("--new-day", "what", flag_value="new", help="The day after the newest one.")
@click.option("--correct", "what", flag_value="correct", help="The newest day again, mended.")
@click.option("--broken", "what", flag_value="broken", help="A new day whose file is cut off.")
@click.option("--site", type=click.Choice(SITES), help="Of FILE, if its name lacks it.")
@click.option("--day", type=DAY, help="Of FILE, if its name lacks it.")
@click.option("--wait", is_flag=True, help="Follow it until it is in its courses.")
@click.option(
    "--patience",
    default=300,
    type=click.IntRange(1),
    show_default=True,
    help="Seconds to wait at most.",
)
@DATA
def deliver(
    file: Path | None,
    what: str | None,
    site: str | None,
    day: datetime | None,
    wait: bool,
    patience: int,
    data: Path,
) -> None:
    """Put a tracking log or a package into the demo's bucket, as edX would.

    FILE is a tracking log, which is compressed and encrypted for the demo's key unless it is
    already, or a package. Or choose one of --new-day, --correct and --broken.
    """
    if (file is None) == (what is None):
        raise click.UsageError("Name a FILE, or give one of --new-day, --correct and --broken.")
    with local_extra():
        from edx_assets.cli.deliver import run_deliver

    chosen = file if file is not None else str(what)
    well = run_deliver(data, chosen, site, as_day(day), patience if wait else None)
    sys.exit(0 if well else 1)


def _disk_use(data: Path) -> DiskUse | None:
    """The disk use of the storage; None if that folder is not there yet."""
    storage = storage_of(data)
    if storage.place is None:
        return None
    folder = storage.folder()
    return disk_use(storage) if folder is None or folder.root.is_dir() else None


if __name__ == "__main__":
    main()
