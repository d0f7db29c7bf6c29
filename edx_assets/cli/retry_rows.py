"""Rows of courses tried again: their collections are loaded again, each in a run of Dagster's.

A row cannot be read by itself: what its fields are, the file's header says. So a run loads the
whole collection again from the newest package, and what is made from it.
"""

from itertools import groupby
from typing import Any

import click
from dagster import AssetKey, AssetsDefinition, AssetSelection, DagsterInstance, Failure

from edx_assets.cli.instance import dagster_home
from edx_assets.cli.runs import materialize
from edx_assets.edx.collections import COURSE_STRUCTURE, LEARNERS, TRACKING, catalogue
from edx_assets.loading.courses.learners import JOINED
from edx_assets.loading.quarantine import held
from edx_assets.loading.quarantines import Held
from edx_assets.partitions import courses_partitions
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings


def retry_rows(store: Store, rows: list[Held], dry_run: bool) -> bool:
    """Load the rows' collections again, and say what was loaded; whether every run succeeded.

    Raises:
        NoInstanceError: DAGSTER_HOME does not name a folder.
    """
    good = True
    for course, of_course in groupby(rows, key=lambda each: each.course):
        found = list(of_course)
        names = sorted({each.collection.name for each in found})
        before = sum(each.lines for each in found)
        where = f"{course} ({', '.join(names)})"
        if dry_run:
            click.echo(f"{where}: {before:,} rows; a run of Dagster's would load the files again")
            continue
        try:
            _run(str(course), names)
        except Failure as failure:
            click.echo(f"{where}: the run failed: {failure.description}", err=True)
            good = False
        files = {(each.collection, each.file) for each in found}
        after = sum(held(store, collection, file) for collection, file in files)
        click.echo(
            f"{where}: loaded again by a run of Dagster's; {after:,} of {before:,} rows stay"
        )
    return good


def _run(course: str, names: list[str]) -> None:
    """Load collections of a course again, with what is made from them."""
    dagster_home()
    from edx_assets.definitions import build_defs

    wanted = {name if name in catalogue() else "unknown_tables" for name in names}
    if wanted & JOINED.keys():
        wanted.add(LEARNERS)
    if COURSE_STRUCTURE in wanted:
        wanted.add(TRACKING)
    keys = {AssetKey(["course", name]) for name in wanted}
    definitions = build_defs(load_settings())
    forms: dict[str, Any] = {
        each.op.name: {"rebuild": True}
        for each in definitions.assets or []
        if isinstance(each, AssetsDefinition) and keys & each.keys
    }
    with DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(str(courses_partitions.name), [course])
        materialize(definitions, instance, AssetSelection.assets(*keys), course, forms)
