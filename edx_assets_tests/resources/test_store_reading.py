"""The contract of the document store, on every server that is there: reading and deleting."""

from datetime import timedelta

from bson import decode

from edx_assets.resources.store import Collection, Store
from edx_assets_tests.resources.documents import HERE, NOON, ids, insert


def test_put_inserts_and_replaces(store: Store) -> None:
    store.put(HERE, {"_id": "a/b", "old": 1, "both": 1})
    store.put(HERE, {"_id": "a/b", "both": 2})
    store.put(HERE, {"_id": "other"})
    assert store.get(HERE, "a/b") == {"_id": "a/b", "both": 2}
    assert store.count(HERE) == 2


def test_get_of_what_is_not_there(store: Store) -> None:
    assert store.get(HERE, 1) is None
    insert(store, [{"_id": 1}])
    assert store.get(HERE, 2) is None
    assert store.get(HERE, "1") is None


def test_finds_sorts_and_cuts(store: Store) -> None:
    hours = [3, 1, 2, 1]
    insert(
        store,
        [
            {"_id": key, "at": NOON + timedelta(hours=hour), "site": "edx", "file": f"f{key % 2}"}
            for key, hour in enumerate(hours)
        ],
    )
    found = list(store.find(HERE, {}, sort=[("at", -1), ("_id", -1)], fields=["file"]))
    assert found == [{"_id": key, "file": f"f{key % 2}"} for key in (0, 2, 3, 1)]
    assert list(store.find(HERE, {"_id": {"$gt": 2}}, fields=[])) == [{"_id": 3}]
    assert ids(store, {"_id": {"$in": [1, 3, 9]}}) == [1, 3]
    assert ids(store, {"_id": {"$in": [1, 2, 9]}, "file": "f1"}) == [1]
    assert ids(store, {"file": {"$in": ["f1"]}}) == [1, 3]
    assert ids(store, {"file": "f0", "at": {"$gte": NOON + timedelta(hours=3)}}) == [0]
    window = {"$gte": NOON + timedelta(hours=1), "$lt": NOON + timedelta(hours=3)}
    assert ids(store, {"at": window}) == [1, 2, 3]
    assert ids(store, {"at": {"$gte": NOON + timedelta(hours=4)}}) == []
    assert list(store.find(Collection("d", "nothing"), {})) == []


def test_a_window_of_dates_from_and_before_whole_seconds(store: Store) -> None:
    second, more = NOON.replace(microsecond=0), timedelta(seconds=1)
    milliseconds = (-1001, -1000, -1, 0, 1, 999, 1000, 1001)
    for course in ("course", "Course"):
        dates = {f"{course}{at:+05}": second + timedelta(milliseconds=at) for at in milliseconds}
        insert(store, [{"_id": key, "at": at, "of": course} for key, at in dates.items()])
    query = {"of": {"$in": ["course", "other"]}, "at": {"$gte": second, "$lt": second + more}}
    inside = ["course+0000", "course+0001", "course+0999"]
    assert ids(store, query) == inside
    assert sorted(decode(raw)["_id"] for raw in store.find_raw(HERE, query)) == inside
    assert store.count(HERE, query) == 3
    assert store.count(HERE, {"at": {"$gte": second}}) == 10
    assert store.count(HERE, {"at": {"$lt": second}}) == 6
    assert store.count(HERE, {"at": {"$gte": second + 2 * more}}) == 0


def test_finds_and_counts_dates_by_the_millisecond(store: Store) -> None:
    millisecond = timedelta(milliseconds=1)
    insert(store, [{"_id": key, "at": NOON + key * millisecond} for key in range(3)])
    expected = {"$lt": [0], "$lte": [0, 1], "$gt": [2], "$gte": [1, 2]}
    for operator, keys in expected.items():
        query = {"at": {operator: NOON + millisecond}}
        assert ids(store, query) == keys
        assert store.count(HERE, query) == len(keys)
        assert dict(store.tally(HERE, "_id", query)) == dict.fromkeys(keys, 1)


def test_sorts_ids(store: Store) -> None:
    insert(store, [{"_id": key, "number": key} for key in (10, 9, 100)])
    assert ids(store) == [9, 10, 100]
    by_number = store.find(HERE, {}, sort=[("number", -1)])
    assert [found["_id"] for found in by_number] == [100, 10, 9]
    for key in ("edx/2014-03-10", "edge/2014-03-09", "edx/2014-03-09"):
        store.put(Collection("d", "imports"), {"_id": key})
    assert [
        found["_id"] for found in store.find(Collection("d", "imports"), {}, sort=[("_id", 1)])
    ] == [
        "edge/2014-03-09",
        "edx/2014-03-09",
        "edx/2014-03-10",
    ]


def test_finds_more_than_a_cursor_gives_at_once(store: Store) -> None:
    for start in (0, 1500):
        insert(store, [{"_id": key, "half": key % 2} for key in range(start, start + 1500)])
    assert sorted(ids(store, {"half": 1})) == list(range(1, 3000, 2))
    raw = [decode(raw)["_id"] for raw in store.find_raw(HERE, {"half": 0})]
    assert sorted(raw) == list(range(0, 3000, 2))


def test_counts(store: Store) -> None:
    assert store.count(HERE) == 0
    assert store.count(HERE, {"file": "f"}) == 0
    insert(store, [{"_id": key, "file": "f" if key < 2 else "g"} for key in range(5)])
    assert store.count(HERE) == 5
    assert store.count(HERE, {"file": "f"}) == 2
    assert store.count(HERE, {"file": "h"}) == 0
    assert store.count(HERE, {"_id": {"$in": [0, 4, 7]}}) == 2


def test_holds_as_many_as_it_is_said_to(store: Store) -> None:
    assert store.holds(HERE, 0)
    insert(store, [{"_id": key} for key in range(5)])
    assert store.holds(HERE, 5)
    assert not store.holds(HERE, 4)
    store.delete(HERE, {"_id": 2})
    assert store.holds(HERE, 4)
    assert not store.holds(HERE, 5)


def test_deletes_what_fits(store: Store) -> None:
    assert store.delete(HERE, {"file": "f"}) == 0
    insert(store, [{"_id": key, "file": "f" if key < 2 else "g"} for key in range(5)])
    assert store.delete(HERE, {"file": "f"}) == 2
    assert store.delete(HERE, {"file": "f"}) == 0
    assert ids(store) == [2, 3, 4]
