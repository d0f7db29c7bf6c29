"""Credentials that an earlier version loaded are found, counted and not shown."""

import json

import pytest

from edx_assets.checks.credentials import PLACES, no_credentials
from edx_assets.edx.secrets import SECRET_FIELDS
from edx_assets.loading.registry import register_course
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    members,
    sort,
    structure,
)

CASES = [(collection, place) for collection, places in PLACES.items() for place in places]


@pytest.mark.parametrize(("collection", "place"), CASES)
def test_every_field_is_found(store: Store, collection: str, place: str) -> None:
    register_course(store, COURSE, "edx")
    here = Collection(DATABASE, collection)
    store.put(here, {"_id": "none", "metadata": {"display_name": "x"}, "event": "secret"})
    assert no_credentials(store, COURSE, collection).passed
    for name in SECRET_FIELDS:
        fields: object = {name: "hunter2"}
        for part in reversed(place.split(".")):
            fields = {part: fields}
        assert isinstance(fields, dict)
        store.put(here, {"_id": name, **fields})
    told = no_credentials(store, COURSE, collection)
    assert not told.passed
    assert (told.description or "").startswith(
        f"{len(SECRET_FIELDS)} documents of {DATABASE}.{collection} have credentials: materialize"
    )
    assert "hunter2" not in f"{told.description} {told.metadata}"


def test_what_is_loaded_has_none(testx: Institution, store: Store) -> None:
    blocks = structure(start="2014-02-03T00:00:00Z", end="2014-02-10T12:00:00Z")
    root = next(key for key, block in blocks.items() if block["category"] == "course")
    blocks[root]["metadata"]["lti_passports"] = ["lti:key:hunter2"]
    held = members()
    name = next(name for name in held if "course_structure" in name)
    held[name] = json.dumps(blocks).encode()
    testx.deliver("2014-02-03", [event(1, event={"id": root}), event(2)])
    testx.deliver_package("2014-02-09", held)
    testx.run_day("2014-02-03")
    sort(testx, "2014-02-09")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    for collection in PLACES:
        for document in store.find(Collection(DATABASE, collection), {}):
            assert "hunter2" not in str(document)
