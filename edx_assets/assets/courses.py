"""Courses: each collection of a course's own database, from its newest package and the master."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from dagster import (
    AllPartitionMapping,
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    asset,
    multi_asset,
)
from pydantic import Field

from edx_assets.assets.column_schema import column_schema
from edx_assets.assets.packages import course_files
from edx_assets.assets.stages import (
    EXPECTED,
    OWNERS,
    RETRIES,
    Rebuild,
    plain_failures,
    shown,
    summary,
)
from edx_assets.edx.file_names import SITES
from edx_assets.edx.schema import tables
from edx_assets.loading.courses.collection import load_collection
from edx_assets.loading.courses.learners import JOINED, join_learners
from edx_assets.loading.courses.tracking import extract_course
from edx_assets.loading.courses.unknown_tables import load_unknown_tables
from edx_assets.loading.courses.weeks import events_by_week
from edx_assets.partitions import courses_partitions
from edx_assets.resources.courses_file import CoursesFile
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage

COLLECTIONS = {
    "course_structure": "Every block of the course, each with its place in it (`parent_data`).",
    "forum": "Threads and comments of the course's discussions.",
    "student_courseenrollment": "Who enrolled, when, in which mode, and is enrolled still.",
    "certificates_generatedcertificate": "Final grades and certificates.",
    "auth_user": "The course's learners: ids, usernames, e-mail addresses, log-ins.",
    "user_id_map": "Each learner's id, username and the anonymous id that surveys carry.",
    "auth_userprofile": "What the course's learners told of themselves.",
    "courseware_studentmodule": "Each learner's state and grade in each block.",
}
"""Collections of a course's database that most studies want, and what each holds."""

OTHERS = {
    "course_export": "Facts of the course by its export: policies, grading, about page.",
    **{
        table: f"The table {table} of the package."
        for table, columns in tables().items()
        if table not in COLLECTIONS and not next(iter(columns.values())).folder
    },
}
"""Whatever else the package holds of a course, but its open response assessments."""

ORA = {
    table: f"The table {table} of the package's open response assessments."
    for table, columns in tables().items()
    if next(iter(columns.values())).folder == "ora"
}

WHOLE_COURSE = AssetSelection.key_prefixes("course")
"""Every asset of a course."""

_COMMON: dict[str, Any] = {
    "partitions_def": courses_partitions,
    "backfill_policy": BackfillPolicy.multi_run(1),
    "retry_policy": RETRIES,
}
_CORE: dict[str, Any] = {
    **_COMMON,
    "key_prefix": "course",
    "group_name": "per_course",
    "owners": OWNERS,
    "kinds": {"mongodb"},
    "code_version": "2",
}
_FROM_PACKAGE = [AssetDep(course_files, partition_mapping=AllPartitionMapping())]


class PackageChoice(Rebuild):
    """Which package a course is loaded from."""

    package: str | None = Field(
        None,
        description="Delivery date (YYYY-MM-DD) of an older package to load, into a database of its"
        " own (its name ends with the date). Left out: the newest, into the course's database.",
    )


def course_assets(log_days: tuple[date, date]) -> list[AssetsDefinition]:
    """The assets of a course's database; `log_days` are the first and last day of tracking logs."""
    return [
        *(_collection(name, text) for name, text in COLLECTIONS.items()),
        _collections("course_tables", OTHERS),
        _collections("course_ora", ORA),
        unknown_tables,
        learners,
        _tracking(log_days),
    ]


def _collection(collection: str, description: str) -> AssetsDefinition:
    @asset(
        **_CORE,
        name=collection,
        description=description,
        metadata=column_schema(collection),
        deps=_FROM_PACKAGE,
    )
    def load(
        context: AssetExecutionContext,
        config: PackageChoice,
        storage: Storage,
        gnupg: Gnupg,
        mongo: Mongo,
    ) -> MaterializeResult[Any]:
        course = context.partition_key
        with plain_failures():
            store = mongo.store()
            told = load_collection(
                store, storage, gnupg, course, collection, config.package, anew=config.anew
            )
        return MaterializeResult(metadata=shown(told))

    return load


def _collections(group: str, collections: dict[str, str]) -> AssetsDefinition:
    """The assets of a group as one step: a step each would cost more than most tables do."""

    @multi_asset(
        **_COMMON,
        name=group,
        can_subset=True,
        specs=[
            AssetSpec(
                ["course", name],
                deps=_FROM_PACKAGE,
                description=description,
                group_name=f"per_{group}",
                owners=OWNERS,
                kinds={"mongodb"},
                code_version="2",
                metadata=column_schema(name),
                skippable=True,
            )
            for name, description in collections.items()
        ],
    )
    def load(
        context: AssetExecutionContext,
        config: PackageChoice,
        storage: Storage,
        gnupg: Gnupg,
        mongo: Mongo,
    ) -> Iterator[MaterializeResult[Any]]:
        course = context.partition_key
        with plain_failures():
            store = mongo.store()
        failures: list[Exception] = []
        for key in sorted(context.selected_asset_keys):
            name = key.path[-1]
            try:
                told = load_collection(
                    store,
                    storage,
                    gnupg,
                    course,
                    name,
                    config.package,
                    optional=True,
                    anew=config.anew,
                )
            except EXPECTED as error:
                failures.append(error)
            else:
                yield MaterializeResult(asset_key=key, metadata=shown(told))
        if failures:
            raise summary(failures, len(context.selected_asset_keys), "collections")

    return load


@asset(**_CORE, deps=_FROM_PACKAGE)
def unknown_tables(
    context: AssetExecutionContext,
    config: PackageChoice,
    storage: Storage,
    gnupg: Gnupg,
    mongo: Mongo,
) -> MaterializeResult[Any]:
    """Tables of the package that the schema does not know yet, loaded with inferred types."""
    course = context.partition_key
    with plain_failures():
        told = load_unknown_tables(
            mongo.store(), storage, gnupg, course, config.package, anew=config.anew
        )
    return MaterializeResult(metadata=shown(told))


@asset(**_CORE, deps=[AssetKey(["course", collection]) for collection in JOINED])
def learners(
    context: AssetExecutionContext, config: Rebuild, mongo: Mongo
) -> MaterializeResult[Any]:
    """A document a learner: user, profile, enrolment, certificate and anonymous id in one."""
    with plain_failures():
        told = join_learners(mongo.store(), context.partition_key, config.anew)
    return MaterializeResult(metadata=shown(told))


def _tracking(log_days: tuple[date, date]) -> AssetsDefinition:
    @asset(
        **_CORE,
        deps=[
            AssetKey(["course", "course_structure"]),
            *(
                AssetDep([site, "master_tracking"], partition_mapping=AllPartitionMapping())
                for site in SITES
            ),
        ],
    )
    def tracking(
        context: AssetExecutionContext, config: Rebuild, mongo: Mongo, courses_file: CoursesFile
    ) -> MaterializeResult[Any]:
        """The course's events from enrolment start to course end, each with its block's place."""
        with plain_failures():
            metadata = extract_course(
                mongo.store(),
                context.partition_key,
                courses_file.path(),
                datetime.now(UTC).date(),
                config.anew,
                log_days,
            )
            metadata["events_by_week"] = events_by_week(mongo.store(), context.partition_key)
        return MaterializeResult(metadata=shown(metadata))

    return tracking
