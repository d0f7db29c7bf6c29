"""The assets of courses: each collection of a course's own database.

What a stage does belongs in `loading.courses`; which collections there are, in `edx.collections`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypedDict

from dagster import (
    AllPartitionMapping,
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    AssetSpec,
    BackfillPolicy,
    DynamicPartitionsDefinition,
    MaterializeResult,
    asset,
    multi_asset,
)
from pydantic import Field

from edx_assets.assets.column_schema import column_schema
from edx_assets.assets.how_to_query import tracking_metadata
from edx_assets.assets.packages import course_files
from edx_assets.assets.stages import (
    OWNERS,
    Rebuild,
    plain_failures,
    retried,
    show_failure,
    shown,
    summary,
)
from edx_assets.edx.collections import (
    CORE,
    LEARNERS,
    ORA,
    TABLES,
    TRACKING,
    CourseCollection,
    Origin,
    catalogue,
)
from edx_assets.edx.file_names import SITES
from edx_assets.errors import foreseen
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

WHOLE_COURSE = AssetSelection.key_prefixes("course")
"""Every asset of a course."""


class _Common(TypedDict):
    partitions_def: DynamicPartitionsDefinition
    backfill_policy: BackfillPolicy


class _Core(_Common):
    key_prefix: str
    group_name: str
    owners: Sequence[str]
    kinds: set[str]
    code_version: str


_COMMON: _Common = {
    "partitions_def": courses_partitions,
    "backfill_policy": BackfillPolicy.multi_run(1),
}
_CORE: _Core = {
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
        description="Delivery date (YYYY-MM-DD) of an older package, to load it into a database of"
        " its own (its name ends with the date). Omit it to load the newest package into the"
        " course's database.",
    )


def course_assets(log_days: tuple[date, date]) -> list[AssetsDefinition]:
    """The assets of a course's database; `log_days`: the first and last day of tracking logs."""
    return [
        *(_collection(each) for each in _delivered(CORE)),
        _collections("course_tables", _delivered(TABLES)),
        _collections("course_ora", _delivered(ORA)),
        unknown_tables,
        learners,
        _tracking(log_days),
    ]


def _delivered(group: str) -> list[CourseCollection]:
    """The collections of a group that are loaded from a package."""
    return [
        each
        for each in catalogue().values()
        if each.group == group and each.origin != Origin.MADE_HERE
    ]


def _collection(collection: CourseCollection) -> AssetsDefinition:
    @asset(
        **_CORE,
        name=collection.name,
        description=collection.description,
        metadata=column_schema(collection.name),
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
        with plain_failures(context):
            store = mongo.store()
            metadata = load_collection(
                store,
                storage,
                gnupg,
                course,
                collection.name,
                config.package,
                rebuild=config.forced,
            )
        return MaterializeResult(metadata=shown(metadata))

    return load


def _collections(group: str, collections: list[CourseCollection]) -> AssetsDefinition:
    """The assets of a group as one step: separate steps would cost more than most tables do."""

    @multi_asset(
        **_COMMON,
        name=group,
        can_subset=True,
        specs=[
            AssetSpec(
                ["course", each.name],
                deps=_FROM_PACKAGE,
                description=each.description,
                group_name=f"per_{group}",
                owners=OWNERS,
                kinds={"mongodb"},
                code_version="2",
                metadata=column_schema(each.name),
                skippable=True,
            )
            for each in collections
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
        with plain_failures(context):
            store = mongo.store()
        failures: list[Exception] = []
        for key in sorted(context.selected_asset_keys):
            name = key.path[-1]
            try:
                metadata = load_collection(
                    store,
                    storage,
                    gnupg,
                    course,
                    name,
                    config.package,
                    optional=True,
                    rebuild=config.forced,
                )
            except Exception as error:  # also what nobody foresaw harms this collection alone
                failures.append(foreseen(error))
                show_failure(context, [key], course, str(failures[-1]))
            else:
                yield MaterializeResult(asset_key=key, metadata=shown(metadata))
        if failures:
            failure = summary(failures, len(context.selected_asset_keys), "collections")
            raise retried(context, failure)

    return load


@asset(**_CORE, deps=_FROM_PACKAGE)
def unknown_tables(
    context: AssetExecutionContext,
    config: PackageChoice,
    storage: Storage,
    gnupg: Gnupg,
    mongo: Mongo,
) -> MaterializeResult[Any]:
    """Tables of the package that are not in the schema yet, loaded with inferred types."""
    course = context.partition_key
    with plain_failures(context):
        metadata = load_unknown_tables(
            mongo.store(), storage, gnupg, course, config.package, config.forced
        )
    return MaterializeResult(metadata=shown(metadata))


@asset(
    **_CORE,
    description=catalogue()[LEARNERS].description,
    deps=[AssetKey(["course", collection]) for collection in JOINED],
)
def learners(
    context: AssetExecutionContext, config: Rebuild, mongo: Mongo
) -> MaterializeResult[Any]:
    with plain_failures(context):
        metadata = join_learners(mongo.store(), context.partition_key, config.forced)
    return MaterializeResult(metadata=shown(metadata))


def _tracking(log_days: tuple[date, date]) -> AssetsDefinition:
    @asset(
        **_CORE,
        description=catalogue()[TRACKING].description,
        metadata=tracking_metadata(),
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
        with plain_failures(context):
            metadata = extract_course(
                mongo.store(),
                context.partition_key,
                courses_file.path(),
                datetime.now(UTC).date(),
                config.forced,
                log_days,
            )
            metadata["events_by_week"] = events_by_week(mongo.store(), context.partition_key)
        return MaterializeResult(metadata=shown(metadata))

    return tracking
