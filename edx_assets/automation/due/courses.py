"""Which courses are due for a newer package, by the ledger. No run is requested here."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import cast

from edx_assets.automation.due.loads import Loads, loads_of
from edx_assets.edx.collections import OPT_IN, from_package
from edx_assets.edx.courses import course_partition
from edx_assets.loading.courses.package import package_source
from edx_assets.loading.entries import PackageCourse, PackageEntry
from edx_assets.loading.ledger import PACKAGE_COURSES, PACKAGES, package_course_id
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.store import Store


def packages_due(store: Store, loads: Loads | None = None) -> dict[str, str]:
    """Partitions of courses whose collections were not loaded from their newest package.

    Each has a token for the package's state: its date, and a hash of its ETags and of the version
    that loads it. Only the ledger is read, in four queries, of which `loads` is one. A course stays
    due while one of its files cannot be loaded.

    Raises:
        StoreError: the database failed.
    """
    loads = loads_of(store) if loads is None else loads
    due = {}
    for package in _newest_packages(store):
        held = {
            name: load["source"]
            for name, load in loads.get(package["partition"], {}).items()
            if "package" in load  # what is made here has none
        }
        of_package = {name: package_source(package, name) for name in _collections_of(package)}
        sources = of_package | {name: package_source(package, name) for name in held}
        if sources != held:
            token = blake2b(repr(sorted(of_package.items())).encode(), digest_size=6).hexdigest()
            due[package["partition"]] = f"{package['date']}-{token}"
    return dict(sorted(due.items()))


def _newest_packages(store: Store) -> Iterator[PackageCourse]:
    """Each course in its newest package.

    No older package is read than the registered courses need, and of none the members: there is a
    list for every course and week.
    """
    registered = {course["_id"] for course in registered_courses(store)}
    newest: dict[str, str] = {}
    found = store.find(PACKAGES, {}, sort=[("_id", -1)], fields=["date", "courses"])
    for package in cast(Iterator[PackageEntry], found):
        for course in package["courses"]:
            newest.setdefault(
                course_partition(course["course_key"], course["site"]), package["date"]
            )
        if newest.keys() >= registered:
            break
    these = {
        "_id": {
            "$in": [package_course_id(day, partition) for partition, day in sorted(newest.items())]
        }
    }
    fields = ["partition", "date", "source", "tables", "opt_in"]
    return cast(Iterator[PackageCourse], store.find(PACKAGE_COURSES, these, fields=fields))


def _collections_of(package: PackageCourse) -> set[str]:
    names = {member["table"] for member in package["tables"]} | (
        {OPT_IN} if package["opt_in"] else set()
    )
    return {name for name in names if from_package(name)}
