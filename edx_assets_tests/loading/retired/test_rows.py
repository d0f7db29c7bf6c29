"""Learners retired from courses' databases: as if the package had been loaded without them."""

import json
from typing import Any

import pytest

from edx_assets.edx.identifiers import Identifiers
from edx_assets.loading.courses.collection import load_collection
from edx_assets.loading.ledger import COURSE_LOADS, LOADS
from edx_assets.loading.retired.retirement import look, remaining, retire
from edx_assets.resources import lock
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    collection,
    gnupg_of,
    members,
)
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal

DAY = "2014-02-09"
MARY = Identifiers(user_ids=frozenset([9]), usernames=frozenset(["mary_b"]))
ANONYMOUS = "0123456789abcdef0123456789abcdef"
OLDER = f"{DATABASE}_20140202"


def table(*rows: str) -> bytes:
    """A table: header and rows, with `|` for each tab."""
    return "".join(f"{row}\n" for row in rows).replace("|", "\t").encode()


def posts(*made: dict[str, Any]) -> bytes:
    """The forum's file."""
    lines = (
        {"_id": {"$oid": f"{number:024x}"}, "_type": "Comment", **post}
        for number, post in enumerate(made, 1)
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


TABLES = {
    "auth_user": table("id|username|email", "7|ana|a@x", "9|mary_b|mary@example.org", "9|mary_b"),
    "auth_userprofile": table("id|user_id|name|bio", "1|7|Ana|like 9", "44|9|Mary Blue|hi"),
    "student_courseenrollment": table("id|user_id|mode", "1|7|honor", "2|9|honor", "9|7|audit"),
    "user_id_map": table("hash_id|id|username", "abc|7|ana", f"{ANONYMOUS}|9|mary_b"),
    "student_languageproficiency": table("id|user_profile_id|code", "1|1|en", "2|44|fr"),
    "student_anonymoususerid": table(
        "id|user_id|anonymous_user_id|course_id", f"1|9|f{ANONYMOUS[1:]}|c", "2|7|aa|c"
    ),
    "submissions_studentitem": table("id|student_id", f"31|{ANONYMOUS}", "32|abc"),
    "submissions_submission": table(
        "id|uuid|student_item_id|raw_answer", '1|u1|31|{"t": "x"}', '2|u2|32|{"t": "as Mary_B"}'
    ),
    "submissions_score": table("id|student_item_id|points_earned", "1|31|5", "2|32|9"),
    "workflow_assessmentworkflow": table("id|submission_uuid", "5|u1", "6|u2"),
    "workflow_assessmentworkflowstep": table("id|workflow_id", "1|5", "2|6"),
    "assessment_assessment": table(
        "id|submission_uuid|scorer_id|feedback", f"1|u2|{ANONYMOUS}|good", "2|u1|abc|well"
    ),
    "wiki_article": table("id|owner_id", "1|9", "2|7"),
    "forum": posts(
        {"author_id": "9", "author_username": "mary_b", "body": "I say", "title": "T"},
        {"author_id": "7", "body": "@mary_b, see mary@example.org", "votes": {"up": ["9", "7"]}},
        {"author_id": "7", "body": "nothing of 9"},
    ),
}


def load(store: Store, testx: Institution, rebuild: bool = False, day: str | None = None) -> None:
    storage, gnupg = Storage(place=str(testx.folder / "files")), gnupg_of(testx)
    for name in TABLES:
        load_collection(store, storage, gnupg, COURSE, name, day, rebuild=rebuild)


def state(store: Store, database: str = DATABASE) -> dict[str, Any]:
    """What a course's database holds, and what the ledger says of it."""
    found: dict[str, Any] = {}
    for name in (*TABLES, "quarantine"):
        documents = store.find(Collection(database, name), {})
        found[name] = sorted(documents, key=lambda each: str(each["_id"]))
    for noted in (COURSE_LOADS, Collection(database, LOADS)):
        found[noted.name] = {
            each["_id"]: {
                name: each.get(name, 0)
                for name in ("rows", "documents", "duplicates", "rejected", "retired", "source")
            }
            for each in store.find(noted, {})
        }
    return found


def delivered(testx: Institution, *days: str) -> None:
    for day in days:
        testx.deliver_package(day, members(**TABLES))
    testx.run("packages/delivered")
    for day in days:
        testx.run("packages/database_package", "packages/course_files", partition=day)


def ignore(_told: str) -> None:
    """Progress that nobody watches."""


@pytest.mark.parametrize("mode", ["delete", "pseudonymise"])
def test_a_learner_is_retired_as_if_the_package_were_loaded_again(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("EDX_RETIRE", mode)
    storage = Storage(place=str(testx.folder / "files"))
    delivered(testx, "2014-02-02", DAY)
    load(store, testx)
    load(store, testx, day="2014-02-02")
    done = retire(store, storage, "list.csv", MARY, ignore)
    for database in (DATABASE, OLDER):
        in_place = state(store, database)
        told = repr(in_place).lower()
        for word in ("mary_b", "mary blue", "mary@example.org", ANONYMOUS, f"f{ANONYMOUS[1:]}"):
            assert word not in told, word
        for entry in in_place[LOADS].values():
            others = entry["duplicates"] + entry["rejected"] + entry["retired"]
            assert entry["rows"] == entry["documents"] + others
        load(store, testx, rebuild=True, day=None if database == DATABASE else "2014-02-02")
        assert state(store, database) == in_place
    assert not remaining(store, storage, done, ignore, {}).found


def test_rows_of_the_learner_go_and_those_that_others_build_on_stay(
    testx: Institution, store: Store
) -> None:
    storage = Storage(place=str(testx.folder / "files"))
    delivered(testx, DAY)
    load(store, testx)
    retire(store, storage, "list.csv", MARY, ignore)
    left = {name: [row.get("id") for row in collection(store, name)] for name in TABLES}
    assert left == {
        "auth_user": [7],
        "auth_userprofile": [1],
        "student_courseenrollment": [1, 9],
        "user_id_map": [None],
        "student_languageproficiency": [1],
        "student_anonymoususerid": [2],
        "submissions_studentitem": [32],
        "submissions_submission": [2],
        "submissions_score": [2],
        "workflow_assessmentworkflow": [6],
        "workflow_assessmentworkflowstep": [2],
        "assessment_assessment": [1, 2],
        "wiki_article": [1, 2],
        "forum": [None, None, None],
    }
    assert collection(store, "quarantine") == []
    first, second, third = collection(store, "forum")
    assert (first["body"], first["title"], first["author_id"]) == ("", "", None)
    assert second["body"] == "@[retired], see [retired]"
    assert second["votes"] == {"up": [7]}
    assert third["body"] == "nothing of 9"
    assert [row["owner_id"] for row in collection(store, "wiki_article")] == [None, 7]


def test_what_is_found_of_a_learner_is_told_before_anything_is_written(
    testx: Institution, store: Store
) -> None:
    delivered(testx, DAY)
    load(store, testx)
    before = state(store)
    found = look(store, MARY, ignore).found
    assert found[f"{DATABASE}.auth_user"] == {"go": 1, "lines": 1}
    assert found[f"{DATABASE}.forum"] == {"change": 2}
    assert state(store) == before
    storage = Storage(place=str(testx.folder / "files"))
    assert retire(store, storage, "list.csv", MARY, ignore).found == found


def test_a_late_package_and_tables_in_any_order_do_not_bring_a_learner_back(
    testx: Institution, store: Store
) -> None:
    storage, gnupg = Storage(place=str(testx.folder / "files")), gnupg_of(testx)
    retire(store, storage, "list.csv", MARY, ignore)
    delivered(testx, DAY)
    for name in reversed(TABLES):
        load_collection(store, storage, gnupg, COURSE, name)
    late = state(store)
    told = repr(late).lower()
    for word in ("mary_b", "mary blue", "mary@example.org", ANONYMOUS, f"f{ANONYMOUS[1:]}"):
        assert word not in told, word
    assert [row["id"] for row in late["student_languageproficiency"]] == [1]
    assert [row["id"] for row in late["workflow_assessmentworkflowstep"]] == [2]
    load(store, testx, rebuild=True)
    assert state(store) == late


def test_a_retirement_killed_at_any_write_is_gone_on_with(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    storage = Storage(place=str(testx.folder / "files"))
    delivered(testx, DAY)
    load(store, testx)
    retire(store, storage, "list.csv", MARY, ignore)
    right = state(store)
    for writes in range(2, 200, 7):
        store.drop(Collection("tracking_logs", "retired"))
        store.drop(Collection("tracking_logs", "retirements"))
        load(store, testx, rebuild=True)
        assert state(store) != right
        try:
            retire(Mortal(store, writes), storage, "list.csv", MARY, ignore)
        except Killed:
            retire(store, storage, "list.csv", MARY, ignore)
            load(store, testx)  # what was being changed is loaded again, as it is due
            assert state(store) == right, writes
        else:
            break
    assert writes > 50
