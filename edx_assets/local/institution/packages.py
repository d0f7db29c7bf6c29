"""The sample's database packages: tables, forum and structure of each course as of a date."""

import json
from datetime import date, datetime, time, timedelta
from hashlib import md5
from random import Random
from typing import Any

from edx_assets.local.institution.blocks import Course
from edx_assets.local.institution.people import Learner

Enrolment = tuple[Learner, datetime]
Cell = str | int | float | None

_HEADERS = {
    "auth_user": "id username first_name last_name email password is_staff is_active is_superuser"
    " last_login date_joined status email_key avatar_type country show_country date_of_birth"
    " interesting_tags ignored_tags email_tag_filter_strategy display_tag_filter_strategy"
    " consecutive_days_visit_count",
    "auth_userprofile": "id user_id name language location meta courseware gender mailing_address"
    " year_of_birth level_of_education goals country city bio profile_image_uploaded_at state",
    "student_courseenrollment": "id user_id course_id created is_active mode",
    "certificates_generatedcertificate": "id user_id download_url grade course_id key distinction"
    " status verify_uuid download_uuid name created_date modified_date error_reason mode",
    "user_id_map": "hash_id id username",
    "courseware_studentmodule": "id module_type module_id student_id state grade created modified"
    " max_grade done course_id",
}


def course_members(
    course: Course, enrolments: list[Enrolment], day: date, with_certificates: bool
) -> tuple[dict[str, bytes], dict[str, int]]:
    """A course's files in the package of a day, and the documents that each should become."""
    taken = [(who, at) for who, at in enrolments if at.date() < day]
    rows: dict[str, list[list[Cell]]] = {
        "auth_user": [_user(who, at) for who, at in taken],
        "auth_userprofile": [_profile(who) for who, _at in taken],
        "student_courseenrollment": [_enrolment(course, who, at) for who, at in taken],
        "certificates_generatedcertificate": [
            _certificate(course, who, day) for who, _at in taken if with_certificates
        ],
        "user_id_map": [[_hash(who), who.id, who.username] for who, _at in taken],
        "courseware_studentmodule": [_state(course, who, at) for who, at in taken],
    }
    posts = [
        _post(course, who, at, number) for number, (who, at) in enumerate(taken) if number % 5 != 0
    ]
    site = "prod-analytics" if course.site == "edx" else "prod-edge-analytics"
    forum = "prod" if course.site == "edx" else "edge"
    members = {
        f"{course.prefix}-{table}-{site}.sql": _table(table, cells) for table, cells in rows.items()
    }
    members[f"{course.prefix}-{forum}.mongo"] = b"".join(
        json.dumps(post).encode() + b"\n" for post in posts
    )
    members[f"{course.prefix}-course_structure-{site}.json"] = json.dumps(course.blocks).encode()
    categories = [block["category"] for block in course.blocks.values()]
    spliced = categories.count("conditional") + categories.count("wrapper")
    documents = {table: len(cells) for table, cells in rows.items()}
    documents |= {"forum": len(posts), "course_structure": len(course.blocks) - spliced}
    return members, documents


def _table(table: str, rows: list[list[Cell]]) -> bytes:
    """A table as the mysql client wrote it in batch mode."""
    header = _HEADERS[table].split()
    lines = ["\t".join(header), *("\t".join(map(_cell, row)) for row in rows)]
    assert all(len(row) == len(header) for row in rows)  # noqa: S101 - the sample's own mistake
    return "".join(line + "\n" for line in lines).encode()


def _cell(value: Cell) -> str:
    if value is None:
        return "NULL"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _user(who: Learner, at: datetime) -> list[Cell]:
    known: list[Cell] = [who.id, who.username, "", "", f"{who.username}@mail.example", ""]
    return [*known, 0, 1, 0, f"{at:%Y-%m-%d %H:%M:%S}", "2013-09-01 08:00:00", *[None] * 11]


def _profile(who: Learner) -> list[Cell]:
    meta = json.dumps({"old_names": [[who.name, 'a "reason"', "2013-01-01T00:00:00"]]})
    bio = None if who.bio == "NULL" else who.bio
    born = 1950 + who.id % 50
    return [
        *(who.id + 1, who.id, who.name, "", "", meta, "course.xml", "f" if who.id % 2 else "m"),
        *(None, born, "b", "To learn", "CA", "Montréal", bio, None, None),
    ]


def _enrolment(course: Course, who: Learner, at: datetime) -> list[Cell]:
    return [who.id * 3, who.id, course.told, f"{at:%Y-%m-%d %H:%M:%S}", 1, "honor"]


def _certificate(course: Course, who: Learner, day: date) -> list[Cell]:
    passed = who.id % 3 == 0
    status = "downloadable" if passed else "notpassing"
    at = f"{day} 06:00:00"
    return [
        *(who.id * 5, who.id, "", 0.83 if passed else 0.12, course.told, "", 0, status, "", ""),
        *(who.name, at, at, "", "honor"),
    ]


def _state(course: Course, who: Learner, at: datetime) -> list[Cell]:
    name = course.leaves["problem"][who.id % len(course.leaves["problem"])]
    state = json.dumps({"attempts": 1, "student_answers": {"x_2_1": 'say "a"'}})
    moment = f"{at:%Y-%m-%d %H:%M:%S}"
    key = course.usage("problem", name)
    return [who.id * 11, "problem", key, who.id, state, 1.0, moment, moment, 1.0, "na", course.told]


def _post(course: Course, who: Learner, at: datetime, number: int) -> dict[str, Any]:
    """A thread, or a comment on it; `$date` in each of its three forms in turn."""
    milliseconds = int(at.timestamp() * 1000)
    iso = f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
    forms: list[Any] = [milliseconds, iso, {"$numberLong": str(milliseconds)}]
    moment = {"$date": forms[number % 3]}
    thread = {"$oid": f"{course.site == 'edge':01x}{number // 2:023x}"}
    shared = {
        "_id": {"$oid": _digest(f"{course.site}{course.key}{number}")[:24]},
        "author_id": str(who.id),
        "author_username": who.username,
        "body": "Où est le cours?\nMerci",
        "course_id": course.told,
        "created_at": moment,
        "updated_at": moment,
        "votes": {"up": [], "down": [], "up_count": 0, "down_count": 0, "count": 0, "point": 0},
        "visible": True,
    }
    if number % 2:
        return {**shared, "_type": "Comment", "comment_thread_id": thread, "endorsed": False}
    return {**shared, "_type": "CommentThread", "title": "A question", "thread_type": "question"}


def _hash(who: Learner) -> str:
    return _digest(f"salt{who.id}")


def _digest(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def enrol(learners: list[Learner], start: date, days: int, random: Random) -> list[Enrolment]:
    """Learners' enrolments in a course, over its first days."""
    begin = datetime.combine(start, time())
    moments = [
        begin.replace(hour=random.randrange(24), minute=random.randrange(60))
        for _learner in learners
    ]
    return [
        (who, moment + timedelta(days=random.randrange(days)))
        for who, moment in zip(learners, moments, strict=True)
    ]
