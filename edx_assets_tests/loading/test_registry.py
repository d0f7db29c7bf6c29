"""Registering courses: each once, and never two in one database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from edx_assets.loading.ledger import COURSE_LOADS, COURSES, MASTER
from edx_assets.loading.registry import (
    CourseRefusedError,
    course_database,
    register_course,
    register_courses,
)
from edx_assets.resources import lock
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Collection, Store


@pytest.mark.parametrize("second", ["course-v1:TestX+A_1+1", "course-v1:TestX+a.1+1"])
def test_of_two_at_once_that_would_share_a_database_one_is_refused(
    store: Store, mongo_uri: str, second: str
) -> None:
    together = Barrier(2)

    def register(course: str) -> str:
        own = connect(mongo_uri)
        own.version()
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


def _with_old_name(store: Store, course: str, database: str) -> None:
    register_course(store, course, "edx")
    store.update(
        COURSES, {"_id": course}, {"database": database, "database_folded": database.lower()}
    )


def test_a_name_of_an_older_rule_stays_where_something_is_loaded(store: Store) -> None:
    loaded, empty = "course-v1:TestX+Démo+1", "course-v1:TestX+Démo+2"
    _with_old_name(store, loaded, "TestX_Démo_1")
    _with_old_name(store, empty, "TestX_Démo_2")
    store.put(COURSE_LOADS, {"_id": f"{loaded}/forum", "partition": loaded, "collection": "forum"})
    for course in (loaded, empty):
        register_course(store, course, "edx")
    assert course_database(store, loaded) == "TestX_Démo_1"
    assert course_database(store, empty).isascii()


@pytest.mark.parametrize("dated_first", [True, False])
def test_a_course_named_like_another_s_package_has_a_database_of_its_own(
    store: Store, dated_first: bool
) -> None:
    plain, dated = "course-v1:TestX+T1+A", "course-v1:TestX+T1+A_20140209"
    for course in (dated, plain) if dated_first else (plain, dated):
        register_course(store, course, "edx")
    names = {
        course_database(store, course, day)
        for course in (plain, dated)
        for day in (None, "2014-02-09")
    }
    assert len(names) == 4


def test_known_courses_alone_clear_away_the_lock_of_a_dead_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_courses(store, ["course-v1:TestX+A+1"], "edx")
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.2)
    locks = Collection(MASTER, lock.LOCKS)
    store.put(locks, {"_id": COURSES.name, "token": "dead"})
    assert register_courses(store, ["course-v1:TestX+A+1"], "edx") == []
    assert store.count(locks) == 0
