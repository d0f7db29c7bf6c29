"""The contract of the document store, on every server that is there: replacing a collection."""

from threading import Event, Thread
from typing import Any

import pytest
from bson import encode
from pymongo import MongoClient
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Collection, Store, StoreError
from edx_assets_tests.loading.days.mortal_store import Killed
from edx_assets_tests.resources.deviations import RENAMES_IN_TWO_STEPS
from edx_assets_tests.resources.documents import HERE

Client = MongoClient[dict[str, Any]]


def load(store: Store, collection: Collection, count: int, **fields: Any) -> None:
    documents = [encode({"_id": number, **fields}) for number in range(count)]
    for _batch, inserted in store.insert_all(collection, documents):
        assert not inserted.duplicates


def loads(store: Store, **query: Any) -> set[str]:
    return {document["load"] for document in store.find(HERE, query)}


def kill(*_arguments: Any, **_more: Any) -> None:
    raise Killed


def fail_to_replace(store: Store) -> None:
    with store.replacing(HERE, [[("user_id", 1)]]) as staging:
        load(store, staging, 5, load="new")
        raise ZeroDivisionError


def test_every_server_here_renames(empty_mongo_uri: str, client: Client) -> None:
    client["d"]["old"].insert_one({"_id": "old"})
    client["d"]["new"].insert_one({"_id": "new"})
    client["d"]["new"].rename("old", dropTarget=True)
    assert client["d"].list_collection_names() == ["old"]
    assert [document["_id"] for document in client["d"]["old"].find()] == ["new"]
    assert connect(empty_mongo_uri).renames_in("d")


def test_an_index_that_is_larger_than_a_cache_is_made(store: Store) -> None:
    """secantusd-rs would try for ever to make one of a collection that has its documents."""
    many, long = 60_000, "x" * 1_500
    with store.replacing(HERE, [[("page", 1)], [("load", 1)]]) as staging:
        documents = (encode({"_id": n, "page": f"{n}{long}", "load": n}) for n in range(many))
        for _batch, inserted in store.insert_all(staging, documents):
            assert not inserted.duplicates
    assert store.estimated_count(HERE) == many


@pytest.mark.parametrize(("old", "new", "code"), [("here", "there", 48), ("gone", "new", 26)])
def test_a_rename_that_cannot_be_is_refused(client: Client, old: str, new: str, code: int) -> None:
    client["d"]["here"].insert_one({"_id": 1})
    client["d"]["there"].insert_one({"_id": 2})
    with pytest.raises(OperationFailure) as refused:
        client["d"][old].rename(new)
    assert refused.value.code == code
    assert sorted(client["d"].list_collection_names()) == ["here", "there"]


@pytest.mark.parametrize("old", [0, 3, 2500])
def test_the_new_content_takes_the_place(store: Store, client: Client, old: int) -> None:
    load(store, HERE, old, load="old")
    indexes = [[("user_id", 1)], [("student_id", 1), ("module_id", 1)]]
    with store.replacing(HERE, indexes) as staging:
        load(store, staging, 2100, load="new", user_id=1)
    assert store.count(HERE) == 2100
    assert loads(store) == {"new"}
    assert client["d"].list_collection_names() == ["c"]
    keys = [index["key"] for index in client["d"]["c"].index_information().values()]
    assert sorted(keys) == sorted([[("_id", 1)], *indexes])


def test_it_can_be_replaced_again(store: Store, client: Client) -> None:
    for load_number in range(3):
        with store.replacing(HERE, [[("load", 1)]]) as staging:
            load(store, staging, load_number, load=str(load_number))
    assert loads(store) == {"2"}
    assert store.count(HERE) == 2
    keys = [index["key"] for index in client["d"]["c"].index_information().values()]
    assert sorted(keys) == [[("_id", 1)], [("load", 1)]]


def test_documents_are_the_same_byte_for_byte(store: Store) -> None:
    documents = [encode({"_id": 1, "z": "a\0b", "a": {"x.y": [None, {"$k": 2**40}]}, "$d": 1.0})]
    with store.replacing(HERE) as staging:
        store.insert(staging, documents)
    assert list(store.find_raw(HERE, {})) == documents


@pytest.mark.parametrize("old", [0, 2])
def test_replaced_with_nothing_it_is_there_and_empty(store: Store, old: int) -> None:
    load(store, HERE, old, load="old")
    with store.replacing(HERE, [[("load", 1)]]):
        pass
    assert store.collections("d") == ["c"]
    assert store.count(HERE) == 0


