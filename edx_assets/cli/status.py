"""What has been loaded, from the ledger: for `edx-assets status`, the demo and tests."""

from datetime import datetime
from typing import Any

from edx_assets.loading.ledger import COURSE_LOADS, PACKAGES, day_entries
from edx_assets.loading.registry import RegisteredCourse, registered_courses
from edx_assets.resources.store import Store

Status = dict[str, Any]

_COUNTS = ("lines", "loaded", "duplicates", "rejected", "retired")
_FILE = ("site", "date", "file", "state", *_COUNTS)
_PACKAGE = (
    "date",
    "file",
    "state",
    "members",
    "courses",
    "failed_exports",
    "not_of_a_course",
    "refused",
    "refused_members",
)
_LOAD = ("partition", "collection", "documents", "window")


def status(store: Store) -> Status:
    """Files, packages and courses as plain values for JSON.

    A file's `state` is `loaded`, `loading` (a load is running or was killed), or `no_file` for a
    day without one. A course's `window` is null until its tracking has been extracted.
    """
    loads: dict[str, dict[str, Any]] = {}
    for load in store.find(COURSE_LOADS, {}, fields=_LOAD):
        loads.setdefault(load["partition"], {})[load["collection"]] = load
    return {
        "files": [
            {name: entry.get(name, 0 if name in _COUNTS else None) for name in _FILE}
            for entry in day_entries(store, fields=_FILE)
        ],
        "packages": [
            {name: entry.get(name) for name in _PACKAGE}
            for entry in store.find(PACKAGES, {}, sort=[("_id", 1)], fields=_PACKAGE)
        ],
        "courses": [
            _course(entry, loads.get(entry["_id"], {})) for entry in registered_courses(store)
        ],
    }


def _course(entry: RegisteredCourse, loads: dict[str, Any]) -> dict[str, Any]:
    tracking = loads.get("tracking")
    window = tracking["window"] if tracking else None
    return {
        "course_key": entry["course_key"],
        "site": entry["site"],
        "database": entry["database"],
        "window": {side: _iso(moment) for side, moment in window.items()} if window else None,
        "collections": {name: load["documents"] for name, load in sorted(loads.items())},
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
