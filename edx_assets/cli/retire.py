"""`edx-assets retire`: learners whose data have to go. The work is in `exports.retiring`."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from edx_assets.cli.database import DATA, database, storage_of
from edx_assets.cli.instance import servers_of, settings_and_resources
from edx_assets.cli.options import JSON
from edx_assets.datasets.own import known_datasets
from edx_assets.loading.retired.retirement import Retirement, look


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Remove the data. Without it, they are only counted.")
@JSON
@DATA
def retire(file: Path, yes: bool, as_json: bool, data: Path) -> None:
    """Remove retired learners from everything, by the list that edX sends (CSV).

    Without --yes it only tells what there is of them. They stay away: every later load asks the
    list. See docs/privacy.md for what is searched, and what you have to remove yourself.
    """
    from edx_assets.exports.retiring import Remaking, read_list, retire_everywhere

    number, learners = read_list(file)
    console = Console(stderr=True, soft_wrap=True)
    with servers_of(data), database(data) as store, console.status("") as status:
        if yes:
            settings, resources = settings_and_resources()
            remaking = Remaking(
                resources["courses_file"].path(),
                settings.log_days,
                known_datasets(settings.datasets),
                resources["geoip"],
            )
            done = retire_everywhere(
                store, storage_of(data), file.name, learners, remaking, status.update
            )
        else:
            done = look(store, learners, status.update)
    if as_json:
        told = {"learners": number, "retired": yes, "receipt": done.receipt, "found": done.found}
        click.echo(json.dumps(told, indent=2))
    else:
        _print(number, done, yes)


def _print(number: int, done: Retirement, yes: bool) -> None:
    learners = f"{number} learner{'' if number == 1 else 's'}"
    if done.found:
        table = Table()
        table.add_column("collection", overflow="fold")
        for heading in ("removed" if yes else "would go", "changed", "quarantined"):
            table.add_column(heading, justify="right")
        for name, counts in sorted(done.found.items()):
            table.add_row(name, *(f"{counts.get(each, 0):,}" for each in ("go", "change", "lines")))
        Console(soft_wrap=True).print(table)
    else:
        click.echo(f"Nothing of the {learners} is loaded.")
    if yes:
        click.echo(f"{learners} retired, and nothing of them was found again.")
        click.echo(f"The receipt is {done.receipt} in tracking_logs.retirements.")
    else:
        click.echo(f"Nothing was changed. To retire the {learners}, add --yes.")
