"""A package's sort that is killed at any of its writes, and what the next run makes of it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edx_assets.automation.due.packages import deliveries_due
from edx_assets.definitions import build_defs
from edx_assets.loading.ledger import COURSES, PACKAGE_COURSES, PACKAGES
from edx_assets.loading.packages.course_files import sort_package
from edx_assets.resources import lock
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings
from edx_assets_tests.institution import Institution
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal

DAY = date(2014, 2, 9)
HEADER = b"id\tuser_id\tcourse_id\n"


def files(*numbers: str) -> dict[str, bytes]:
    return {
        f"TestX-{number}-1-student_courseenrollment-prod-analytics.sql": HEADER
        + f"1\t7\tTestX/{number}/1\n".encode()
        for number in numbers
    }


def contents(store: Store) -> list[list[dict[str, Any]]]:
    return [
        list(store.find(collection, {}, sort=[("_id", 1)]))
        for collection in (PACKAGES, PACKAGE_COURSES, COURSES)
    ]


@pytest.mark.parametrize("delivered_again", [False, True])
def test_a_sort_killed_at_any_write_is_put_right_by_the_next(
    testx: Institution,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    delivered_again: bool,
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.2)  # with the locks of the killed
    storage = Storage(place=str(testx.folder / "files"))
    gnupg = Gnupg(home=str(Path(testx.gpg.gnupghome)))
    buckets = (build_defs(load_settings()).resources or {})["buckets"]
    fetch = ("packages/database_package",)
    testx.deliver_package(str(DAY), files("A", "B", "C"))
    testx.run("packages/delivered")
    assert testx.run(*fetch, partition=str(DAY)).success
    sort_package(store, storage, gnupg, DAY)
    if delivered_again:
        testx.deliver_package(str(DAY), files("B", "C", "D"))
        assert testx.run(*fetch, partition=str(DAY)).success
        start = contents(store)
    sort_package(store, storage, gnupg, DAY, rebuild=True)
    expected = contents(store)
    writes = 0
    while True:
        if delivered_again:
            for collection, documents in zip(
                (PACKAGES, PACKAGE_COURSES, COURSES), start, strict=True
            ):
                store.delete(collection, {})
                for document in documents:
                    store.put(collection, document)
        try:
            sort_package(Mortal(store, writes), storage, gnupg, DAY, rebuild=True)
        except Killed:
            killed = True
        else:
            killed = False
        if killed and writes:
            assert list(deliveries_due(buckets, store, [])) == [str(DAY)]
            assert store.get(PACKAGE_COURSES, f"{DAY}/course-v1:TestX+B+1")
        sort_package(store, storage, gnupg, DAY)
        assert contents(store) == expected
        if not killed:
            break
        writes += 1
    assert writes >= 5
