"""A course whose tables mention its learners, in fields of identifiers and in texts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import ObjectId

from edx_assets.edx.personal import Identity
from edx_assets.exports.course import export_course
from edx_assets.exports.formats import Format
from edx_assets.exports.pseudonyms.scope import Scope
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.exports.held import KEY, course, hold

AT = datetime(2014, 2, 3, 10, tzinfo=UTC)
HASH, ANONYMOUS, SESSION = "ab12" * 8, "cd34" * 8, "ef56" * 8
BLOCK = "block-v1:TestX+T101+2014+type@problem+block@" + "9" * 32
IDENTIFIERS = [
    "mary_b",
    "janedoe",
    "mary@x.example",
    "Mary Smith",
    "Smith, Mary",
    "192.0.2.7",
    HASH,
    ANONYMOUS,
    SESSION,
    "700007",
]
"""All of Mary's, as raw bytes would have them."""

USERS = [
    {
        "_id": 1,
        "id": 700007,
        "username": "mary_b",
        "first_name": "Mary",
        "last_name": "Smith",
        "email": "mary@x.example",
        "date_joined": AT,
        "is_active": 1,
        "surprise": "mary_b",
    },
    {"_id": 2, "id": 700008, "username": "problem", "email": "jo@x.example", "is_active": 1},
    {"_id": 3, "id": 700009, "username": "janedoe", "email": "", "is_active": 1},
]
PROFILES = [
    {
        "_id": 1,
        "id": 17,
        "user_id": 700007,
        "name": "Mary Smith",
        "meta": json.dumps({"old_names": [["Mary Smith"]]}),
        "meta_parsed": {"old_names": [["Mary Smith"]], "n": 7},
        "goals": "be mary_b",
        "year_of_birth": 1980,
    }
]
POSTS: list[dict[str, Any]] = [
    {
        "_id": ObjectId("50f1dd4ae05f6d2600000001"),
        "author_id": "700008",
        "author_username": "problem",
        "title": "A problem",
        "body": "@MARY_B, thanks.\nWrite to mary@x.example or janedoe; see /users/700007/ and"
        ' <b>Smith, Mary</b>. A problem of "problem", says @problem',
        "votes": {"up": ["700007"], "count": 1},
    }
]
EVENTS: list[dict[str, Any]] = [
    {
        "_id": ObjectId("50f1dd4ae05f6d260000000a"),
        "username": "mary_b",
        "user_id": 700007,
        "session": SESSION,
        "ip": "192.0.2.7",
        "agent": "Mozilla/5.0",
        "event_type": "/courses/x/discussion/forum/users/700007/followed?by=mary%40x.example",
        "module_id": BLOCK,
        "context": {"user_id": "700007", "username": "mary_b", "unknown": ["by mary_b"]},
        "event": {
            "student": "mary_b",
            "anonymous_student_id": ANONYMOUS,
            "mary_b": 1,
            "POST": {"body": [json.dumps({"text": "I am\nmary_b", "user_id": 700007})]},
            "cut": '{"username": "problem", "user_id": 700007, "x',
            "answer": "problem",
        },
    },
    {"_id": ObjectId("50f1dd4ae05f6d260000000b"), "username": "", "user_id": None, "event": {}},
]
STRUCTURE = [{"_id": BLOCK, "category": "problem", "metadata": {"display_name": "A problem"}}]


def hold_course(store: Store, key: str = KEY) -> None:
    """The course, its tables and its documents."""
    course(store, key)
    hold(store, "auth_user", USERS, key)
    hold(store, "auth_userprofile", PROFILES, key)
    ids = [{"_id": 1, "hash_id": HASH, "user_id": 700007, "username": "mary_b"}]
    hold(store, "user_id_map", ids, key)
    hold(store, "forum", POSTS, key)
    hold(store, "tracking", EVENTS, key)
    hold(store, "course_structure", STRUCTURE, key)
    hold(store, "mystery", [{"_id": 1, "who": "mary_b"}], key)


def export(
    store: Store,
    storage: Storage,
    to: Path,
    form: Format = Format.PARQUET,
    scope: Scope | None = None,
    course: str = KEY,
    only: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The manifest of a pseudonymised export."""
    _target, manifest = export_course(store, storage, course, to, form, {}, only, scope or Scope())
    return manifest


def pseudonym(storage: Storage, identity: Identity, value: str, course: str = KEY) -> str:
    """What an identifier is replaced by in a course's own scope."""
    return Scope().pseudonyms(storage, course).of_text(identity, value)
