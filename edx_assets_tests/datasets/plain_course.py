"""`person_course` in plain, slow Python, from a small course's tables and events: see `plain`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import sqrt
from statistics import mean
from typing import Any

from edx_assets_tests.datasets import plain, plain_forum, plain_persons
from edx_assets_tests.datasets.plain import Event, Row

Documents = Sequence[dict[str, Any]]

ACCESS = {
    "roles_isBetaTester": "beta_testers",
    "roles_isInstructor": "instructor",
    "roles_isStaff": "staff",
    "roles_isCCX": "ccx_coach",
    "roles_isFinance": "finance_admin",
    "roles_isLibrary": "library_user",
    "roles_isSales": "sales_admin",
}
FORUM = {
    "forumRoles_isAdmin": "Administrator",
    "forumRoles_isCommunityTA": "Community TA",
    "forumRoles_isModerator": "Moderator",
    "forumRoles_isStudent": "Student",
}
UNKNOWN = ("un_major_region", "un_economic_group", "un_developing_nation", "un_special_region")
OF_FORUM = {
    "nforum_posts": "nforum",
    "nforum_votes": "nvotes",
    "nforum_endorsed": "nendorsed",
    "nforum_threads": "nthread",
    "nforum_comments": "ncomment",
    "nforum_pinned": "npinned",
}
SUMS = (
    "nevents",
    "nprogcheck",
    "nproblem_check",
    "ntranscript",
    "nshow_answer",
    "nvideo",
    "nseq_goto",
    "nseek_video",
    "npause_video",
    "n_dt",
)
PLACE = ("countryLabel", "continent", "city", "region", "subdivision", "postalCode")


def person_course(
    events: list[Event],
    tables: Mapping[str, Documents],
    chapters: Mapping[str, str],
    hidden: set[str],
    countries: Mapping[str, str],
) -> list[Row]:
    """The rows of each learner.

    Args:
        tables: the documents of the collections that the course has.
        chapters: the chapter of each block; a chapter is its own.
        hidden: the chapters for staff only, with all that is in them.
        countries: the country of each address.
    """
    return [_row(each, events, tables, chapters, hidden, countries) for each in tables["learners"]]


def _row(
    learner: dict[str, Any],
    events: list[Event],
    tables: Mapping[str, Documents],
    chapters: Mapping[str, str],
    hidden: set[str],
    countries: Mapping[str, str],
) -> Row:
    user = learner["_id"]
    profile, enrolment = learner["profile"] or {}, learner["enrolment"] or {}
    certificate = learner["certificate"] or {}
    own = plain_persons.of_learners(events).get(user, [])
    email = (learner["user"] or {}).get("email", "")
    ips = Counter(each.fields["ip"] for each in own if each.fields.get("ip"))
    last = {each.fields.get("ip"): each.at for each in own}
    ip = max(ips, key=lambda ip: (ips[ip], last[ip], ip)) if ips else None
    [enrolled] = plain_persons.person_enrolment(own) or [{}]
    [device] = plain_persons.person_devices(own) or [{}]
    return (
        dict.fromkeys((*UNKNOWN, *PLACE, "latitude", "longitude"))
        | {
            "course_id": "course-v1:T+T1+1",
            "user_id": user,
            "username": learner["username"],
            "hash_id": learner["hash_id"],
            "registered": True,
            "ip": ip,
            "cc_by_ip": countries.get(ip) if ip else None,
            "LoE": profile.get("level_of_education") or None,
            "YoB": profile.get("year_of_birth"),
            "gender": profile.get("gender") or None,
            "profile_country": profile.get("country") or None,
            "email_domain": email.split("@")[-1] if "@" in email else None,
            "mode": enrolment.get("mode"),
            "is_active": enrolment.get("is_active"),
            "start_time": _time(enrolment.get("created")),
            "cert_status": certificate.get("status"),
            "cert_created_date": _time(certificate.get("created_date")),
            "cert_modified_date": _time(certificate.get("modified_date")),
            "verified_enroll_time": enrolled.get("verified_enroll_time"),
            "verified_unenroll_time": enrolled.get("verified_unenroll_time"),
            "modal_agent": device.get("modal_agent"),
            "ever_mobile": device.get("ever_mobile", False),
            "ever_desktop": device.get("ever_desktop", False),
        }
        | _grades(user, certificate, tables)
        | _chapters(user, tables, chapters, hidden)
        | _videos(own, tables, chapters, hidden)
        | _days(own)
        | _language(own)
        | _forum(user, tables)
        | _roles(user, tables)
    )


def _time(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=None) if value else None


def _grades(user: int, certificate: dict[str, Any], tables: Mapping[str, Documents]) -> Row:
    grades = tables.get("grades_persistentcoursegrade")
    persistent = [row for row in grades or () if row["user_id"] == user]
    newest = max(persistent, key=lambda row: row["modified"], default={})
    grade = newest.get("percent_grade", certificate.get("grade"))
    cutoffs = [
        cutoff
        for export in tables.get("course_export", ())
        for cutoff in export["grading_policy"]["GRADE_CUTOFFS"].values()
    ]
    passing = min(cutoffs, default=None)
    certified = certificate.get("status") == "downloadable"
    completed: bool | None = None
    if certified:
        completed = True
    elif passing is not None and grade is not None:
        completed = grade >= passing
    elif passing is not None and grades is not None:
        completed = False
    return {
        "certified": certified,
        "grade": grade,
        "passing_grade": passing,
        "completed": completed,
    }


def _chapters(
    user: int, tables: Mapping[str, Documents], chapters: Mapping[str, str], hidden: set[str]
) -> Row:
    rows = tables.get("courseware_studentmodule")
    if rows is None or "course_structure" not in tables:
        return dict.fromkeys(("nchapters", "viewed", "explored"))
    been = {chapters.get(row["module_id"]) for row in rows if row["student_id"] == user} - {None}
    open_to_all = set(chapters.values()) - hidden
    return {
        "nchapters": len(been),
        "viewed": bool(been),
        "explored": 2 * len(been) >= len(open_to_all),
    }


def _videos(
    own: list[Event],
    tables: Mapping[str, Documents],
    chapters: Mapping[str, str],
    hidden: set[str],
) -> Row:
    kinds = ("play_video", "pause_video", "stop_video")
    seen = {each.module for each in own if each.type in kinds and each.module}
    videos = {key for key in chapters if "@video+" in key and chapters[key] not in hidden}
    share = round(len(seen & videos) / len(videos), 6) if "course_structure" in tables else None
    return {"nvideos_unique_viewed": len(seen), "nvideos_total_watched": share}


def _days(own: list[Event]) -> Row:
    days = plain.person_day(own)
    sums = {name: sum(day[name] for day in days) for name in SUMS}
    means = [day["avg_dt"] for day in days if day["avg_dt"] is not None]
    squares = [day["sdv_dt"] ** 2 * day["n_dt"] for day in days if day["sdv_dt"] is not None]
    return sums | {
        "first_event": min((day["first_event"] for day in days), default=None),
        "last_event": max((day["last_event"] for day in days), default=None),
        "ndays_act": len(days),
        "nplay_video": sums["nvideo"],
        "nforum_events": sum(day["nforum"] for day in days),
        "avg_dt": round(mean(means), 6) if means else None,
        "sdv_dt": round(sqrt(sum(squares) / sums["n_dt"]), 6) if squares else None,
        "max_dt": max((day["max_dt"] for day in days if day["max_dt"] is not None), default=None),
        "sum_dt": round(sum(day["sum_dt"] for day in days), 3),
    }


def _language(own: list[Event]) -> Row:
    languages = plain_persons.person_languages(own)
    modal = next((row for row in languages if row["modal"]), {})
    return {
        "language": modal.get("language"),
        "language_download": modal.get("downloads", 0),
        "language_nevents": modal.get("nevents", 0),
        "language_ndiff": len(languages),
    }


def _forum(user: int, tables: Mapping[str, Documents]) -> Row:
    if "forum" not in tables:
        return dict.fromkeys(OF_FORUM)
    rows = plain_forum.person_forum(tables["forum"])
    told = next((row for row in rows if row["user_id"] == user), {})
    return {name: told.get(column, 0) for name, column in OF_FORUM.items()}


def _roles(user: int, tables: Mapping[str, Documents]) -> Row:
    access, forum = "student_courseaccessrole", "django_comment_client_role_users"
    in_course = {row["role"] for row in tables.get(access, ()) if row["user_id"] == user}
    in_forum = {row["name"] for row in tables.get(forum, ()) if row["user_id"] == user}
    roles = None
    if in_course or in_forum - {"Student"}:
        roles = "Staff"
    elif in_forum and access in tables:
        roles = "Student"
    return (
        {"roles": roles}
        | {name: role in in_course if access in tables else None for name, role in ACCESS.items()}
        | {name: role in in_forum if forum in tables else None for name, role in FORUM.items()}
    )
