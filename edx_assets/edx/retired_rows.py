"""Rows of packages and retired learners: whose row it is, what goes, and what stays without them.

A learner's own rows go. What others build on stays: posts of the forum (whose place in the thread
is needed), articles of the wiki, assessments of others' work.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from edx_assets.edx.collections import FORUM, OPT_IN
from edx_assets.edx.identifiers import GROUPS, Identifiers
from edx_assets.edx.personal import Identity, Kind, personal_fields
from edx_assets.edx.retired import Retired, id_fields
from edx_assets.edx.schema import PARSED, tables

Document = dict[str, Any]

_STAYING = frozenset(
    {FORUM, "wiki_article", "wiki_articlerevision", "assessment_assessment", "teams"}
)
"""Collections whose documents stay, without the learner."""

TEXTS = _STAYING | {
    "assessment_assessmentpart",
    "assessment_assessmentfeedback",
    "submissions_submission",
}
"""Collections whose texts are searched for the names of other learners."""

_POSTED = {"body": "", "title": "", "edit_history": []}
"""What a post of a retired learner has in place of what the learner wrote."""

_USUAL = {
    "user_id": Identity.USER_ID,
    "student_id": Identity.USER_ID,
    "username": Identity.USERNAME,
    "email": Identity.EMAIL,
}
"""Those of a table that nobody knows."""

_ROW_OF = (Identity.USER_ID, Identity.USERNAME, Identity.ANONYMOUS_ID, Identity.EMAIL)
_KEPT_AS_PSEUDONYM = (Identity.USER_ID, Identity.USERNAME, Identity.ANONYMOUS_ID)


class Link(NamedTuple):
    """A column that refers to a row of another table, by that table's column."""

    column: str
    table: str
    key: str

    @property
    def of(self) -> str:
        """What it refers to."""
        return f"{self.table}.{self.key}"


_ITEM = Link("student_item_id", "submissions_studentitem", "id")
_SUBMISSION = Link("submission_uuid", "submissions_submission", "uuid")
_WORK_FLOW = Link("workflow_id", "assessment_studenttrainingworkflow", "id")
_FEEDBACK = Link("assessmentfeedback_id", "assessment_assessmentfeedback", "id")
LINKS = {
    "student_languageproficiency": [Link("user_profile_id", "auth_userprofile", "id")],
    "submissions_submission": [_ITEM],
    "submissions_score": [_ITEM],
    "submissions_scoresummary": [_ITEM],
    "workflow_assessmentworkflow": [_SUBMISSION],
    "workflow_assessmentworkflowstep": [Link("workflow_id", "workflow_assessmentworkflow", "id")],
    "assessment_assessmentfeedback": [_SUBMISSION],
    "assessment_assessmentfeedback_assessments": [_FEEDBACK],
    "assessment_assessmentfeedback_options": [_FEEDBACK],
    "assessment_peerworkflowitem": [
        Link("author_id", "assessment_peerworkflow", "id"),
        Link("scorer_id", "assessment_peerworkflow", "id"),
    ],
    "assessment_studenttrainingworkflowitem": [_WORK_FLOW],
}
"""Tables whose rows are a learner's by the row that they refer to, each with those columns.

Source: the models of edx-submissions and edx-ora2."""


def own_fields(collection: str) -> dict[str, Identity]:
    """The fields of a collection that say whose a row or post is, each with its identity."""
    if collection == FORUM:
        return {"author_id": Identity.USER_ID, "author_username": Identity.USERNAME}
    if collection not in tables() and collection != OPT_IN:
        return _USUAL
    return {
        name: each.identity
        for name, each in (personal_fields(collection) or {}).items()
        if each.identity in _ROW_OF and "." not in name
    }


def without_retired(
    retired: Retired, collection: str, partition: str, row: Document
) -> Document | None:
    """A row or post without retired learners: itself where it names none, None where it goes.

    Args:
        retired: the retired learners.
        collection: the collection that it is for.
        partition: the course's partition key: rows refer to rows of the same course.
        row: the row, as it would be loaded.
    """
    own = is_own(retired, collection, row) or _is_linked(retired, collection, partition, row)
    if own and collection not in _STAYING and not retired.pseudonyms:
        return None
    if not own and collection not in TEXTS:
        return row
    told = {**retired.without(row, id_fields(collection))}
    if own:
        _forget(retired, collection, row, told)
    return told if told != row else row


def is_own(retired: Retired, collection: str, row: Document) -> bool:
    """Whether a row or post says that it is a retired learner's."""
    for name, identity in own_fields(collection).items():
        value = row.get(name)
        if identity == Identity.USER_ID:
            if retired.has_user_id(value):
                return True
        elif type(value) is str and value:
            asked = retired.usernames if identity == Identity.USERNAME else retired.words
            if asked[value]:
                return True
    return False


def identifiers_in(collection: str, row: Document) -> Identifiers:
    """The identifiers that a learner's own row has."""
    found: dict[str, frozenset[Any]] = {}
    for name, each in (personal_fields(collection) or {}).items():
        kind = int if each.identity == Identity.USER_ID else str
        if (group := GROUPS.get(each.identity)) and type(row.get(name)) is kind and row[name]:
            found[group] = found.get(group, frozenset()) | {row[name]}
    return Identifiers(**found)


def keys_of(collection: str, row: Document) -> Iterator[tuple[str, Any]]:
    """The keys of a row to which rows of other tables refer: `table.column`, and the value."""
    for key in _keys(collection):
        if row.get(key) is not None:
            yield f"{collection}.{key}", row[key]


@cache
def depth(collection: str) -> int:
    """How many tables a table's rows refer to, one behind the other."""
    links = LINKS.get(collection, ())
    return max((1 + depth(link.table) for link in links), default=0)


def is_in_raw(retired: Retired, collection: str, raw: bytes) -> bool:
    """Whether a row that could not be read is of a retired learner, or names one.

    Its cells can be out of place. So an id counts only where the table has its column of ids.
    """
    text = raw.decode("utf-8", "replace")
    if retired.is_in(text):
        return True
    cells = text.split("\t")
    columns = [*tables().get(collection, {})]
    ids = id_fields(collection).user_ids
    return any(
        name in ids and retired.has_user_id(cell)
        for name, cell in zip(columns, cells, strict=False)
    )


def _is_linked(retired: Retired, collection: str, partition: str, row: Document) -> bool:
    return any(
        retired.has_row(f"{partition} {link.of}", row.get(link.column))
        for link in LINKS.get(collection, ())
    )


def _forget(retired: Retired, collection: str, row: Document, told: Document) -> None:
    """Remove from a learner's own row what names the learner, known or not, or was written."""
    if collection == FORUM:
        told.update({name: value for name, value in _POSTED.items() if name in row})
    for name, identity in own_fields(collection).items():
        if identity != Identity.USER_ID and type(row.get(name)) is str:
            told[name] = retired.in_place_of(row[name])
    for name, each in (personal_fields(collection) or {}).items():
        if name in row and (
            (each.identity and each.identity not in _KEPT_AS_PSEUDONYM)
            or (each.kind == Kind.FREE_TEXT and collection not in _STAYING | _WORK)
        ):
            told[name] = None
            told.pop(name + PARSED, None)


_WORK = frozenset({"courseware_studentmodule", "submissions_submission"})
"""What a learner did, which studies count: with a pseudonym it stays."""


@cache
def _keys(collection: str) -> frozenset[str]:
    return frozenset(
        link.key for links in LINKS.values() for link in links if link.table == collection
    )
