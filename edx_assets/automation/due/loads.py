"""What the courses' databases hold, by the ledger: read once for all that is asked of it."""

from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import COURSE_LOADS
from edx_assets.resources.store import Store

Loads = dict[str, dict[str, CourseLoad]]
"""By partition and collection, the ledger's entry, with the fields that tell what is due."""

_FIELDS = (
    "partition",
    "collection",
    "source",
    "package",
    "state",
    "sealed",
    "structure_window",
    "held_back",
)


def loads_of(store: Store) -> Loads:
    """The loads of every course.

    Raises:
        StoreError: the database failed.
    """
    loads: Loads = {}
    for load in store.find(COURSE_LOADS, {}, fields=_FIELDS):
        loads.setdefault(load["partition"], {})[load["collection"]] = load  # type: ignore[assignment]
    return loads
