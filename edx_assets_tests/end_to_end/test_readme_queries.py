"""The queries that the README shows, as they stand there, on the sample, against the manifest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from edx_assets.loading.ledger import MASTER
from edx_assets_tests.end_to_end.built import Built, databases

_README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"```js\n(.*?)```", re.DOTALL)
_QUERY = re.compile(r"^db\.(\w+)\.(find|aggregate)\((.*?)\)(\.\S.*)?$", re.DOTALL)
_KEY = re.compile(r"([{,]\s*)([$\w]+):")


def queries() -> list[str]:
    """The statements of the README's block of queries, without comments."""
    [block] = _BLOCK.findall(_README.read_text(encoding="utf-8"))
    text = re.sub(r"\s*//.*", "", block)
    return [text.strip() for text in re.split(r"\n(?=db\.|use )", text) if text.startswith("db.")]


def the_query(collection: str, part: str = "") -> tuple[str, list[Any]]:
    """The one query on a collection that has a part: `find` or `aggregate`, and its arguments."""
    [found] = [text for text in queries() if f"db.{collection}." in text and part in text]
    matched = _QUERY.match(found)
    assert matched, found
    _collection, kind, arguments, _rest = matched.groups()
    return kind, json.loads("[" + _KEY.sub(r'\1"\2":', arguments) + "]")


@pytest.fixture
def client(built: Built, mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield client


@pytest.fixture
def courses(
    built: Built, client: MongoClient[dict[str, Any]]
) -> list[tuple[dict[str, Any], Database[dict[str, Any]]]]:
    """What the manifest says of each course's answers, and the course's database."""
    return [(course["answers"], client[name]) for course, name in databases(built.manifest)]


def test_every_query_is_held_against_the_manifest_here() -> None:
    assert [_QUERY.match(text)[1] for text in queries()] == [  # type: ignore[index]
        "tracking",
        "tracking",
        "student_courseenrollment",
        "problem_check",
        "person_course",
        "learners",
        "imports",
        "quarantine",
    ]


def test_the_most_played_videos(courses: list[Any]) -> None:
    kind, [pipeline] = the_query("tracking", "play_video")
    assert kind == "aggregate"
    for answers, database in courses:
        plays = {video: each["plays"] for video, each in answers["plays_by_video"].items()}
        found = list(database["tracking"].aggregate(pipeline))
        assert [row["plays"] for row in found] == sorted(plays.values(), reverse=True)[:10]
        assert all(plays[row["_id"]] == row["plays"] for row in found)
    assert any(answers["plays_by_video"] for answers, _database in courses)


def test_a_learners_path(courses: list[Any]) -> None:
    kind, [query] = the_query("tracking", ".sort({timestamp: 1})")
    assert kind == "find"
    for answers, database in courses:
        for username, days in answers["events_by_learner_and_day"].items():
            found = database["tracking"].find(query | {"username": username})
            moments = [event["timestamp"] for event in found.sort({"timestamp": 1})]
            assert moments == sorted(moments)
            assert len(moments) == sum(days.values())


def test_the_number_of_verified_learners(courses: list[Any]) -> None:
    _kind, [query] = the_query("student_courseenrollment", ".count()")
    for answers, database in courses:
        found = database["student_courseenrollment"].count_documents(query)
        assert found == answers["enrolled_as_verified"]
    assert any(answers["enrolled_as_verified"] for answers, _database in courses)


def test_the_attempts_by_learner_and_problem(courses: list[Any]) -> None:
    _kind, [pipeline] = the_query("problem_check")
    for answers, database in courses:
        names = {each["_id"]: each["username"] for each in database["learners"].find()}
        found = {
            (names[row["_id"]["user"]], row["_id"]["problem"]): row["attempts"]
            for row in database["problem_check"].aggregate(pipeline)
        }
        assert found == {
            (username, problem): attempts
            for username, problems in answers["attempts_by_learner_and_problem"].items()
            for problem, attempts in problems.items()
        }
    assert any(answers["attempts_by_learner_and_problem"] for answers, _database in courses)


def test_the_completers_by_country(courses: list[Any]) -> None:
    """The sample's addresses are in no country."""
    _kind, [pipeline] = the_query("person_course")
    for answers, database in courses:
        learners = database["learners"].count_documents({})
        completed = len(answers["downloadable_certificates"])
        [row] = database["person_course"].aggregate(pipeline)
        assert row == {"_id": None, "learners": learners, "completed": completed}
    assert any(answers["downloadable_certificates"] for answers, _database in courses)


def test_the_learners_with_a_certificate(courses: list[Any]) -> None:
    _kind, [query, fields] = the_query("learners")
    for answers, database in courses:
        found = list(database["learners"].find(query, fields))
        grades = {each["username"]: each["certificate"]["grade"] for each in found}
        assert grades == answers["downloadable_certificates"]
        assert all(len(each["hash_id"]) == 32 for each in found)
    assert any(answers["downloadable_certificates"] for answers, _database in courses)


def test_the_files_with_rejected_lines(built: Built, client: MongoClient[dict[str, Any]]) -> None:
    _kind, [query, fields] = the_query("imports")
    found = {each["file"]: each for each in client[MASTER]["imports"].find(query, fields)}
    expected = {file["file"]: file for file in built.manifest["files"] if file["rejected"]}
    assert found.keys() == expected.keys()
    for name, file in expected.items():
        assert found[name]["reasons"] == file["rejected_by_reason"]
        assert (found[name]["lines"], found[name]["rejected"]) == (file["lines"], file["rejected"])
    assert expected


def test_the_lines_that_are_not_json(built: Built, client: MongoClient[dict[str, Any]]) -> None:
    _kind, [query] = the_query("quarantine")
    found = list(client[MASTER]["quarantine"].find(query))
    rejected = [file["rejected_by_reason"] for file in built.manifest["files"]]
    assert len(found) == sum(reasons.get("not_json", 0) for reasons in rejected)
    assert all(each["raw"] and each["line"] and each["load_file"] for each in found)
