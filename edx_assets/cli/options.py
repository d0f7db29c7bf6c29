"""The options that several commands share: courses, sites, days, forms of files, JSON."""

from datetime import date, datetime

import click

from edx_assets.edx.file_names import SITES
from edx_assets.exports.formats import Format

COURSES = click.argument("courses", metavar="COURSE...", nargs=-1, required=True)
DAY = click.DateTime(["%Y-%m-%d"])
SITE = click.option(
    "--site", "sites", type=click.Choice(SITES), multiple=True, help="Only this site; repeatable."
)
FROM = click.option(
    "--from", "first", type=DAY, help="First day (of packages: delivery date), as YYYY-MM-DD."
)
TO = click.option("--to", "last", type=DAY, help="Last day; it is one of them.")
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    default=Format.PARQUET.value,
    show_default=True,
    help="Form of the files.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def as_day(moment: datetime | None) -> date | None:
    """The day of an option."""
    return moment.date() if moment else None
