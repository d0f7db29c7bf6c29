"""`person_course`: its names, by hand, and against plain Python where a source is missing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.datasets.definition import datasets
from edx_assets.edx.course_structure import read_blocks
from edx_assets.resources.geoip import GeoIp
from edx_assets_tests.datasets import plain_course
from edx_assets_tests.datasets.made import as_made, made
from edx_assets_tests.datasets.plain import Event, Row
from edx_assets_tests.datasets.test_against_plain import GAPS, START, TYPES
from edx_assets_tests.datasets.test_course_axis import COURSE, block, usage
from edx_assets_tests.datasets.test_persons import DOWNLOADED, LAPTOP, PHONE, SHOWN
from edx_assets_tests.mmdb import write_mmdb

NAMES = """
    course_id user_id username registered viewed explored certified completed ip cc_by_ip
    countryLabel continent city region subdivision postalCode un_major_region un_economic_group
    un_developing_nation un_special_region latitude longitude LoE YoB gender grade passing_grade
    start_time first_event last_event nevents ndays_act nplay_video nchapters nforum_posts
    nforum_votes nforum_endorsed nforum_threads nforum_comments nforum_pinned roles nprogcheck
    nproblem_check nforum_events mode is_active cert_created_date cert_modified_date cert_status
    verified_enroll_time verified_unenroll_time profile_country y1_anomalous email_domain language
    language_download language_nevents language_ndiff ntranscript nshow_answer nvideo
    nvideos_unique_viewed nvideos_total_watched nseq_goto nseek_video npause_video avg_dt sdv_dt
    max_dt n_dt sum_dt roles_isBetaTester roles_isInstructor roles_isStaff roles_isCCX
    roles_isFinance roles_isLibrary roles_isSales forumRoles_isAdmin forumRoles_isCommunityTA
    forumRoles_isModerator forumRoles_isStudent
