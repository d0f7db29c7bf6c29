"""What the ledger answers, and that it looks for it by an index."""

from typing import Any

import pytest
from pymongo import MongoClient

from edx_assets.loading.ledger import (
    COURSE_LOADS,
    PACKAGE_COURSES,
    package_course_id,
    package_of,
    prepare_courses,
)
from edx_assets.resources.store import Store

COURSE = "course-v1:TestX+A+1"


def test_a_course_is_that_of_its_newest_package_or_of_a_day(store: Store) -> None:
    for day in ("2014-02-16", "2014-03-02", "2014-02-23"):
        key = package_course_id(day, COURSE)
        store.put(PACKAGE_COURSES, {"_id": key, "partition": COURSE, "date": day, "file": day})
    other = {"_id": package_course_id("2014-03-09", "b"), "partition": "b", "date": "2014-03-09"}
    store.put(PACKAGE_COURSES, other)
    newest, first = package_of(store, COURSE), package_of(store, COURSE, "2014-02-16")
    assert newest
    assert newest["file"] == "2014-03-02"
    assert first
    assert first["file"] == "2014-02-16"
    assert package_of(store, COURSE, "2014-03-09") is None
    assert package_of(store, "c") is None


@pytest.mark.parametrize("collection", [PACKAGE_COURSES, COURSE_LOADS])
def test_what_is_asked_of_a_course_has_an_index(
    store: Store, mongo_uri: str, collection: Any
) -> None:
    prepare_courses(store)
    for number in range(20):
        store.put(collection, {"_id": f"{number}", "partition": f"{number}", "date": "2014-02-09"})
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        found = client[collection.database][collection.name].find({"partition": "7"})
        assert "IXSCAN" in str(found.explain()["queryPlanner"]["winningPlan"])
