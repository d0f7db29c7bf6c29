"""Which courses are due for a newer package, by the ledger. No run is requested here."""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from typing import cast

from edx_assets.automation.due.collector import collector_off
from edx_assets.automation.due.loads import Loads, loads_of
from edx_assets.edx.collections import OPT_IN, from_package
from edx_assets.loading.courses.package import package_source, reader_version
from edx_assets.loading.entries import PackageCourse
from edx_assets.loading.ledger import PACKAGE_COURSES, package_course_id
from edx_assets.loading.packages.newest import newest_packages
from edx_assets.resources.store import Store


@collector_off()
def packages_due(store: Store, loads: Loads | None = None) -> dict[str, str]:
    """Partitions of courses whose collections were not loaded from their newest package.

    Each has a token for the package's state: its date, and a hash of its ETags and of the version
    that loads it. Only the ledger is read, in a few queries. A course stays
    due while one of its files cannot be loaded.

    Raises:
        StoreError: the database failed.
    """
    loads = loads_of(store) if loads is None else loads
    version = cache(reader_version)
    due = {}
    for package in _newest(store):
        held = {
            name: load["source"]
            for name, load in loads.get(package["partition"], {}).items()
            if "package" in load  # what is made here has none
        }
        names = _collections_of(package)
        sources = {name: package_source(package, name, version) for name in names | held.keys()}
        if sources != held:
            of_package = sorted((name, sources[name]) for name in names)
            token = blake2b(repr(of_package).encode(), digest_size=6).hexdigest()
            due[package["partition"]] = f"{package['date']}-{token}"
    return dict(sorted(due.items()))


def _newest(store: Store) -> Iterator[PackageCourse]:
    """Each course in its newest package, in one query: there is a list for every week."""
    newest = sorted(newest_packages(store).items())
    these = {"_id": {"$in": [package_course_id(day, partition) for partition, day in newest]}}
    fields = ["partition", "date", "source", "tables", "opt_in"]
    return cast(Iterator[PackageCourse], store.find(PACKAGE_COURSES, these, fields=fields))


def _collections_of(package: PackageCourse) -> set[str]:
    names = {member["table"] for member in package["tables"]} | (
        {OPT_IN} if package["opt_in"] else set()
    )
    return {name for name in names if from_package(name)}