"""
ESTABLISHED = set(NAMES.split())
LEFT_OUT = {"y1_anomalous"}
COUNTRIES = {"192.0.2.1": "CA", "198.51.100.1": "PE"}
SOURCES = (
    "courseware_studentmodule",
    "course_structure",
    "course_export",
    "grades_persistentcoursegrade",
    "forum",
    "student_courseaccessrole",
    "django_comment_client_role_users",
)


def structure() -> tuple[list[dict[str, Any]], dict[str, str], set[str]]:
    """A course of four chapters and one for staff: its blocks, their chapters, what is hidden."""
    found = block(COURSE, *(usage(f"c{n}", "chapter") for n in range(5)))
    chapters: dict[str, str] = {}
    for n in range(5):
        chapter, inside = usage(f"c{n}", "chapter"), [usage(f"s{n}", "sequential")]
        inside += [usage(f"v{n}"), usage(f"m{n}", "video"), usage(f"p{n}", "problem")]
        hides = {"visible_to_staff_only": True} if n == 4 else {}
        found |= block(chapter, inside[0], **hides) | block(inside[0], inside[1])
        found |= block(inside[1], *inside[2:]) | block(inside[2]) | block(inside[3])
        chapters |= dict.fromkeys((chapter, *inside), chapter)
    blocks = list(read_blocks(json.dumps(found).encode()).values())
    return blocks, chapters, {usage("c4", "chapter")}


BLOCKS, CHAPTERS, HIDDEN = structure()


@pytest.fixture
def geoip(tmp_path: Path) -> GeoIp:
    places = {f"{ip}/32": {"country": {"iso_code": code}} for ip, code in COUNTRIES.items()}
    return GeoIp(file=str(write_mmdb(tmp_path / "City.mmdb", places)))


def at(hours: int) -> datetime:
    return datetime(2014, 2, 1, tzinfo=UTC) + timedelta(hours=hours)


def learner(user_id: int, **parts: Any) -> dict[str, Any]:
    nothing = {"user": None, "profile": None, "enrolment": None, "certificate": None}
    return {"_id": user_id, "username": f"u{user_id}", "hash_id": f"h{user_id}"} | nothing | parts


def test_the_established_names_are_there() -> None:
    assert len(ESTABLISHED) == 82
    names = [column.name for column in datasets()["person_course"].columns]
    assert len(set(names)) == len(names)
    assert ESTABLISHED - set(names) == LEFT_OUT
    assert set(names) - ESTABLISHED == {
        "modal_agent",
        "ever_mobile",
        "ever_desktop",
        "hash_id",
    }


def test_a_learner_by_hand(geoip: GeoIp) -> None:
    tables = {
        "learners": [
            learner(
                7,
                user={"email": "ana@mail.example.edu"},
                profile={"level_of_education": "b", "year_of_birth": 1980, "gender": ""},
                enrolment={"course_id": "T/T1/1", "mode": "verified", "is_active": 0,
                           "created": at(1)},
                certificate={"status": "notpassing", "grade": 0.4, "created_date": at(9)},
            ),
            learner(8),
        ],
        "course_structure": BLOCKS,
        "courseware_studentmodule": [
            {"_id": 2, "student_id": 7, "module_id": usage("p0", "problem")},
            {"_id": 3, "student_id": 7, "module_id": usage("c1", "chapter")},
            {"_id": 4, "student_id": 7, "module_id": usage("c1", "chapter")},
            {"_id": 5, "student_id": 8, "module_id": usage("gone", "problem")},
        ],
        "course_export": [{"_id": "x", "grading_policy": {
            "GRADER": [{"type": "Exam"}, {"type": "Quiz"}],
            "GRADE_CUTOFFS": {"A": 0.8, "B": 0.6}}}],
        "grades_persistentcoursegrade": [
            {"_id": 2, "user_id": 7, "percent_grade": 0.6, "modified": at(8)},
            {"_id": 3, "user_id": 7, "percent_grade": 0.9, "modified": at(7)},
        ],
        "student_courseaccessrole": [{"_id": 2, "user_id": 8, "role": "staff"}],
    }  # fmt: skip
    video, ip = usage("m0", "video"), {"ip": "192.0.2.1"}
    events = [
        Event(1, START, 7, "play_video", "browser", video, {}, ip),
        Event(2, START + 60_000, 7, "pause_video", "browser", usage("m4", "video"), {}, ip),
        Event(3, START + 86_400_000, 7, "page_close", "browser"),
        *(Event(4 + n, START + n, 7, SHOWN + "en") for n in range(3)),
        Event(8, START + 9, 7, SHOWN + "fr"),
        Event(9, START + 86_400_000, 7, "edx.ui.lms.link_clicked", told=DOWNLOADED),
    ]
    ana, ben = made(["person_course"], events, tables, geoip)["person_course"]
    expected = {
        "course_id": "course-v1:T+T1+1", "viewed": True, "explored": True, "nchapters": 2,
        "certified": False, "grade": 0.6, "passing_grade": 0.6, "completed": True,
        "cc_by_ip": "CA", "LoE": "b", "YoB": 1980, "gender": None, "mode": "verified",
        "is_active": 0, "email_domain": "mail.example.edu", "ndays_act": 2, "nevents": 4,
        "sum_dt": 60.0, "nvideos_unique_viewed": 2, "nvideos_total_watched": 0.25,
        "language": "en", "language_nevents": 3, "language_download": 0, "language_ndiff": 2,
        "cert_created_date": datetime(2014, 2, 1, 9), "nforum_posts": None, "roles": None,
        "roles_isStaff": False, "forumRoles_isStudent": None,
    }  # fmt: skip
    assert {name: ana[name] for name in expected} == expected
    expected = {
        "user_id": 8, "viewed": False, "explored": False, "nchapters": 0, "completed": False,
        "grade": None, "ip": None, "nevents": 0, "first_event": None, "avg_dt": None,
        "sum_dt": 0.0, "roles": "Staff", "roles_isStaff": True, "mode": None,
    }  # fmt: skip
    assert {name: ben[name] for name in expected} == expected


def tables_of(random: Random) -> dict[str, Any]:
    """The tables of a course of four learners, with what a study meets."""
    users = (7, 8, 9, 10)
    statuses = ("downloadable", "notpassing", "unavailable")
    moduled = [usage("gone"), usage("c4", "chapter"), *random.sample(sorted(CHAPTERS), 6)]
    threads = [
        {"_id": ObjectId(f"{n:024x}"), "author_id": random.choice(users), "body": "",
         "_type": random.choice(("CommentThread", "Comment")), "pinned": random.random() < 0.5,
         "endorsed": random.random() < 0.5, "votes": {"count": random.randrange(3)}}
        for n in range(5)
    ]  # fmt: skip
    return {
        "learners": [
            learner(
                user,
                user=random.choice((None, {"email": f"u{user}@example.edu"}, {"email": "none"})),
                profile=random.choice(
                    (None, {"year_of_birth": 1990, "gender": "f", "country": "", "goals": "x"},
                     {"level_of_education": "hs", "gender": "", "country": "PE"})
                ),
                enrolment={"course_id": "course-v1:T+T1+1",
                           "mode": random.choice(("audit", "honor")),
                           "is_active": random.randrange(2), "created": at(user)},
                certificate=random.choice(
                    (None, {"status": random.choice(statuses), "grade": random.choice((0.3, 0.7)),
                            "created_date": at(1), "modified_date": at(2)})
                ),
            )
            for user in users
        ],
        "course_structure": BLOCKS,
        "course_export": [
            {"_id": "x", "grading_policy": {"GRADER": [{"type": "Quiz"}],
                                            "GRADE_CUTOFFS": {"A": 0.8, "Pass": 0.5}}}
        ],
        "courseware_studentmodule": [
            {"_id": n, "student_id": random.choice(users), "module_id": random.choice(moduled)}
            for n in range(2, 12)
        ],
        "grades_persistentcoursegrade": [
            {"_id": n, "user_id": random.choice(users), "modified": at(n),
             "percent_grade": random.choice((0.0, 0.49, 0.5, 1.0))}
            for n in range(2, 5)
        ],
        "forum": threads,
        "student_courseaccessrole": [
            {"_id": n, "user_id": random.choice(users),
             "role": random.choice(("staff", "beta_testers", "data_researcher"))}
            for n in range(2, 4)
        ],
        "django_comment_client_role_users": [
            {"_id": n, "user_id": random.choice(users),
             "name": random.choice(("Student", "Student", "Moderator"))}
            for n in range(2, 6)
        ],
    }  # fmt: skip


def events_of(random: Random) -> list[Event]:
    """Events of three of the learners, of one who is none, and of nobody."""
    videos = [usage(f"m{n}", "video") for n in range(5)]
    told: list[tuple[str, dict[str, Any]]] = [
        *((kind, {"mode": "verified", "currentTime": 1}) for kind in TYPES),
        *((SHOWN + language, {}) for language in ("en", "fr")),
        ("edx.ui.lms.link_clicked", DOWNLOADED),
    ]
    now, events = START, []
    for number in range(random.choice((0, 10, 80))):
        now += random.choice(GAPS)
        kind, about = random.choice(told)
        module = random.choice((*videos, usage("gone", "video"), None))
        source = random.choice(("browser", "server", "mobile"))
        fields = {
            "ip": random.choice((*COUNTRIES, "203.0.113.1", "")),
            "agent": random.choice((PHONE, LAPTOP, "")),
        }
        user = random.choice((7, 7, 8, 9, 99, None))
        events.append(Event(number, now, user, kind, source, module, about, fields))
    return events


def check(random: Random, missing: str | None, geoip: GeoIp) -> list[Row]:
    """The rows of a random course, after they agree with plain Python."""
    events, tables = events_of(random), tables_of(random)
    tables.pop(missing or "", None)
    countries = {} if missing == "places" else COUNTRIES
    found = made(["person_course"], events, tables, None if missing == "places" else geoip)
    rows = plain_course.person_course(events, tables, CHAPTERS, HIDDEN, countries)
    expected = as_made("person_course", rows)
    names = [column.name for column in datasets()["person_course"].columns]
    for row, wanted in zip(found["person_course"], expected, strict=True):
        assert row == dict(zip(names, wanted, strict=True))
    return found["person_course"]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32))
def test_the_query_agrees_with_plain_python(geoip: GeoIp, seed: int) -> None:
    check(Random(seed), None, geoip)


@pytest.mark.parametrize("missing", [*SOURCES, "places"])
def test_what_cannot_be_counted_is_null(geoip: GeoIp, missing: str) -> None:
    told = {
        "courseware_studentmodule": {"viewed", "explored", "nchapters"},
        "course_structure": {"viewed", "explored", "nchapters", "nvideos_total_watched"},
        "course_export": {"passing_grade"},
        "grades_persistentcoursegrade": set(),
        "forum": set(plain_course.OF_FORUM),
        "student_courseaccessrole": set(plain_course.ACCESS),
        "django_comment_client_role_users": set(plain_course.FORUM),
        "places": {"cc_by_ip"},
    }[missing]
    whole, lacking = (
        [row for seed in range(2) for row in check(Random(seed), source, geoip)]
        for source in (None, missing)
    )
    assert all(row[name] is None for row in lacking for name in told)
    assert all(any(row[name] is not None for row in whole) for name in told)
