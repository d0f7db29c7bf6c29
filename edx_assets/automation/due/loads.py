"""What the courses' databases hold, by the ledger: read once for all that is asked of it."""

from collections.abc import Iterator, Sequence
from typing import cast

from edx_assets.automation.due.collector import collector_off
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import COURSE_LOADS, load_id, load_names
from edx_assets.resources.store import Document, Store

Loads = dict[str, dict[str, CourseLoad]]
"""By partition and collection, the ledger's entry, with the fields that tell what is due."""

_OF_EACH = ("source", "package")
_OF_TRACKING = ("source", "state", "sealed", "structure_window", "held_back")


@collector_off()
def loads_of(store: Store) -> Loads:
    """The loads of every course.

    There are some eighty for each: of all but the tracking, no more is read than is needed.

    Raises:
        StoreError: the database failed.
    """
    loads: Loads = {}
    for load in _found(store, {}, _OF_EACH):
        partition, collection = load_names(load)
        held = loads.setdefault(partition, {})
        if collection != TRACKING:
            held[collection] = load
    of_tracking = {"_id": {"$in": [load_id(partition, TRACKING) for partition in loads]}}
    for load in _found(store, of_tracking, _OF_TRACKING):
        partition, _tracking = load_names(load)
        loads[partition][TRACKING] = load
    return loads


def _found(store: Store, query: Document, fields: Sequence[str]) -> Iterator[CourseLoad]:
    return cast(Iterator[CourseLoad], store.find(COURSE_LOADS, query, fields=fields))
