"""What MongoDB's own operators answer on every server that is there, asked by pymongo itself.

The project may rely on all that MongoDB 5.0 documents; a server that answers one of these wrongly,
and does not say so, is none to load records into.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import CodecOptions
from pymongo import ASCENDING, MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from edx_assets_tests.resources.deviations import ADDS_NO_DATES
from edx_assets_tests.resources.documents import NOON

Document = dict[str, Any]
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def events(client: MongoClient[Document]) -> Collection[Document]:
    """Twelve events of three users on two pages, a millisecond from one to the next."""
    aware: CodecOptions[Document] = CodecOptions(tz_aware=True)
    found = client["d"].get_collection("events", codec_options=aware)
    found.insert_many([event(number) for number in range(12)])
    return found


def event(number: int) -> Document:
    return {
        "_id": number,
        "user": number % 3,
        "page": "ab"[number % 2],
        "at": NOON + number * MILLISECOND,
    }


def answer(events: Collection[Document], *stages: Document) -> list[Document]:
    return list(events.aggregate(list(stages)))


def test_groups_by_several_fields(events: Collection[Document]) -> None:
    events.insert_one({"_id": 12, "user": 0, "at": NOON})
    grouped = answer(
        events,
        {
            "$group": {
                "_id": {"user": "$user", "page": "$page"},
                "n": {"$sum": 1},
                "first": {"$min": "$at"},
            }
        },
        {"$sort": {"_id.user": 1, "_id.page": 1}},
    )
    assert grouped[0] == {"_id": {"user": 0}, "n": 1, "first": NOON}
    assert [(*row["_id"].values(), row["n"], row["first"]) for row in grouped[1:]] == [
        (
            user,
            page,
            2,
            min(event(n)["at"] for n in range(12) if n % 3 == user and "ab"[n % 2] == page),
        )
        for user in range(3)
        for page in "ab"
    ]


def test_looks_up_in_another_collection(
    events: Collection[Document], client: MongoClient[Document]
) -> None:
    client["d"]["users"].insert_many([{"_id": 0, "at": NOON}, {"_id": 1, "at": NOON}])
    plain = {"from": "users", "localField": "user", "foreignField": "_id", "as": "found"}
    by_pipeline = {
        "from": "users",
        "let": {"user": "$user"},
        "pipeline": [{"$match": {"$expr": {"$eq": ["$_id", "$$user"]}}}],
        "as": "found",
    }
    for lookup in (plain, by_pipeline):
        found = answer(
            events, {"$match": {"_id": {"$lt": 3}}}, {"$sort": {"_id": 1}}, {"$lookup": lookup}
        )
        assert [row["found"] for row in found] == [
            [{"_id": 0, "at": NOON}],
            [{"_id": 1, "at": NOON}],
            [],
        ]


def test_answers_several_pipelines_at_once(events: Collection[Document]) -> None:
    by_page = [{"$group": {"_id": "$page", "n": {"$sum": "$_id"}}}, {"$sort": {"_id": 1}}]
    assert answer(events, {"$facet": {"all": [{"$count": "n"}], "pages": by_page}}) == [
        {"all": [{"n": 12}], "pages": [{"_id": "a", "n": 30}, {"_id": "b", "n": 36}]}
    ]


def test_looks_at_the_event_before(events: Collection[Document]) -> None:
    windows = {
        "partitionBy": "$user",
        "sortBy": {"at": 1},
        "output": {
            "before": {"$shift": {"output": "$at", "by": -1}},
            "number": {"$documentNumber": {}},
            "so_far": {"$sum": "$_id", "window": {"documents": ["unbounded", "current"]}},
        },
    }
    found = answer(events, {"$setWindowFields": windows}, {"$match": {"user": 1}})
    assert [(row["_id"], row["before"], row["number"], row["so_far"]) for row in found] == [
        (1, None, 1, 1),
        (4, event(1)["at"], 2, 5),
        (7, event(4)["at"], 3, 12),
        (10, event(7)["at"], 4, 22),
    ]


def test_merges_into_another_database(
    events: Collection[Document], client: MongoClient[Document]
) -> None:
    into = client["e"].get_collection("merged", codec_options=events.codec_options)
    into.insert_many([{"_id": 1, "old": True}, {"_id": 99, "old": True}])
    merge = {"into": {"db": "e", "coll": "merged"}, "whenMatched": "replace"}
    assert answer(events, {"$match": {"user": 1}}, {"$merge": merge}) == []
    merged = [*map(event, (1, 4, 7, 10)), {"_id": 99, "old": True}]
    assert list(into.find(sort=[("_id", 1)])) == merged


def test_tells_distinct_values(events: Collection[Document]) -> None:
    assert sorted(events.distinct("_id")) == list(range(12))
    assert sorted(events.distinct("page", {"user": 1})) == ["a", "b"]
    assert sorted(events.distinct("at")) == [event(number)["at"] for number in range(12)]
    events.database["keys"].insert_many([{"_id": {"site": "edx", "n": n}} for n in range(2)])
    assert events.database["keys"].distinct("_id") == [{"site": "edx", "n": n} for n in range(2)]


def test_dates_stay_dates_on_their_way(events: Collection[Document]) -> None:
    first = {"_id": "$user", "at": {"$min": "$at"}, "all": {"$push": "$at"}}
    found = answer(
        events,
        {"$match": {"at": {"$gte": NOON + MILLISECOND, "$lt": NOON + 3 * MILLISECOND}}},
        {"$sort": {"at": 1}},
        {"$group": first},
        {
            "$project": {
                "at": 1,
                "all": 1,
                "type": {"$type": "$at"},
                "day": {"$dateToString": {"date": "$at", "format": "%Y-%m-%d"}},
                "second": {"$dateTrunc": {"date": "$at", "unit": "second"}},
            }
        },
        {"$sort": {"_id": 1}},
    )
    told = {"type": "date", "day": "2014-03-09", "second": NOON.replace(microsecond=0)}
    assert found == [
        {"_id": n, "at": event(n)["at"], "all": [event(n)["at"]], **told} for n in (1, 2)
    ]
    assert isinstance(found[0]["at"], datetime)


def test_subtracts_dates(events: Collection[Document], server: str) -> None:
    since = {"$project": {"since": {"$subtract": ["$at", NOON]}}}
    if server in ADDS_NO_DATES:
        with pytest.raises(OperationFailure, match="not supported"):
            answer(events, since)
        return
    assert answer(events, {"$match": {"_id": 7}}, since) == [{"_id": 7, "since": 7}]


@pytest.mark.parametrize("indexed", [False, True])
def test_finds_by_several_lists(events: Collection[Document], indexed: bool) -> None:
    if indexed:
        events.create_index([("user", ASCENDING), ("page", ASCENDING), ("at", ASCENDING)])
    dates = [event(number)["at"] for number in (0, 1, 4, 5, 6)]
    query = {"user": {"$in": [0, 1]}, "page": {"$in": ["a", "c"]}, "at": {"$in": dates}}
    assert sorted(row["_id"] for row in events.find(query)) == [0, 4, 6]
    assert events.count_documents(query) == 3
    both = {"$or": [{"user": 0, "page": "b"}, {"_id": {"$in": [2, 4, 99]}}]}
    assert sorted(row["_id"] for row in events.find(both)) == [2, 3, 4, 9]


@pytest.mark.parametrize("indexed", [False, True])
def test_finds_dates_by_the_millisecond(events: Collection[Document], indexed: bool) -> None:
    if indexed:
        events.create_index("at")
    between = {"at": {"$gt": NOON + MILLISECOND, "$lte": NOON + 3 * MILLISECOND}}
    assert sorted(row["_id"] for row in events.find(between)) == [2, 3]
    assert [row["_id"] for row in events.find({"at": NOON + 5 * MILLISECOND})] == [5]
    assert answer(events, {"$match": between}, {"$count": "n"}) == [{"n": 2}]
