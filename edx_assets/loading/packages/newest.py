"""The newest package of each course, by the ledger. What a package has of it is not read here."""

from typing import cast

from edx_assets.edx.courses import course_partition
from edx_assets.loading.entries import PackageEntry
from edx_assets.loading.ledger import PACKAGE_COURSES, PACKAGES
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.store import Store

_RECENT = 4
"""Packages whose lists of courses are read, newest first, before single courses are looked for."""


def newest_packages(store: Store) -> dict[str, str]:
    """The delivery date of each course's newest sorted package, by partition key.

    Most courses are in the newest package. Those that are in none of the last few are looked for by
    themselves: a site has courses that no package has, and a course a list for every week.

    Raises:
        StoreError: the database failed.
    """
    days = [found["_id"] for found in store.find(PACKAGES, {}, sort=[("_id", -1)], fields=[])]
    missing = {course["_id"] for course in registered_courses(store)}
    newest: dict[str, str] = {}
    for day in days[:_RECENT]:
        if not missing:
            return newest
        package = cast(PackageEntry, store.get(PACKAGES, day))
        for course in package["courses"]:
            newest.setdefault(course_partition(course["course_key"], course["site"]), day)
        missing -= newest.keys()
    older, sorted_ = {"partition": {"$in": sorted(missing)}}, {*days}
    for found in store.find(PACKAGE_COURSES, older, fields=["partition", "date"]):
        partition, day = found["partition"], found["date"]
        if day in sorted_:
            newest[partition] = max(newest.get(partition, ""), day)
    return newest
