"""The options that several commands share: sites, days, JSON."""

from datetime import date, datetime

import click

from edx_assets.edx.file_names import SITES

_DAY = click.DateTime(["%Y-%m-%d"])
SITE = click.option(
    "--site", "sites", type=click.Choice(SITES), multiple=True, help="Only this site; repeatable."
)
FROM = click.option(
    "--from", "first", type=_DAY, help="First day (of packages: delivery date), as YYYY-MM-DD."
)
TO = click.option("--to", "last", type=_DAY, help="Last day; it is one of them.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def as_day(moment: datetime | None) -> date | None:
    """The day of an option."""
    return moment.date() if moment else None
