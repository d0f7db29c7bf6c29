"""The form of the ledger: what an earlier version wrote is brought up to date by itself.

What changes with how a file is read does not belong here: a new version of a reader is part of what
a collection was made from, so that it is due again.
"""

from edx_assets.edx.collections import TRACKING
from edx_assets.errors import FinalError
from edx_assets.loading.ledger import COURSE_LOADS, MASTER, PACKAGE_COURSES, PACKAGES
from edx_assets.resources.lock import locked
from edx_assets.resources.store import Collection, Store

FORM = 1
"""The form of the ledger that this version writes."""

VERSIONS = Collection(MASTER, "versions")
_LEDGER = "ledger"


class NewerLedgerError(FinalError):
    """A newer version of edx_assets has written the ledger."""


def upgrade(store: Store) -> None:
    """See that the ledger has the form of this version. Cut off, it is done by the next one.

    Raises:
        NewerLedgerError: a newer version has written it.
        StoreError: the database failed.
    """
    if _form(store) == FORM:
        return
    with locked(store, MASTER, VERSIONS.name):
        if _form(store) == 0:
            _from_first(store)
            store.put(VERSIONS, {"_id": _LEDGER, "form": FORM})


def _form(store: Store) -> int:
    """The form that is noted; 0 where none is, as in a new ledger and one of the first version."""
    noted = store.get(VERSIONS, _LEDGER)
    form = int(noted["form"]) if noted else 0
    if form > FORM:
        raise NewerLedgerError(
            "a newer version of edx_assets has written the ledger (tracking_logs): install that"
            " version, or restore the backup from before its upgrade"
        )
    return form


def _from_first(store: Store) -> None:
    """Forget what the first version noted otherwise, so that it is due: no data is touched.

    Of a package it did not note what it was sorted by, nor where in the zip a file is; of a
    course's tracking, whether an extraction had come to its end.
    """
    every = {"$gte": ""}  # of the index that there is in any case
    for package in list(store.find(PACKAGES, {"_id": every, "source": {"$exists": False}})):
        store.put(PACKAGES, package | {"source": [], "refused": []})
    store.delete(PACKAGE_COURSES, {"_id": every, "source": {"$exists": False}})
    of_tracking = {"_id": every, "collection": TRACKING, "state": {"$exists": False}}
    store.delete(COURSE_LOADS, of_tracking)