def test_an_error_leaves_the_old_content(store: Store, client: Client) -> None:
    store.index(HERE, [("load", 1)])
    load(store, HERE, 3, load="old")
    with pytest.raises(ZeroDivisionError):
        fail_to_replace(store)
    assert store.count(HERE) == 3
    assert loads(store) == {"old"}
    assert client["d"].list_collection_names() == ["c"]
    keys = [index["key"] for index in client["d"]["c"].index_information().values()]
    assert sorted(keys) == [[("_id", 1)], [("load", 1)]]


def test_an_error_leaves_nothing_where_nothing_was(store: Store, client: Client) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_to_replace(store)
    assert client["d"].list_collection_names() == []


def test_an_index_that_cannot_be_made_leaves_the_old_content(store: Store, client: Client) -> None:
    load(store, HERE, 3, load="old")
    with (
        pytest.raises(ValueError, match="empty"),
        store.replacing(HERE, [[]]) as staging,
    ):
        load(store, staging, 5, load="new")
    assert loads(store) == {"old"}
    assert client["d"].list_collection_names() == ["c"]


def test_what_a_killed_load_left_is_dropped(store: Store, client: Client) -> None:
    killed = store.replacing(HERE)
    left = killed.__enter__()
    load(store, left, 4, load="killed")
    store.clear_staged("d", ["c"])
    assert left.name not in client["d"].list_collection_names()
    with store.replacing(HERE) as staging:
        load(store, staging, 1, load="new")
    assert loads(store) == {"new"}
    assert client["d"].list_collection_names() == ["c"]


def test_what_a_killed_trial_of_renaming_left_is_dropped(
    store: Store, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(MongoCollection, "rename", kill)
        patch.setattr(Database, "drop_collection", kill)  # nothing is done after a SIGKILL
        with pytest.raises(Killed):
            store.replacing(HERE).__enter__()
    assert len(client["d"].list_collection_names()) == 2
    store.clear_staged("d", ["c"])
    assert client["d"].list_collection_names() == []


def test_the_load_of_a_longer_name_is_left_alone(store: Store, client: Client) -> None:
    """`teams` and `teams_membership` are both tables of a package."""
    with store.replacing(Collection("d", "teams_membership")) as longer:
        load(store, longer, 2, load="longer")
        store.clear_staged("d", ["teams", "users"])
        with store.replacing(Collection("d", "teams")) as shorter:
            load(store, shorter, 1, load="shorter")
    assert sorted(client["d"].list_collection_names()) == ["teams", "teams_membership"]
    assert store.count(Collection("d", "teams_membership")) == 2
    assert store.count(Collection("d", "teams")) == 1


def test_of_two_loads_at_once_one_fails(store: Store, client: Client) -> None:
    first = store.replacing(HERE)
    load(store, first.__enter__(), 4, load="first")
    store.clear_staged("d", ["c"])
    with store.replacing(HERE) as second:
        load(store, second, 2, load="second")
    with pytest.raises(StoreError):
        first.__exit__(None, None, None)
    assert loads(store) == {"second"}
    assert store.count(HERE) == 2
    assert client["d"].list_collection_names() == ["c"]


def test_a_reader_sees_the_old_content_during_the_load(store: Store) -> None:
    load(store, HERE, 3, load="old")
    with store.replacing(HERE) as staging:
        assert loads(store) == {"old"}
        load(store, staging, 5, load="new")
        assert loads(store) == {"old"}
        assert store.count(HERE) == 3
    assert loads(store) == {"new"}


def test_a_reader_sees_the_old_or_the_new_at_the_end(store: Store, server: str) -> None:
    load(store, HERE, 1000, load="old")
    seen: list[int | None] = []
    done = Event()

    def read() -> None:
        while not done.is_set():
            try:
                seen.append(store.count(HERE))
            except StoreError:
                seen.append(None)

    reader = Thread(target=read)
    reader.start()
    for _time in range(5):
        with store.replacing(HERE) as staging:
            load(store, staging, 1000, load="new")
    done.set()
    reader.join(timeout=30)
    assert len(seen) > 5
    assert set(seen) - ({0} if server in RENAMES_IN_TWO_STEPS else set()) == {1000}


def test_a_server_that_cannot_replace_is_refused_before_anything_is_written(
    store: Store, client: Client
) -> None:
    store.renames = False  # what is found of one; none that is here is like that
    with (
        pytest.raises(StoreError, match="renameCollection with dropTarget"),
        store.replacing(HERE),
    ):
        pass
    assert client["d"].list_collection_names() == []


def test_names_as_long_as_they_come(store: Store) -> None:
    database = "UniversityX_Introduction-to-Something_2014_T1_edge".ljust(63, "x")
    with store.replacing(
        Collection(database, "certificates_generatedcertificate"), [[("id", 1)]]
    ) as staging:
        store.put(staging, {"_id": 1})
    assert store.count(Collection(database, "certificates_generatedcertificate")) == 1
