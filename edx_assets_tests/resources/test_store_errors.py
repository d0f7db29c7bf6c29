"""The document store's errors: they are the store's own, and hold neither documents nor the URI."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from bson import encode
from pymongo import ReadPreference

from edx_assets.resources import mongo
from edx_assets.resources.mongo import Mongo, connect
from edx_assets.resources.store import Store, StoreError
from edx_assets.settings import InvalidSettingError, MissingSettingError
from edx_assets_tests.resources.documents import HERE

USER, PASSWORD, HOST = "warehouse-admin", "correct-horse", "localhost"
LEARNER = "".join(["marie", "@", "example.edu"])  # not as it stands in this file's lines

Call = Callable[[Store], Any]

CALLS: dict[str, Call] = {
    "insert": lambda store: store.insert(HERE, [encode({"_id": LEARNER})]),
    "put": lambda store: store.put(HERE, {"_id": LEARNER}),
    "get": lambda store: store.get(HERE, LEARNER),
    "find": lambda store: list(store.find(HERE, {"email": LEARNER})),
    "find_raw": lambda store: list(store.find_raw(HERE, {"email": LEARNER})),
    "count": lambda store: store.count(HERE, {"email": LEARNER}),
    "delete": lambda store: store.delete(HERE, {"email": LEARNER}),
    "drop": lambda store: store.drop(HERE),
    "index": lambda store: store.index(HERE, [("email", 1)]),
    "collections": lambda store: store.collections("d"),
    "replacing": lambda store: store.replacing(HERE).__enter__(),
    "insert_all": lambda store: list(store.insert_all(HERE, [encode({"_id": LEARNER})])),
    "renames_in": lambda store: store.renames_in("d"),
    "version": lambda store: store.version(),
}


def told_by(error: pytest.ExceptionInfo[BaseException]) -> str:
    """All that a log would hold of an error: its text, its traceback, its causes, its repr."""
    return "".join(traceback.format_exception(error.value)) + repr(error.value)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo, "_PATIENCE_MS", 50)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_an_unreachable_server(call: Call) -> None:
    store = connect(f"mongodb://{USER}:{PASSWORD}@{HOST}:1/?authSource=admin")
    with pytest.raises(StoreError, match="EDX_MONGO_URI") as error:
        call(store)
    told = told_by(error)
    assert "ServerSelectionTimeoutError" in told
    for secret in (USER, PASSWORD, HOST, LEARNER):
        assert secret not in told


def test_the_string_says_how_long_a_server_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mongo, "_PATIENCE_MS", 600_000)
    with pytest.raises(StoreError, match="ServerSelectionTimeoutError"):
        connect("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50").version()


@pytest.mark.parametrize(
    "uri",
    [
        f"{USER}:{PASSWORD}@{HOST}",
        f"mongodb://{USER}:{PASSWORD}@{HOST}:notaport",
        f"mongodb://{USER}:{PASSWORD}@{HOST}:99999",
        f"mongodb://{USER}:{PASSWORD}:@{HOST}",
        f"mongodb://{USER}:{PASSWORD}@{HOST}/?tls=true&ssl=false",
        f"mongodb://{USER}:{PASSWORD}@",
        "mongodb://",
        "",
    ],
)
def test_what_is_no_connection_string(
    uri: str, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(InvalidSettingError, match="EDX_MONGO_URI is not a connection") as error:
        connect(uri)
    told = told_by(error) + caplog.text + "".join(str(warning.message) for warning in recwarn)
    for secret in (USER, PASSWORD, HOST):
        assert secret not in told


def test_writes_that_nobody_confirms_are_refused() -> None:
    with pytest.raises(InvalidSettingError, match="w=0") as error:
        connect(f"mongodb://{USER}:{PASSWORD}@{HOST}/?w=0")
    assert PASSWORD not in told_by(error)


def test_what_was_written_is_read_from_the_primary() -> None:
    store = connect(f"mongodb://{HOST}:1/?readPreference=secondaryPreferred")
    assert store._client.read_preference == ReadPreference.PRIMARY


def test_the_resource_names_the_variable_that_is_missing() -> None:
    with pytest.raises(MissingSettingError, match="EDX_MONGO_URI is not set"):
        Mongo().store()


def test_the_resource_connects_once(empty_mongo_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_MONGO_URI", empty_mongo_uri)
    resource = Mongo()
    resource.store().put(HERE, {"_id": 1})
    assert resource.store() is resource.store()
    assert resource.store().get(HERE, 1) == {"_id": 1}


def test_a_document_that_cannot_be_encoded(store: Store) -> None:
    with pytest.raises(StoreError) as error:
        store.put(HERE, {"_id": 1, "email": LEARNER, "names": {LEARNER}})
    assert LEARNER not in told_by(error)
    with pytest.raises(StoreError) as error:
        list(store.find(HERE, {"email": {LEARNER}}))
    assert LEARNER not in told_by(error)


def test_a_document_that_cannot_be_decoded(store: Store) -> None:
    for wrong in (b"", b"x", encode({"_id": LEARNER})[:-1]):
        with pytest.raises(StoreError) as error:
            store.insert(HERE, [wrong])
        assert LEARNER not in told_by(error)


def test_a_document_that_is_too_large(store: Store) -> None:
    large = encode({"_id": 1, "email": LEARNER, "body": "x" * (50 << 20)})
    with pytest.raises(StoreError) as error:
        store.insert(HERE, [large])
    assert LEARNER not in told_by(error)


def test_a_unique_index_over_two_that_are_the_same(store: Store) -> None:
    for key in (1, 2):
        store.put(HERE, {"_id": key, "email": LEARNER})
    with pytest.raises(StoreError) as error:
        store.index(HERE, [("email", 1)], unique=True)
    assert LEARNER not in told_by(error)


def test_a_put_that_a_unique_index_refuses(store: Store) -> None:
    store.index(HERE, [("email", 1)], unique=True)
    store.put(HERE, {"_id": 1, "email": LEARNER})
    with pytest.raises(StoreError) as error:
        store.put(HERE, {"_id": 2, "email": LEARNER})
    assert LEARNER not in told_by(error)


def test_a_query_that_the_server_refuses(store: Store) -> None:
    store.put(HERE, {"_id": 1, "email": LEARNER})
    with pytest.raises(StoreError) as error:
        list(store.find(HERE, {"email": {"$noSuchOperator": LEARNER}}))
    assert LEARNER not in told_by(error)


def test_write_errors_hold_codes_only(store: Store) -> None:
    documents = [encode({"_id": LEARNER, "email": LEARNER})] * 2
    assert LEARNER not in repr(store.insert(HERE, documents))
