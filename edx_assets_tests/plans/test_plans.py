"""Every query of the stages is served by an index to its last field, or listed with its reason."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from pymongo import MongoClient

from edx_assets.loading.ledger import IMPORTS, MASTER, MASTER_TRACKING
from edx_assets.resources import mongo
from edx_assets.resources.mongo import connect
from edx_assets.resources.renaming import STAGING
from edx_assets.resources.store import Store
from edx_assets_tests.institution import Institution
from edx_assets_tests.plans.asking import noting_places, places
from edx_assets_tests.plans.listed import LISTED
from edx_assets_tests.plans.stages import EVENTS, STAGES, history, update
from edx_assets_tests.plans.watching import Plan, Watch
from edx_assets_tests.resources.deviations import LOOKS_THROUGH_ALL

FEW = 20
"""Documents that do not fit and may be looked at all the same."""
MANY = 450
"""More than these, of a collection that grows day by day, are a look through it."""


@pytest.fixture
def watch(
    client: MongoClient[dict[str, Any]], server: str, monkeypatch: pytest.MonkeyPatch
) -> Watch:
    """Watches all that is asked of stores that are connected from now on."""
    if server in LOOKS_THROUGH_ALL:
        pytest.skip("this server hardly uses indexes")
    watch = Watch(client)
    monkeypatch.setattr(mongo, "MongoClient", partial(MongoClient, event_listeners=[watch]))
    return watch


def test_every_query_of_the_stages(
    watch: Watch, testx: Institution, empty_mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(testx, empty_mongo_uri)
    reached = noting_places(monkeypatch)
    found: dict[tuple[str, str], str] = {}
    for stage in STAGES:
        watch.plans.clear()
        stage(testx)
        assert watch.plans, stage
        for place, plan in _looking_through(watch.plans):
            found.setdefault((place, plan.asked), f"{stage.__name__}: {plan}")
        if stage is update:  # its cost is that of the days that have changed
            far = [plan for plan in watch.plans if plan.collection.name == "tracking"]
            assert max(far, key=lambda plan: plan.looked_at).looked_at <= EVENTS
    assert not watch.failures
    unlisted = [found[of] for of in sorted(found.keys() - LISTED)]
    assert not unlisted, "\n".join(unlisted)
    assert not LISTED.keys() - found
    assert reached == places()


def _looking_through(plans: list[Plan]) -> Iterator[tuple[str, Plan]]:
    """The plans that look at more than fits, or at much; each with its collection's name here."""
    for plan in plans:
        database, name = plan.collection
        if name.startswith(STAGING):  # what has just been written there is counted
            continue
        of_course = database != MASTER
        place = f"course.{name}" if of_course else name
        whole = plan.asked.startswith("{}")
        if of_course and whole and name != "tracking":  # which grows by the day
            continue
        if (
            plan.looked_at > plan.found + FEW
            or plan.stages & {"COLLSCAN", "SORT"}
            or (plan.looked_at > MANY or whole)
        ):
            yield place, plan


def test_what_no_index_serves_is_found(watch: Watch, empty_mongo_uri: str) -> None:
    store: Store = connect(empty_mongo_uri)
    store.index(MASTER_TRACKING, [("load_file", 1)])
    documents = [{"_id": n, "load_file": "a", "course_id": str(n % 4)} for n in range(100)]
    for document in documents:
        store.put(MASTER_TRACKING, document)
    watch.plans.clear()
    store.count(MASTER_TRACKING, {"load_file": "a"})
    assert not list(_looking_through(watch.plans))
    store.count(MASTER_TRACKING, {"course_id": "1"})
    store.delete(MASTER_TRACKING, {"load_file": "a", "course_id": "9"})
    list(store.find(MASTER_TRACKING, {"load_file": "a"}, sort=[("course_id", 1)]))
    store.put(IMPORTS, {"_id": "edx/2014-02-03", "state": "loading"})
    store.update(IMPORTS, {"state": "loading"}, {"state": "loaded"})
    found = [str(plan) for _place, plan in _looking_through(watch.plans)]
    assert found == [
        f"{MASTER}.tracking {{course_id}}: 100 for 25 (COLLSCAN)",
        f"{MASTER}.tracking {{course_id, load_file}}: 100 for 0 (FETCH, IXSCAN)",
        f"{MASTER}.tracking {{load_file}} by course_id: 100 for 100 (FETCH, IXSCAN, SORT)",
        f"{MASTER}.imports {{state}}: 1 for 1 (COLLSCAN)",
    ]
