"""Courses: each collection of a course's own database, from its newest package and the master."""

from typing import Any

from dagster import (
    AllPartitionMapping,
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    asset,
)

from edx_assets.assets.packages import course_files
from edx_assets.assets.stages import OWNERS, plain_failures, shown
from edx_assets.edx.file_names import SITES
from edx_assets.loading.collection import load_collection
from edx_assets.loading.tracking import extract_course
from edx_assets.partitions import courses_partitions
from edx_assets.resources.courses_file import CoursesFile
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
"""Collections of a course's database that come out of a package, and what each holds."""

_COMMON: dict[str, Any] = {
    "key_prefix": "course",
    "group_name": "courses",
    "owners": OWNERS,
    "kinds": {"mongodb"},
    "code_version": "1",
    "partitions_def": courses_partitions,
    "backfill_policy": BackfillPolicy.multi_run(1),
}


def course_assets() -> list[AssetsDefinition]:
    """The assets of a course's database."""
    return [*(_from_package(name, text) for name, text in COLLECTIONS.items()), tracking]


def _from_package(collection: str, description: str) -> AssetsDefinition:
    @asset(
        **_COMMON,
        name=collection,
        description=description,
        deps=[AssetDep(course_files, partition_mapping=AllPartitionMapping())],
    )
    def load(
        context: AssetExecutionContext, storage: Storage, mongo: Mongo
    ) -> MaterializeResult[Any]:
        with plain_failures():
            metadata = load_collection(mongo.store(), storage, context.partition_key, collection)
        return MaterializeResult(metadata=shown(metadata))

    return load


@asset(
    **_COMMON,
    deps=[
        AssetKey(["course", "course_structure"]),
        *(
            AssetDep([site, "master_tracking"], partition_mapping=AllPartitionMapping())
            for site in SITES
        ),
    ],
)
def tracking(
    context: AssetExecutionContext, mongo: Mongo, courses_file: CoursesFile
) -> MaterializeResult[Any]:
    """The course's events from enrolment start to course end, each with its block's place."""
    with plain_failures():
        metadata = extract_course(mongo.store(), context.partition_key, courses_file.path())
    return MaterializeResult(metadata=shown(metadata))
