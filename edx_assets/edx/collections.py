"""The catalogue: every collection of a course's database. Assets, indexes and docs follow it.

A table's columns are in `schema.tsv`. To add a collection, add it here; one that is made from other
collections (a dataset, say) is MADE_HERE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from edx_assets.edx.schema import tables

Index = Sequence[tuple[str, int]]

CORE, TABLES, ORA = "core", "tables", "ora"
"""Groups: what most studies need, the other tables, and the open response assessments."""


class Origin(StrEnum):
    """Where a collection comes from."""

    TABLE = "package table"
    DOCUMENT = "package document"
    OPT_IN = "e-mail opt-in list"
    MADE_HERE = "made here"


@dataclass(frozen=True)
class CourseCollection:
    """A collection of a course's database.

    `group` is one of the groups above, or empty if the collection is not an asset of its own.
    """

    name: str
    origin: Origin
    group: str
    description: str
    indexes: Sequence[Index] = ()


COURSE_STRUCTURE = "course_structure"
COURSE_EXPORT = "course_export"
FORUM = "forum"
ENROLMENTS = "student_courseenrollment"
OPT_IN = "email_opt_in"
TRACKING = "tracking"
LEARNERS = "learners"
QUARANTINE = "quarantine"
"""The quarantine of each database, including the master's."""

_JOINS = frozenset(
    {
        "anonymous_user_id",
        "hash_id",
        "module_id",
        "student_id",
        "submission_uuid",
        "user_id",
        "username",
    }
)
"""Columns that join learners, blocks and submissions: indexed in every table that has them."""

_LISTED = (
    CourseCollection(
        COURSE_STRUCTURE,
        Origin.DOCUMENT,
        CORE,
        "Every block of the course, with its place in the course (`parent_data`).",
        [[("category", 1)]],
    ),
    CourseCollection(
        FORUM,
        Origin.DOCUMENT,
        CORE,
        "Threads and comments of the course's discussions.",
        [[("author_id", 1)], [("comment_thread_id", 1)]],
    ),
    CourseCollection(
        ENROLMENTS,
        Origin.TABLE,
        CORE,
        "Who enrolled, when and in which mode, and who is still enrolled.",
        [[("user_id", 1)]],
    ),
    CourseCollection(
        "certificates_generatedcertificate",
        Origin.TABLE,
        CORE,
        "Final grades and certificates.",
        [[("user_id", 1)]],
    ),
    CourseCollection(
        "auth_user",
        Origin.TABLE,
        CORE,
        "The course's learners: ids, usernames, e-mail addresses, log-ins.",
        [[("id", 1)], [("username", 1)], [("email", 1)]],
    ),
    CourseCollection(
        "user_id_map",
        Origin.TABLE,
        CORE,
        "Each learner's id, username and the anonymous id used in surveys.",
        [[("hash_id", 1)], [("user_id", 1)], [("username", 1)]],
    ),
    CourseCollection(
        "auth_userprofile",
        Origin.TABLE,
        CORE,
        "What the course's learners said about themselves.",
        [[("user_id", 1)]],
    ),
    CourseCollection(
        "courseware_studentmodule",
        Origin.TABLE,
        CORE,
        "Each learner's state and grade in each block.",
        [[("student_id", 1), ("module_id", 1)], [("module_id", 1)]],
    ),
    CourseCollection(
        COURSE_EXPORT,
        Origin.DOCUMENT,
        TABLES,
        "Facts about the course from its export: policies, grading, about page, what problems ask.",
    ),
    CourseCollection(
        OPT_IN,
        Origin.OPT_IN,
        TABLES,
        "Who agreed to e-mail from the institution, from the list delivered with the package.",
        [[("user_id", 1)], [("username", 1)], [("email", 1)]],
    ),
    CourseCollection(
        LEARNERS,
        Origin.MADE_HERE,
        CORE,
        "One document per learner: user, profile, enrolment, certificate and anonymous id.",
        [[("username", 1)], [("hash_id", 1)]],
    ),
    CourseCollection(
        TRACKING,
        Origin.MADE_HERE,
        CORE,
        "The course's events from enrolment start to course end, with their blocks' places.",
        [
            [("timestamp", 1)],
            [("username", 1), ("timestamp", 1)],
            [("user_id", 1), ("timestamp", 1)],
            [("event_type", 1)],
            [("module_id", 1)],
            [("load_file", 1)],
        ],
    ),
    CourseCollection(
        QUARANTINE,
        Origin.MADE_HERE,
        "",
        "Lines that could not be loaded, with their file, line number, reason and bytes.",
    ),
)

