"""The newest package of each course: as a look through every package would find it."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.loading.ledger import PACKAGE_COURSES, PACKAGES, package_course_id
from edx_assets.loading.packages.newest import newest_packages
from edx_assets.loading.registry import register_course
from edx_assets.resources.store import Store
from edx_assets_tests.conftest import empty

KEYS = [f"course-v1:TestX+T{number}+2014" for number in range(4)]


def note(store: Store, day: str, courses: list[str], is_sorted: bool = True) -> None:
    """A package in the ledger; one that is not sorted yet is known by its courses alone."""
    for key in courses:
        register_course(store, key, "edx")
        course = {"_id": package_course_id(day, key), "partition": key, "date": day}
        store.put(PACKAGE_COURSES, course)
    if is_sorted:
        listed = [{"course_key": key, "site": "edx"} for key in courses]
        store.put(PACKAGES, {"_id": day, "date": day, "courses": listed})


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sets(st.sampled_from(KEYS)), max_size=9))
def test_whatever_the_packages_have(store: Store, mongo_uri: str, packages: list[set[str]]) -> None:
    empty(mongo_uri)
    register_course(store, "course-v1:TestX+InNone+2014", "edx")
    newest: dict[str, str] = {}
    for number, courses in enumerate(packages):
        day = str(date(2014, 2, 2) + timedelta(weeks=number))
        note(store, day, sorted(courses))
        newest |= dict.fromkeys(courses, day)
    assert newest_packages(store) == newest


def test_a_package_that_is_being_sorted_does_not_count(store: Store) -> None:
    note(store, "2014-02-02", KEYS[:1])
    for day in ("2014-02-09", "2014-02-16", "2014-02-23", "2014-03-02"):
        note(store, day, KEYS[1:2])
    note(store, "2014-03-09", KEYS[:2], is_sorted=False)
    assert newest_packages(store)[KEYS[0]] == "2014-02-02"
