"""The stage course/learners: one document per learner, joined from the course's collections.

Those are loaded in `collection`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from itertools import groupby
from operator import itemgetter
from time import monotonic
from typing import Any

from bson import encode

from edx_assets.edx.collections import LEARNERS, indexes
from edx_assets.loading.courses.collection import is_current
from edx_assets.loading.courses.turns import turn
from edx_assets.loading.entries import CourseLoad, Source
from edx_assets.loading.ledger import course_load, made_from, note_course_load
from edx_assets.loading.registry import course_database
from edx_assets.loading.stage import CountMismatchError, Metadata, StageMissingError
from edx_assets.resources.store import Collection, Store

JOINED = {
    "auth_user": "id",
    "auth_userprofile": "user_id",
    "student_courseenrollment": "user_id",
    "certificates_generatedcertificate": "user_id",
    "user_id_map": "user_id",
}
"""The collections that are joined, each with its column of user ids."""

_VERSION = 1


def join_learners(store: Store, partition: str, rebuild: bool = False) -> Metadata:
    """Replace `learners`: `_id` (user id), `username`, `hash_id`, and each collection's row.

    `user`, `profile`, `enrolment` and `certificate` contain the rows: the newest (the highest `id`)
    if there are several. Every learner in any of the collections has a document. The collections
    are read in the order of the user id and merged, so memory does not grow with the course. With
    `rebuild` they are joined even if nothing has changed.

    Raises:
        StageMissingError: one of the collections has not been loaded.
        CountMismatchError: a learner occurred twice.
        StoreError: the database failed.
    """
    learners = Collection(course_database(store, partition), LEARNERS)
    with turn(store, learners):
        return _join(store, partition, learners, rebuild)


def _join(store: Store, partition: str, learners: Collection, rebuild: bool) -> Metadata:
    source: Source = [_VERSION]
    for collection in JOINED:
        load = course_load(store, partition, collection)
        if load is None:
            raise StageMissingError(
                f"{partition} has no {collection} yet: materialize course/{collection} first"
            )
        source.append(made_from(load))
    before = course_load(store, partition, LEARNERS)
    if before and not rebuild and is_current(store, learners, before, source):
        return {
            "database": learners.database,
            "outcome": "unchanged",
            "documents": before["documents"],
        }
    started = monotonic()
    documents = 0
    with store.replacing(learners, indexes(LEARNERS)) as staging:
        for batch, _inserted in store.insert_all(staging, _joined(store, learners.database)):
            documents += len(batch)
        held = store.count(staging)
        if held != documents:
            raise CountMismatchError(
                f"{partition}: {documents} learners were joined and {held} are in the collection:"
                " materialize this partition again, and report it if it fails again"
            )
    load = CourseLoad(documents=documents, source=source, loaded_at=datetime.now(UTC))
    note_course_load(store, partition, learners, load)
    return {
        "database": learners.database,
        "outcome": "joined",
        "documents": documents,
        "seconds": round(monotonic() - started, 2),
    }


def _joined(store: Store, database: str) -> Iterator[bytes]:
    rows = merge(
        *(_by_user(store, database, *joined) for joined in JOINED.items()), key=itemgetter(0)
    )
    for user_id, found in groupby(rows, key=itemgetter(0)):
        newest: dict[str, dict[str, Any]] = {}
        for _user_id, collection, row in found:
            other = newest.get(collection)
            if other is None or (row.get("id") or 0) >= (other.get("id") or 0):
                newest[collection] = row
        yield encode(_learner(user_id, newest))


def _by_user(
    store: Store, database: str, collection: str, column: str
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Rows by user id, in order; rows without a user id cannot be joined and are left out."""
    for row in store.find(Collection(database, collection), {}, sort=[(column, 1)]):
        if isinstance(row.get(column), int):
            yield row[column], collection, row


def _learner(user_id: int, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    ids = rows.get("user_id_map", {})
    parts = {
        "user": rows.get("auth_user"),
        "profile": rows.get("auth_userprofile"),
        "enrolment": rows.get("student_courseenrollment"),
        "certificate": rows.get("certificates_generatedcertificate"),
    }
    username = ids.get("username") or (parts["user"] or {}).get("username")
    own = {name: _without_line(row) for name, row in parts.items()}
    return {"_id": user_id, "username": username, "hash_id": ids.get("hash_id"), **own}


def _without_line(row: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in row.items() if name != "_id"} if row else None
