"""The datasets of the sample's courses hold what the manifest knows of them."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from edx_assets.resources.store import Collection, Store
from edx_assets_tests.end_to_end.built import Built, databases

Row = dict[str, Any]
Answer = dict[str, dict[str, int]]


def summed(rows: list[Row], by: str, what: Callable[[Row], str], number: str = "") -> Answer:
    """How many rows there are, or the sum of a number, by a column and something else."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[str(row[by])][what(row)] += row[number] if number else 1
    return {one: dict(of) for one, of in found.items()}


def attempts(rows: list[Row]) -> Answer:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        of_learner = found[row["username"]]
        of_learner[row["module_id"]] = max(of_learner[row["module_id"]], row["attempts"])
    return {one: dict(of) for one, of in found.items()}


QUESTIONS: dict[str, tuple[str, Callable[[list[Row]], Answer]]] = {
    "activity_by_user_id_and_day": (
        "person_day",
        lambda rows: summed(rows, "user_id", lambda row: str(row["day"].date()), "nevents"),
    ),
    "enrolment_events_by_user_id": (
        "enrolment_events",
        lambda rows: summed(rows, "user_id", lambda row: row["event_type"].rpartition(".")[2]),
    ),
    "attempts_by_learner_and_problem": ("problem_check", attempts),
    "posts_by_author_and_type": (
        "forum_posts",
        lambda rows: summed(rows, "username", lambda row: _TYPES[row["slug_type"]]),
    ),
    "plays_by_video": (
        "video_day",
        lambda rows: summed(rows, "module_id", lambda _row: "plays", "nplay_video"),
    ),
}
_TYPES: dict[str, str] = {
    "initial_post": "CommentThread",
    "response_post": "Comment",
    "comment": "Comment",
}


def rows_of(store: Store, database: str, dataset: str) -> list[Row]:
    """A dataset's rows, with the username of each learner."""
    users = store.find(Collection(database, "auth_user"), {})
    names = {user["id"]: user["username"] for user in users}
    rows = store.find(Collection(database, dataset), {})
    return [{"username": names.get(row["user_id"]), **row} for row in rows]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_rows_are_the_manifests(built: Built, question: str) -> None:
    dataset, answer = QUESTIONS[question]
    for course, database in databases(built.manifest):
        found = answer(rows_of(built.store, database, dataset))
        assert found == course["answers"][question], database
    assert any(course["answers"][question] for course in built.manifest["courses"])


def test_the_problems_of_learners_are_the_manifests(built: Built) -> None:
    for course, database in databases(built.manifest):
        seen = summed(rows_of(built.store, database, "problem_grades"), "username", lambda _: "n")
        states = course["answers"]["states_by_learner_and_type"].items()
        assert seen == {name: {"n": of["problem"]} for name, of in states if "problem" in of}
        done = rows_of(built.store, database, "person_problem")
        # a state can be that of a submission before or after the course's window
        checked = [row for row in done if row["nchecks"]]
        attempts = course["answers"]["attempts_by_learner_and_problem"].items()
        assert summed(checked, "username", lambda row: row["module_id"]) == {
            name: dict.fromkeys(of, 1) for name, of in attempts
        }
    assert any(
        course["answers"]["states_by_learner_and_type"] for course in built.manifest["courses"]
    )
