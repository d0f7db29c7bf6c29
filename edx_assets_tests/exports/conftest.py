"""Fixtures: a course with a table, documents and a dataset, ready to be exported."""

from pathlib import Path

import pytest

from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.exports.held import ENROLLED, POST, SAID, course, hold, say


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(place=str(tmp_path / "storage"))


@pytest.fixture
def held(store: Store, storage: Storage, tmp_path: Path) -> Storage:
    """A course with a table, documents and a dataset; its storage."""
    course(store)
    hold(store, "student_courseenrollment", [ENROLLED, {"_id": 3, "id": 4, "user_id": 8}])
    hold(store, "forum", [POST])
    say(store, storage, tmp_path, SAID)
    return storage
