"""Which courses' datasets are due though nothing of the course has changed: by their definitions.

What else makes datasets due makes the tracking or the package due, see `courses`. No run is
requested here.
"""

from hashlib import blake2b
from typing import cast

from edx_assets.automation.due.loads import Loads, loads_of
from edx_assets.datasets.definition import Dataset
from edx_assets.edx.collections import TRACKING
from edx_assets.loading.entries import CourseLoad, TrackingLoad, TrackingState
from edx_assets.resources.store import Store


def datasets_due(
    store: Store, known: dict[str, Dataset], loads: Loads | None = None
) -> dict[str, str]:
    """Partitions of courses whose datasets other definitions have made, or that lack some.

    Each with a digest of the definitions: a course is asked for once with the same. Courses without
    tracking are left out: it has to be extracted first. `loads`: what the courses hold, where it
    has just been read.

    Raises:
        StoreError: the database failed.
    """
    made_by = {name: each.made_by for name, each in known.items()}
    definitions = blake2b(repr(sorted(made_by.items())).encode(), digest_size=16).hexdigest()
    return {
        course: definitions
        for course, held in sorted((loads_of(store) if loads is None else loads).items())
        if _is_extracted(held) and not _are_made(held, made_by)
    }


def _is_extracted(held: dict[str, CourseLoad]) -> bool:
    tracking = cast(TrackingLoad | None, held.get(TRACKING))
    return tracking is not None and tracking["state"] == TrackingState.LOADED


def _are_made(held: dict[str, CourseLoad], made_by: dict[str, str]) -> bool:
    return all(
        name in held and held[name]["source"][:1] == [digest] for name, digest in made_by.items()
    )
