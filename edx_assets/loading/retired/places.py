"""The databases that can hold learners of courses, and whether they do.

What is done in them belongs in `retirement`.
"""

from dataclasses import dataclass

from edx_assets.edx.collections import ENROLMENTS, FORUM, TRACKING
from edx_assets.edx.identifiers import Identifiers
from edx_assets.loading.ledger import LOADS
from edx_assets.loading.registry import registered_courses
from edx_assets.resources.store import Collection, Store


@dataclass(frozen=True)
class Place:
    """A database that can hold a course's learners; `own` is not of an older package."""

    database: str
    partition: str
    course_key: str
    own: bool


def places_of(store: Store) -> list[Place]:
    """Every database that a course has, or had for an older package."""
    courses = {course["database"]: course for course in registered_courses(store)}
    places = []
    for database in store.databases():
        names = [name for name in courses if database.startswith(f"{name}_")]
        name = database if database in courses else max(names, key=len, default="")
        if name and (database == name or LOADS in store.collections(database)):
            course = courses[name]
            places.append(Place(database, course["_id"], course["course_key"], database == name))
    return places


def holds(store: Store, place: Place, learners: Identifiers) -> bool:
    """Whether a database has anything of learners, by the indexes."""
    ids, names = sorted(learners.user_ids), sorted(learners.usernames)
    asked = {
        TRACKING: ["user_id", "username"],
        ENROLMENTS: ["user_id"],
        FORUM: ["author_id"],
        "auth_user": ["id", "username"],
        "user_id_map": ["user_id", "username"],
        "student_courseaccessrole": ["user_id"],
    }
    return any(
        True
        for name, fields in asked.items()
        for field_ in fields
        for _found in store.find(
            Collection(place.database, name),
            {field_: {"$in": names if field_ == "username" else ids}},
            fields=[],
        )
    )
