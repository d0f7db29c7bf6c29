"""Checks that no credentials of other services are in a course's database from an earlier load.

What is loaded now has none: `edx.secrets` has their fields.
"""

import warnings
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    PreviewWarning,
    asset_check,
)

from edx_assets.assets.remedies import with_remedy
from edx_assets.assets.stages import plain_failures
from edx_assets.edx.collections import COURSE_EXPORT, COURSE_STRUCTURE, TRACKING
from edx_assets.edx.secrets import SECRET_FIELDS
from edx_assets.loading.registry import registered_course
from edx_assets.partitions import courses_partitions
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.store import Collection, Store

PLACES = {
    COURSE_STRUCTURE: ("metadata",),
    COURSE_EXPORT: ("course", "policy"),
    TRACKING: ("metadata", "event", "event.POST"),
}
"""Where documents of a collection have had them."""

_REMEDY = {
    COURSE_EXPORT: "course/course_export with `rebuild` on",
    COURSE_STRUCTURE: "course/course_structure with `rebuild` on, then course/tracking likewise",
    TRACKING: "course/course_structure, then course/tracking, both with `rebuild` on; if some stay,"
    " master_tracking of the days in their `load_file` before",
}

_NAME = "no_credentials"


def no_credentials(store: Store, partition: str, collection: str) -> AssetCheckResult:
    """Whether no document of a course's collection has a field of credentials."""
    here = Collection(registered_course(store, partition)["database"], collection)
    fields = [f"{place}.{name}" for place in PLACES[collection] for name in SECRET_FIELDS]
    query: dict[str, Any] = {"$or": [{field: {"$exists": True}} for field in fields]}
    found = store.count(here, query)
    return AssetCheckResult(
        passed=not found,
        severity=AssetCheckSeverity.ERROR,
        description=f"{found} documents of {here.database}.{collection} have credentials"
        + (f": materialize {_REMEDY[collection]}" if found else ""),
        metadata={"documents": found},
    )


def credentials_checks() -> list[AssetChecksDefinition]:
    """The check of each collection that could have some."""
    return [_check(collection) for collection in PLACES]


def _check(collection: str) -> AssetChecksDefinition:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)  # partitions of checks: Dagster 1.13

        @asset_check(
            asset=AssetKey(["course", collection]),
            name=_NAME,
            description=with_remedy(
                _NAME,
                "No document has credentials of other services, such as the course's"
                " lti_passports. Loads of earlier versions kept them. A failure counts the"
                f" documents. Materialize {_REMEDY[collection]}. Whoever has a copy of the"
                " database has them too: tell the course's team to change them.",
            ),
            partitions_def=courses_partitions,
        )
        def evaluate(context: AssetCheckExecutionContext, mongo: Mongo) -> AssetCheckResult:
            course = context.op_execution_context.partition_key
            with plain_failures():
                return no_credentials(mongo.store(), course, collection)

    return evaluate
