"""`edx-assets load`: tracking logs and packages, loaded by real runs of Dagster's.

What there is to do is decided in `wanted`; the runs are executed in `launching`.
"""

from datetime import date, datetime
from pathlib import Path

import click
from dagster import RunRequest

from edx_assets.automation.requests import days_asked
from edx_assets.cli.database import DATA
from edx_assets.cli.from_folder import load_folder, load_folder_packages
from edx_assets.cli.options import FROM, JSON, SITE, TO, as_day
from edx_assets.cli.shell import Shell, finish, make, one_by_one, shell_for
from edx_assets.cli.wanted import (
    Wanted,
    days_wanted,
    listed,
    log_span,
    package_span,
    packages_wanted,
)
from edx_assets.edx.file_names import SITES
from edx_assets.partitions import packages_partitions


@click.command()
@SITE
@FROM
@TO
@click.option("--packages", is_flag=True, help="Database packages, in place of tracking logs.")
@click.option(
    "--from-folder",
    "folder",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="Load files that are in this folder, or in folders in it, and that S3 does not have.",
)
@click.option("--rebuild", is_flag=True, help="Load them again, even if nothing has changed.")
@JSON
@DATA
def load(
    sites: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
    packages: bool,
    folder: Path | None,
    rebuild: bool,
    as_json: bool,
    data: Path,
) -> None:
    """Load tracking logs, or database packages, that S3 has and that are not loaded.

    Runs of Dagster's do it, in your instance (DAGSTER_HOME); neither its webserver nor its daemon
    has to run. Ctrl-C stops the run, and what it has done stays. Without days, everything is loaded
    that is due; of packages, those of the five weeks before the newest.
    """
    if packages and sites:
        raise click.UsageError("a package is of both sites: leave out --site, or --packages")
    days = (as_day(first), as_day(last))
    with shell_for("load", data, as_json) as shell:
        if folder and packages:
            load_folder_packages(shell, folder, days, rebuild)
        elif folder:
            load_folder(shell, folder, sites or SITES, days, rebuild)
        elif packages:
            _load_packages(shell, days, rebuild)
        else:
            _load_days(shell, sites or SITES, days, rebuild)


def _load_days(
    shell: Shell, sites: tuple[str, ...], days: tuple[date | None, date | None], again: bool
) -> None:
    span = log_span(shell.settings, *days)
    files = {site: listed(shell.resources["buckets"], site, span) for site in sites}
    tried: dict[str, set[date]] = {site: set() for site in sites}

    def wanted(site: str) -> Wanted:
        now = (files[site], span, shell.settings, tried[site], again)
        return days_wanted(shell.instance, shell.store, site, *now)

    def following() -> RunRequest | None:
        """Looked up before each run: a sensor may have asked for some days meanwhile."""
        for site in sites:
            for request in wanted(site).requests:
                tried[site].update(days_asked(request))
                return _again(request, f"{site}_tracking_logs") if again else request
        return None

    requests = [request for site in sites for request in wanted(site).requests]
    outcomes = make(shell, following, requests)
    busy = [f"{site} {day}" for site in sites for day in wanted(site).in_flight]
    if any(outcome.events for outcome in outcomes):
        shell.console.print(
            "Courses follow by their sensor, if it is on, or by `edx-assets refresh`."
        )
    what = f"every tracking log on S3 from {span.first} to {span.last}"
    finish(shell, outcomes, Wanted(requests, busy), what)


def _load_packages(shell: Shell, days: tuple[date | None, date | None], again: bool) -> None:
    buckets, span = shell.resources["buckets"], package_span(*days)
    found = packages_wanted(shell.instance, buckets, shell.store, span, again)
    asked = [str(request.partition_key) for request in found.requests]
    shell.instance.add_dynamic_partitions(str(packages_partitions.name), asked)
    requests = found.requests
    if again:
        requests = [_again(each, "database_package", "course_files") for each in requests]
    outcomes = make(shell, one_by_one(shell, requests, "packages"), requests)
    finish(shell, outcomes, found, "every package that is due")


def _again(request: RunRequest, *ops: str) -> RunRequest:
    form = {"ops": {op: {"config": {"rebuild": True}} for op in ops}}
    return request.with_replaced_attrs(run_config=form)
