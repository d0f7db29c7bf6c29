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
    made_by = {name: each.made_by for name, each in known.items()}
    current = [{"collection": name, "source.0": told} for name, told in made_by.items()]
    made = dict(store.tally(COURSE_LOADS, "partition", {"$or": current}))
    these = {"collection": TRACKING, "state": TrackingState.LOADED}
    extracted = store.find(COURSE_LOADS, these, fields=["partition"])
    definitions = blake2b(repr(sorted(made_by.items())).encode(), digest_size=16).hexdigest()
    courses = sorted(load["partition"] for load in extracted)
    return {course: definitions for course in courses if made.get(course, 0) < len(known)}
