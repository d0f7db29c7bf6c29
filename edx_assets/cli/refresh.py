"""`edx-assets refresh` and `rebuild`: brings courses up to date by real runs of Dagster's."""

from pathlib import Path

import click
from dagster import AssetsDefinition, RunRequest

from edx_assets.assets.stages import courses_without_partition
from edx_assets.automation.runs import partitions_of, runs_in_flight, runs_of
from edx_assets.cli.database import DATA
from edx_assets.cli.launching import Outcome
from edx_assets.cli.options import COURSES, JSON
from edx_assets.cli.shell import Shell, finish, make, one_by_one, shell_for
from edx_assets.cli.wanted import Wanted, courses_wanted, whole_course
from edx_assets.datasets.own import known_datasets
from edx_assets.exports.tables import find_course
from edx_assets.jobs import rebuild as rebuild_form
from edx_assets.partitions import courses_partitions


@click.command()
@click.argument("courses", metavar="[COURSE]...", nargs=-1)
@JSON
@DATA
def refresh(courses: tuple[str, ...], as_json: bool, data: Path) -> None:
    """Bring courses up to date: what is due of them, by runs of Dagster's.

    A COURSE is a course key, with @edge for a course on edge, or the name of a database. Without
    one, every course that is due is brought up to date.
    """
    with shell_for("refresh", data, as_json) as shell:
        partitions = _partitions(shell, courses)
        courses_file = shell.resources["courses_file"].path()
        known = known_datasets(shell.settings.datasets)
        found = courses_wanted(shell.instance, shell.store, courses_file, shell.settings, known)
        requests = [r for r in found.requests if not courses or r.partition_key in partitions]
        busy = [course for course in found.in_flight if not courses or course in partitions]
        finish(
            shell,
            _make_courses(shell, requests),
            Wanted(requests, busy),
            ", ".join(partitions) or "every course",
        )


@click.command()
@COURSES
@JSON
@DATA
def rebuild(courses: tuple[str, ...], as_json: bool, data: Path) -> None:
    """Make everything of courses again from nothing, whether it has changed or not.

    A COURSE is a course key, with @edge for a course on edge, or the name of a database.
    """
    with shell_for("rebuild", data, as_json) as shell:
        from edx_assets.definitions import defs

        assets = [each for each in defs.assets or [] if isinstance(each, AssetsDefinition)]
        form = rebuild_form(assets).to_config_dict()  # type: ignore[no-untyped-call]
        partitions = _partitions(shell, courses)
        busy = partitions_of(runs_of(runs_in_flight(shell.instance), "course"))
        requests = [
            RunRequest(partition_key=each, asset_selection=whole_course(), run_config=form)
            for each in partitions
            if each not in busy
        ]
        left = [each for each in partitions if each in busy]
        finish(shell, _make_courses(shell, requests), Wanted(requests, left), "every course")


def _partitions(shell: Shell, courses: tuple[str, ...]) -> list[str]:
    found = [find_course(shell.store, course)["_id"] for course in courses]
    new = courses_without_partition(shell.instance, shell.store)
    shell.instance.add_dynamic_partitions(str(courses_partitions.name), new)
    return list(dict.fromkeys(found))


def _make_courses(shell: Shell, requests: list[RunRequest]) -> list[Outcome]:
    return make(shell, one_by_one(shell, requests, "course"), requests)
