"""Questions that researchers ask of a course, by the server's own queries, against the manifest."""

from typing import Any

import pytest
from pymongo import MongoClient

from edx_assets_tests.end_to_end.built import Built, databases

Pipeline = list[dict[str, Any]]

_DAY = {"$dateToString": {"format": "%Y-%m-%d", "date": "$timestamp"}}
_VIDEOS = {
    "from": "course_structure",
    "localField": "module_id",
    "foreignField": "_id",
    "as": "block",
}
_USERNAMES = {
    "from": "user_id_map",
    "localField": "student_id",
    "foreignField": "user_id",
    "as": "learner",
}


def grouped(learner: Any, by: Any, number: Any) -> Pipeline:
    """Groups by a learner and something else."""
    return [{"$group": {"_id": {"learner": learner, "by": by}, "n": number}}]


QUESTIONS: dict[str, tuple[str, Pipeline]] = {
    "events_by_learner_and_day": ("tracking", grouped("$username", _DAY, {"$sum": 1})),
    "events_by_learner_and_video": (
        "tracking",
        [
            {"$match": {"module_id": {"$exists": True}}},
            {"$lookup": _VIDEOS},
            {"$match": {"block.category": "video"}},
            *grouped("$username", "$module_id", {"$sum": 1}),
        ],
    ),
    "attempts_by_learner_and_problem": (
        "tracking",
        [
            {"$match": {"event_type": "problem_check", "event_source": "server"}},
            *grouped("$username", "$event.problem_id", {"$max": "$event.attempts"}),
        ],
    ),
    "states_by_learner_and_type": (
        "courseware_studentmodule",
        [
            {"$lookup": _USERNAMES},
            {"$unwind": "$learner"},
            *grouped("$learner.username", "$module_type", {"$sum": 1}),
        ],
    ),
    "posts_by_author_and_type": (
        "forum",
        grouped("$author_username", "$_type", {"$sum": 1}),
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_the_manifests(built: Built, mongo_uri: str, question: str) -> None:
    collection, pipeline = QUESTIONS[question]
    answered = 0
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        for course, database in databases(built.manifest):
            found: dict[str, dict[str, int]] = {}
            for row in client[database][collection].aggregate(pipeline):
                found.setdefault(row["_id"]["learner"], {})[row["_id"]["by"]] = row["n"]
            assert found == course["answers"][question], database
            answered += len(found)
    assert answered > len(built.manifest["courses"])
