"""Loads of a course's collections that are killed at any write: the next one puts it right."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from edx_assets.edx.collections import LEARNERS
from edx_assets.loading.courses.learners import JOINED, join_learners
from edx_assets.loading.courses.unknown_tables import load_unknown_tables
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import COURSE_LOADS, LOADS, note_course_load
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import load_settings
from edx_assets_tests.conftest import empty
from edx_assets_tests.institution import Institution
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, members, sort
from edx_assets_tests.loading.courses.tracked_course import with_structure
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """The course's database and what the ledger says of it, but moments."""
    found = {}
    here = [Collection(DATABASE, name) for name in store.collections(DATABASE)]
    for each in (*here, COURSE_LOADS):
        documents = list(store.find(each, {}, sort=[("_id", 1)]))
        for document in documents:
            document.pop("loaded_at", None)
        found[each.name] = documents
    return found


def at_every_write(
    store: Store, prepare: Callable[[], None], work: Callable[[Store], object]
) -> int:
    """Kill `work` at each of its writes, repeat it, and compare; return the number of writes."""
    prepare()
    work(store)
    right = contents(store)
    for writes in range(1000):
        prepare()
        try:
            work(Mortal(store, writes))
        except Killed:
            work(store)
            assert contents(store) == right, writes
        else:
            return writes
    raise AssertionError


@pytest.mark.parametrize("before", [False, True], ids=["at first", "over another"])
def test_learners(store: Store, mongo_uri: str, before: bool) -> None:
    def joined(version: int) -> None:
        for name in JOINED:
            held = Collection(DATABASE, name)
            store.put(held, {"_id": version, "id": version, "user_id": version})
            load = CourseLoad(documents=1, source=[version], loaded_at=datetime.now(UTC))
            note_course_load(store, COURSE, held, load)

    def prepare() -> None:
        empty(mongo_uri)
        with_structure(store)
        joined(1)
        if before:
            join_learners(store, COURSE)
            joined(2)

    assert at_every_write(store, prepare, lambda own: join_learners(own, COURSE)) > 3
    assert store.count(Collection(DATABASE, LEARNERS)) == 1 + before


def test_unknown_tables(testx: Institution, store: Store) -> None:
    """A newer package has a table more, one less, and one with a row that is refused."""
    held = members()
    name = next(name for name in held if "auth_user-" in name)

    def table(kind: str, rows: bytes) -> dict[str, bytes]:
        return {name.replace("auth_user", kind): b"id\tx\n" + rows}

    testx.deliver_package(
        "2014-02-09", {**held, **table("new_a", b"1\ta\n"), **table("new_b", b"1\tb\n")}
    )
    testx.deliver_package(
        "2014-02-16",
        {**held, **table("new_b", b"1\tb\n1\tb\n2\tc\td\n"), **table("new_c", b"3\tc\n")},
    )
    storage, gnupg = (
        Storage(place=str(testx.folder / "files")),
        Gnupg(home=load_settings().gnupg_home),
    )

    def work(own: Store) -> object:
        return load_unknown_tables(own, storage, gnupg, COURSE)

    sort(testx, "2014-02-09")
    work(store)
    sort(testx, "2014-02-16")
    earlier = contents(store)

    def prepare() -> None:
        for each in store.collections(DATABASE):
            store.drop(Collection(DATABASE, each))
        store.drop(COURSE_LOADS)
        for kind, documents in earlier.items():
            here = COURSE_LOADS if kind == COURSE_LOADS.name else Collection(DATABASE, kind)
            for document in documents:
                store.put(
                    here,
                    {**document, "loaded_at": datetime.now(UTC)}
                    if kind in (LOADS, COURSE_LOADS.name)
                    else document,
                )

    assert at_every_write(store, prepare, work) > 6
    assert {"new_b", "new_c"} <= {*store.collections(DATABASE)}
    assert "new_a" not in store.collections(DATABASE)
