"""Registering courses: each once, and never two in one database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from edx_assets.loading.ledger import COURSES
from edx_assets.loading.registry import CourseRefusedError, register_course
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store


@pytest.mark.parametrize("second", ["course-v1:TestX+A_1+1", "course-v1:TestX+a.1+1"])
def test_of_two_at_once_that_would_share_a_database_one_is_refused(
    store: Store, mongo_uri: str, second: str
) -> None:
    together = Barrier(2)

    def register(course: str) -> str:
        own = connect(mongo_uri)
        own.check()
        together.wait()
        try:
            return register_course(own, course, "edx")
        except CourseRefusedError:
            return "refused"

    with ThreadPoolExecutor(2) as both:
        told = list(both.map(register, ["course-v1:TestX+A.1+1", second]))
    assert told.count("refused") == 1
    assert [each["_id"] for each in store.find(COURSES, {})] == sorted({*told} - {"refused"})


def test_one_course_by_two_at_once_is_one(store: Store, mongo_uri: str) -> None:
    def register(_who: int) -> str:
        return register_course(connect(mongo_uri), "course-v1:TestX+A+1", "edx")

    with ThreadPoolExecutor(3) as three:
        assert set(three.map(register, range(3))) == {"course-v1:TestX+A+1"}
    assert store.count(COURSES) == 1
