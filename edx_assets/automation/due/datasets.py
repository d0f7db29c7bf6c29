"""Which courses' datasets are due though nothing of the course has changed: by their definitions.

What else makes datasets due makes the tracking or the package due, see `courses`. No run is
requested here.
"""

from hashlib import blake2b

from edx_assets.datasets.definition import Dataset
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.entries import TrackingState
from edx_assets.loading.ledger import COURSE_LOADS
from edx_assets.resources.store import Store


def datasets_due(store: Store, known: dict[str, Dataset]) -> dict[str, str]:
    """Partitions of courses whose datasets other definitions have made, or that lack some.

    Each with a digest of the definitions: a course is asked for once with the same. Courses without
    tracking are left out: it has to be extracted first.

    Raises:
        StoreError: the database failed.
    """
    wanted = {name: each.made_by for name, each in known.items()}
    made: dict[str, dict[str, str]] = {}
    these = {"collection": {"$in": [TRACKING, *wanted]}}
    for load in store.find(
        COURSE_LOADS, these, fields=["partition", "collection", "source", "state"]
    ):
        if load["collection"] != TRACKING:
            by = load["source"][0] if load["source"] else ""
            made.setdefault(load["partition"], {})[load["collection"]] = by
        elif load["state"] == TrackingState.LOADED:
            made.setdefault(load["partition"], {})[TRACKING] = TRACKING
    definitions = blake2b(repr(sorted(wanted.items())).encode(), digest_size=16).hexdigest()
    extracted = {course: held for course, held in made.items() if held.pop(TRACKING, None)}
    return {course: definitions for course, held in sorted(extracted.items()) if held != wanted}
