"""The command `edx-assets`: the only place beside `definitions` where everything meets."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from edx_assets.cli.doctor import diagnose
from edx_assets.cli.status import status as status_of
from edx_assets.cli.tables import print_status
from edx_assets.edx.dictionary import dictionary as dictionary_page
from edx_assets.local.shared_process import ServerError
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store, StoreError
from edx_assets.settings import load_settings

_DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Folder of the embedded servers and the demo.",
)
_LEARNERS = click.option(
    "--learners",
    default=60,
    type=click.IntRange(5),
    show_default=True,
    help="Events grow with them.",
)
_WEEKS = click.option("--weeks", default=5, type=click.IntRange(2), show_default=True)
_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failed": "[red]failed[/]"}


class _Commands(click.Group):
    """Tells in a line, with what to do, why an embedded server cannot be used."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ServerError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Commands)
@click.version_option(package_name="edx-assets")
def main() -> None:
    """edX research data as per-course MongoDB databases."""


@main.command()
@_DATA
def doctor(data: Path) -> None:
    """Check S3, GPG, MongoDB and the storage; say what to do about what is wrong."""
    from edx_assets.definitions import build_resources

    settings = load_settings()
    resources = build_resources(settings)
    console = Console(soft_wrap=True)
    failed = False
    with _store(data) as store:
        for finding in diagnose(
            settings,
            resources["buckets"],
            resources["gnupg"],
            resources["storage"],
            lambda: store,
        ):
            failed |= finding.state == "failed"
            console.print(f"{_MARKS[finding.state]:>8}  {finding.subject}: {finding.found}")
            if finding.remedy:
                console.print(f"          [dim]→ {finding.remedy}[/]")
    sys.exit(1 if failed else 0)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@_DATA
def status(as_json: bool, data: Path) -> None:
    """Show what has been loaded: files, packages, courses."""
    with _store(data) as store:
        try:
            now = status_of(store)
        except StoreError as error:
            raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(now, indent=2))
    else:
        print_status(now, Console())


@main.command()
def dictionary() -> None:
    """Print the data dictionary: every table's columns, types and meanings (Markdown)."""
    click.echo(dictionary_page(), nl=False)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", default=1, show_default=True)
@_LEARNERS
@_WEEKS
def sample(folder: Path, seed: int, learners: int, weeks: int) -> None:
    """Make a sample institution: keys, encrypted logs and packages, and the truth about them."""
    with _local():
        from edx_assets.local.sample import make_institution

    make_institution(folder, seed=seed, learners=learners, weeks=weeks, progress=click.echo)


@main.command()
@_DATA
@_LEARNERS
@_WEEKS
def demo(data: Path, learners: int, weeks: int) -> None:
    """Take a sample institution through every stage, through Dagster, on embedded servers."""
    with _local():
        from edx_assets.cli.demo import run_demo

    sys.exit(0 if run_demo(data, learners, weeks) else 1)


@main.command()
@_DATA
@click.option("--port", default=3000, show_default=True, help="Port of Dagster's UI.")
def dev(data: Path, port: int) -> None:
    """Run the embedded servers and `dagster dev` on what the demo built."""
    with _local():
        from edx_assets.cli.dev import run_dev

    sys.exit(run_dev(data, port))


@contextmanager
def _store(data: Path) -> Iterator[Store]:
    """The store that EDX_MONGO_URI names, or the embedded one for as long as it is needed."""
    uri = load_settings().mongo_uri
    if uri is not None:
        try:
            yield connect(uri.get_secret_value())
        except StoreError as error:
            raise click.ClickException(str(error)) from None
        return
    with _local():
        from edx_assets.local.embedded_store import embedded_store
    with embedded_store(data / "mongo") as embedded:
        yield connect(embedded)


@contextmanager
def _local() -> Iterator[None]:
    """Say what to install where the embedded servers are not."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"{error.name} is not installed: pip install 'edx-assets[local]', or set EDX_MONGO_URI"
        ) from None


if __name__ == "__main__":
    main()