_DESCRIPTIONS = {
    "assessment_assessment": "Assessments of responses, each with its scorer and rubric.",
    "assessment_assessmentfeedback": "What learners said about the assessments they received.",
    "assessment_assessmentfeedback_assessments": "Which assessments each feedback is about.",
    "assessment_assessmentfeedback_options": "Which options each feedback chose.",
    "assessment_assessmentfeedbackoption": "The options that feedback can choose from.",
    "assessment_assessmentpart": "Each assessment's part for each criterion of its rubric.",
    "assessment_criterion": "The criteria of each rubric.",
    "assessment_criterionoption": "The options of each criterion, with their points.",
    "assessment_peerworkflow": "How far each learner's submission is in peer assessment.",
    "assessment_peerworkflowitem": "Who assessed, or was assigned, which peer's submission.",
    "assessment_rubric": "Rubrics, by which responses are assessed.",
    "assessment_studenttrainingworkflow": "How far each learner is in learning to assess.",
    "assessment_studenttrainingworkflowitem": "The training examples that each learner assessed.",
    "assessment_trainingexample": "Examples that learners train to assess with.",
    "assessment_trainingexample_options_selected": "The right options of each training example.",
    "course_groups_cohortmembership": "Which learner is in which cohort.",
    "credit_crediteligibility": "Learners who can claim credit for the course.",
    "django_comment_client_role_users": "Roles in the discussions, such as moderator.",
    "grades_persistentcoursegrade": "Each learner's grade for the course.",
    "grades_persistentsubsectiongrade": "Each learner's grade for each subsection.",
    "student_anonymoususerid": "The anonymous ids of learners in problems and surveys.",
    "student_courseaccessrole": "Who has which role in the course: staff, instructors, testers.",
    "student_languageproficiency": "The languages that learners said they speak.",
    "submissions_score": "Scores of submissions.",
    "submissions_scoresummary": "The newest and the highest score of each learner and item.",
    "submissions_studentitem": "Which learner submitted to which item.",
    "submissions_submission": "Responses that learners submitted.",
    "teams": "Teams of learners.",
    "teams_membership": "Which learner is in which team, and since when.",
    "user_api_usercoursetag": "Tags of learners in the course, such as experiment groups.",
    "verify_student_verificationstatus": "Each step of each learner's identity verification.",
    "wiki_article": "The course wiki's articles, and who may read and write them.",
    "wiki_articlerevision": "Every revision of the wiki's articles.",
    "workflow_assessmentworkflow": "How far each submission is in its assessment.",
    "workflow_assessmentworkflowstep": "The steps of each submission's assessment.",
}
"""The contents of the tables that need no entry of their own."""


@cache
def catalogue() -> dict[str, CourseCollection]:
    """Every collection by name: those listed above, then all other tables of the schema."""
    listed = {each.name: each for each in _LISTED}
    return listed | {name: _of_table(name) for name in tables() if name not in listed}


def indexes(collection: str) -> Sequence[Index]:
    """A collection's indexes, each for a query that studies run; unknown tables have none."""
    known = catalogue().get(collection)
    return known.indexes if known else ()


def from_package(collection: str) -> bool:
    """Whether a collection is loaded from a file that edX delivers; unknown tables are as well."""
    known = catalogue().get(collection)
    return known is None or known.origin != Origin.MADE_HERE


def _of_table(name: str) -> CourseCollection:
    columns = tables()[name]
    group = ORA if next(iter(columns.values())).folder == "ora" else TABLES
    joins: list[Index] = [[(column, 1)] for column in columns if column in _JOINS]
    return CourseCollection(name, Origin.TABLE, group, _DESCRIPTIONS[name], joins)
