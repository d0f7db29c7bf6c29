"""The sample's database tables, as edX's mysql client wrote them until November 2015."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.events import Event
from edx_assets.local.sample.history import Enrolment
from edx_assets.local.sample.people import Learner

Cell = str | int | float | datetime | date | None

HEADERS = {
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
_WITH_STATE = ("problem", "video", "sequential")


def make_tables(
    course: Course, enrolments: list[Enrolment], events: list[Event], until: datetime
) -> dict[str, list[list[Cell]]]:
    """The rows of a course's tables at a point in time, by table.

    Args:
        course: the course.
        enrolments: the course's enrolments.
        events: the course's events, in any order; learners' states are derived from them.
        until: the time of the export (UTC).
    """
    taken = [enrolment for enrolment in enrolments if enrolment.created < until]
    learners = [enrolment.learner for enrolment in taken]
    _start, end = course.window
    certified = taken if end else []
    return {
        "auth_user": [_user(enrolment, until) for enrolment in taken],
        "auth_userprofile": [_profile(learner) for learner in learners],
        "student_courseenrollment": [_enrolment(enrolment, until) for enrolment in taken],
        "certificates_generatedcertificate": [
            _certificate(enrolment, over=end is not None and end <= until)
            for enrolment in certified
        ],
        "user_id_map": [[person.hash_id, person.id, person.username] for person in learners],
        "courseware_studentmodule": _states(course, (e for e in events if e.time < until)),
    }


def written(table: str, rows: Iterable[list[Cell]]) -> bytes:
    """A table's file: a header and rows, with cells separated by tabs and LF line ends."""
    header = HEADERS[table].split()
    lines = [header, *([escaped(cell) for cell in row] for row in rows)]
    return "".join("\t".join(cells) + "\n" for cells in lines).encode()


def escaped(cell: Cell) -> str:
    """A cell in mysql's batch mode: NULL by name; backslash, tab, LF and NUL as two characters.

    A CR stays raw, and quotes have no special meaning.
    Source: https://dev.mysql.com/doc/refman/5.6/en/mysql-command-options.html (`--batch`).
    """
    if cell is None:
        return "NULL"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    text = str(cell).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return text.replace("\0", "\\0")


def _user(enrolment: Enrolment, until: datetime) -> list[Cell]:
    learner = enrolment.learner
    seen = min(max(enrolment.created, learner.joined), until)
    known: list[Cell] = [learner.id, learner.username, "", "", f"{learner.username}@mail.example"]
    return [*known, "", 0, 1, 0, seen, learner.joined, *[None] * 11]


def _profile(learner: Learner) -> list[Cell]:
    meta = json.dumps({"session_id": None, "old_names": [[learner.name, 'née "X"', "2013-01-01"]]})
    row: list[Cell] = [learner.id + 11, learner.id, learner.name, "", "", meta, "course.xml"]
    row += [learner.gender, None, learner.birth, learner.education, learner.goals]
    return [*row, learner.country, learner.city, learner.bio, None, None]


def _enrolment(enrolment: Enrolment, until: datetime) -> list[Cell]:
    left = enrolment.left is not None and enrolment.left < until
    learner = enrolment.learner
    spelled = enrolment.course.spelled
    return [learner.id * 3, learner.id, spelled, enrolment.created, int(not left), enrolment.mode]


def _certificate(enrolment: Enrolment, over: bool) -> list[Cell]:
    learner, course = enrolment.learner, enrolment.course
    grade = learner.id * 37 % 101 / 100
    status = ("downloadable" if grade >= 0.6 else "notpassing") if over else "unavailable"
    row: list[Cell] = [learner.id * 5, learner.id, "", grade, course.spelled, "", 0, status]
    made = enrolment.created
    return [*row, "", "", learner.name, made, made, "", enrolment.mode]


def _states(course: Course, events: Iterable[Event]) -> list[list[Cell]]:
    """One row per learner and block with events, dated by the first and the last of them."""
    found: dict[tuple[int, str], list[Event]] = {}
    for event in sorted(events, key=lambda event: event.time):
        block = course.structure.get(event.about or "")
        if event.about and block and block["category"] in _WITH_STATE:
            found.setdefault((event.learner, event.about), []).append(event)
    rows: list[list[Cell]] = []
    for number, ((learner, key), seen) in enumerate(found.items(), 1):
        category = course.structure[key]["category"]
        verdicts = [event.fields["event"] for event in seen if _is_verdict(event)]
        last: dict[str, Any] = verdicts[-1] if verdicts else {}
        cells: list[Cell] = [number, category, key, learner, json.dumps(_state(category, last))]
        cells += [last.get("grade"), seen[0].time, seen[-1].time, last.get("max_grade")]
        rows.append([*cells, "na", course.spelled])
    return rows


def _is_verdict(event: Event) -> bool:
    kind = (event.fields["event_type"], event.fields["event_source"])
    return kind == ("problem_check", "server")


def _state(category: str, verdict: dict[str, Any]) -> dict[str, Any]:
    if category == "video":
        return {"saved_video_position": "00:01:30", "speed": "1.0"}
    if category == "sequential":
        return {"position": 2}
    if not verdict:
        return {"seed": 1}
    correct_map = {
        name: {**told, "msg": '<p class="message">Check\tthe units.\n</p>'}
        for name, told in verdict["correct_map"].items()
    }
    return {
        "seed": 1,
        "attempts": verdict["attempts"],
        "done": True,
        "student_answers": verdict["answers"],
        "correct_map": correct_map,
    }
