"""The contract of the document store, on every server that is there: what is inserted is there."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from bson import Int64, ObjectId, encode
from pymongo import MongoClient

from edx_assets.resources.store import BATCH, Collection, Inserted, Store
from edx_assets_tests.resources.deviations import KEEPS_ARRAY_IDS
from edx_assets_tests.resources.documents import HERE, NOON, ids, insert


def test_inserts_nothing(store: Store) -> None:
    assert store.insert(HERE, []) == Inserted()
    assert store.collections("d") == []


def test_inserts_new_documents(store: Store) -> None:
    assert insert(store, [{"_id": 2}, {"_id": 1}]) == Inserted()
    assert ids(store) == [1, 2]


@pytest.mark.parametrize(
    ("there", "batch", "duplicates"),
    [
        ([], [1, 1, 2, 1], [1, 3]),
        ([1, 2], [3, 2, 4, 1], [1, 3]),
        ([2], [1, 1, 2, 3, 3], [1, 2, 4]),
        ([1, 2], [2, 1], [0, 1]),
        ([3], [3, 2, 1, 0], [0]),
    ],
)
def test_tells_duplicates_by_position(
    store: Store, there: list[int], batch: list[int], duplicates: list[int]
) -> None:
    insert(store, [{"_id": key, "load": "first"} for key in there])
    inserted = insert(store, [{"_id": key, "load": "second"} for key in batch])
    assert sorted(inserted.duplicates) == duplicates
    assert inserted.refused == {}
    assert ids(store) == sorted({*there, *batch})
    assert ids(store, {"load": "first"}) == there


def test_a_refused_document_does_not_stop_the_others(store: Store, server: str) -> None:
    inserted = insert(store, [{"_id": 1}, {"_id": ["array"]}, {"_id": 1}, {"_id": 2}])
    assert inserted.duplicates == [2]
    assert inserted.refused == ({} if server in KEEPS_ARRAY_IDS else {1: 53})
    assert ids(store, {"_id": {"$in": [1, 2]}}) == [1, 2]


@pytest.mark.parametrize(
    "value",
    [
        {"i4x-McGillX.problem": 1, "$oid": {"a.b": {"$set": 2}}, "": 3},
        "a\0b",
        "\0",
        "naïve 日本語 \U0001f600 \u2028",
        None,
        "",
        {},
        [],
        True,
        1.5,
        -0.0,
        7,
        Int64(2**40),
        Int64(-(2**63)),
        Int64(2**63 - 1),
        NOON,
        datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
        b"\x00\xff\x80",
        ObjectId(b"\xff" * 12),
        [1, [2, [3, {"k": [None, {"l": []}]}]], "x"],
    ],
    ids=repr,
)
def test_gives_back_what_was_inserted(store: Store, value: Any) -> None:
    document = {"_id": "it", "z": value, "a": value, "in": {"list": [value]}}
    assert insert(store, [document]) == Inserted()
    read = store.get(HERE, "it")
    assert read == document
    assert type(read["z"]) is type(value)
    assert list(read) == list(document)
    [raw] = store.find_raw(HERE, {"_id": "it"})
    assert raw == encode(document)


@pytest.mark.parametrize("number", [0, 1, 2100])
def test_every_way_to_count_gives_what_was_inserted(store: Store, number: int) -> None:
    for _ in store.insert_all(HERE, (encode({"_id": n, "a": 1}) for n in range(number))):
        pass
    assert store.count(HERE) == number
    assert store.count(HERE, {"a": 1}) == number
    assert store.estimated_count(HERE) == number


def test_top_level_keys_with_dots_and_dollars(store: Store) -> None:
    document = {"_id": 1, "a.b": 1, "$c": 2, "d-e": 3, "f$.g": 4}
    insert(store, [document])
    assert store.get(HERE, 1) == document


def test_dates_come_back_aware_and_in_utc(store: Store) -> None:
    insert(store, [{"_id": 1, "at": NOON}])
    [read] = store.find(HERE, {"at": NOON})
    assert read["at"].utcoffset() == timedelta(0)
    assert read["at"].microsecond == 123_000


def test_a_large_document(store: Store) -> None:
    document = {"_id": 1, "body": "é" * 7_500_000}  # 15 MB of MongoDB's 16
    assert insert(store, [{"_id": 0}, document, {"_id": 2}]) == Inserted()
    assert store.get(HERE, 1) == document
    assert store.count(HERE) == 3


def test_insert_all_tells_of_every_batch(store: Store) -> None:
    documents = (encode({"_id": number % 2200}) for number in range(2500))
    told = list(store.insert_all(HERE, documents))
    assert [len(batch) for batch, _inserted in told] == [BATCH, BATCH, 500]
    assert told[0][1] == told[1][1] == Inserted()
    assert sorted(told[2][1].duplicates) == list(range(200, 500))
    assert store.count(HERE) == 2200


def test_drops_a_collection(store: Store) -> None:
    store.drop(HERE)
    insert(store, [{"_id": 1}])
    store.put(Collection("d", "c_more"), {"_id": 1})
    store.drop(HERE)
    assert store.collections("d") == ["c_more"]
    assert store.count(HERE) == 0
    assert store.get(Collection("d", "c_more"), 1) == {"_id": 1}


def test_makes_an_index_once(store: Store, client: MongoClient[dict[str, Any]]) -> None:
    for _time in range(2):
        store.index(HERE, [("course_id", 1), ("timestamp", -1)])
    keys = [index["key"] for index in client["d"]["c"].index_information().values()]
    assert sorted(keys) == [[("_id", 1)], [("course_id", 1), ("timestamp", -1)]]


def test_a_unique_index_keeps_the_second_out(store: Store) -> None:
    store.index(HERE, [("name", 1)], unique=True)
    inserted = insert(store, [{"_id": key, "name": name} for key, name in enumerate("aab")])
    assert inserted == Inserted(duplicates=[1])
    assert ids(store) == [0, 2]


def test_collections_are_those_that_are_loaded(store: Store) -> None:
    assert store.collections("nothing") == []
    for name in ("z", "a", "course_structure"):
        store.put(Collection("d", name), {"_id": 1})
    with store.replacing(Collection("d", "new")):
        assert store.collections("d") == ["a", "course_structure", "z"]
    assert store.collections("d") == ["a", "course_structure", "new", "z"]


def test_databases_are_apart(store: Store) -> None:
    databases = ("McGillX_CHEM181x_1T2014", "McGillX_CHEM181x_1T2014_edge")
    for database in databases:
        store.put(Collection(database, "c"), {"_id": 1, "of": database})
    for database in databases:
        assert store.get(Collection(database, "c"), 1) == {"_id": 1, "of": database}
        store.drop(Collection(database, "c"))
        assert store.count(Collection(database, "c")) == 0


def test_two_writers_at_once(store: Store) -> None:
    """Every document is inserted once, and told as a duplicate to the other who brought it."""
    both = Barrier(2)
    new: dict[str, int] = {}

    def write(name: str, first: int) -> None:
        both.wait(timeout=10)
        documents = (encode({"_id": first + key, "by": name}) for key in range(3000))
        told = store.insert_all(HERE, documents)
        new[name] = sum(len(batch) - len(inserted.duplicates) for batch, inserted in told)

    threads = [Thread(target=write, args=("one", 0)), Thread(target=write, args=("two", 1500))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert new.keys() == {"one", "two"}
    assert store.count(HERE) == sum(new.values()) == 4500
    assert {name: store.count(HERE, {"by": name}) for name in new} == new


def test_the_trial_of_renaming_leaves_nothing_behind(
    store: Store, client: MongoClient[dict[str, Any]]
) -> None:
    assert store.renames_in("d")
    for database in client.list_database_names():
        assert not [n for n in client[database].list_collection_names() if "_loading" in n]


def test_tells_a_version(store: Store) -> None:
    assert store.version()
