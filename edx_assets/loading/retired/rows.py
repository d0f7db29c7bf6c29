"""Retired learners' rows in the databases of courses: found, and removed with the counts.

Whose a row is, and what stays of it, is told in `edx.retired_rows`. Events are in `events`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

from bson import encode

from edx_assets.edx.collections import (
    COURSE_EXPORT,
    COURSE_STRUCTURE,
    QUARANTINE,
)
from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.personal import Identity
from edx_assets.edx.retired import Retired
from edx_assets.edx.retired_rows import (
    LINKS,
    TEXTS,
    depth,
    is_in_raw,
    own_fields,
    without_retired,
)
from edx_assets.loading.courses.turns import turn
from edx_assets.loading.entries import CourseLoad
from edx_assets.loading.ledger import (
    LOADS,
    course_load,
    doubt_course_load,
    new_token,
    note_course_load,
    note_load,
)
from edx_assets.loading.retired.loads import RetiredRows, key_hashes
from edx_assets.loading.retired.suppression import add_known, add_rows, suppression
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import BATCH, Collection, Store


@dataclass
class Found:
    """What retired learners have in a collection: documents (`_id`) that go, others that change.

    `lines` are of the quarantine, `keys` the hashes of the keys that other rows refer to.
    """

    gone: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    keys: set[bytes] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.gone or self.changed or self.lines)


def of_learners(store: Store, database: str) -> list[str]:
    """The collections of a course's database that are from a package, and can hold learners.

    Each comes after those that its rows refer to.
    """
    without = {LOADS, COURSE_STRUCTURE, COURSE_EXPORT, QUARANTINE}
    names = (
        name
        for name in {*store.collections(database)} - without
        if "package" in (store.get(Collection(database, LOADS), name) or ())
    )
    return sorted(names, key=lambda name: (depth(name), name))


def find_rows(
    store: Store, retired: Retired, partition: str, collection: Collection, learners: Identifiers
) -> Found:
    """What a collection has of these learners.

    Those of the collections that name others, or refer to other rows, are read whole.
    """
    found = Found()
    name = collection.name
    for batch in _batches(_asked(store, collection, learners)):
        for row in batch:
            told = without_retired(retired, name, partition, row)
            if told is None:
                found.gone.append(row["_id"])
                found.keys |= key_hashes(retired, name, partition, row)
            elif told is not row:
                found.changed.append(row["_id"])
    held = Collection(collection.database, QUARANTINE)
    for line in store.find(held, {"_id": {"$gte": f"{name}:", "$lt": f"{name};"}}):
        if is_in_raw(retired, name, bytes(line["raw"])):
            found.lines.append(line["_id"])
    return found


def count_made(
    store: Store, collection: Collection, learners: Identifiers, columns: Iterable[str]
) -> int:
    """How many documents of a collection that is made here (a dataset, say) are these learners'.

    Args:
        store: the document store.
        collection: the collection.
        learners: the learners.
        columns: those that it has; others are not asked for, as no index serves that.
    """
    values = {
        "_id": sorted(learners.user_ids),
        "user_id": sorted(learners.user_ids),
        "username": sorted(learners.usernames),
    }
    asked = [{name: {"$in": values[name]}} for name in columns if values.get(name)]
    return store.count(collection, {"$or": asked}) if asked else 0


def remove_rows(
    store: Store,
    storage: Storage,
    partition: str,
    collection: Collection,
    learners: Identifiers,
    own: bool,
) -> Found:
    """Remove what a collection has of learners who are on the list; the counts go along.

    The ledger's entry is out of date meanwhile: after a kill, the collection is loaded again.

    Args:
        store: the document store.
        storage: the storage, with the key of the list.
        partition: the course's partition key.
        collection: the collection.
        learners: the learners.
        own: whether it is in the course's own database, not in that of an older package.
    """
    retired = suppression(store, storage).retired
    with turn(store, collection):
        found = find_rows(store, retired, partition, collection, learners)
        if not found:
            return found
        load = _load_of(store, partition, collection, own)
        if own:
            doubt_course_load(store, partition, collection.name)
        add_rows(store, storage, found.keys)
        _delete(store, collection, found.gone)
        for ids in _batches(iter(found.changed)):
            rows = store.find(collection, {"_id": {"$in": ids}})
            told = (without_retired(retired, collection.name, partition, row) for row in rows)
            store.replace(collection, [encode(row) for row in told if row is not None])
        _delete(store, collection._replace(name=QUARANTINE), found.lines)
        if load:
            _note(store, partition, collection, load, found, own)
    return found


def remove_known(
    store: Store,
    storage: Storage,
    partition: str,
    collection: Collection,
    retirement: RetiredRows,
    own: bool,
) -> None:
    """Remove from a course's database what rows just left out have told of retired learners.

    A row of `user_id_map`, say, tells an anonymous id, and that whose a submission is, which may
    have been loaded before. Callers hold no turn.
    """
    if not add_known(store, storage, retirement.learners, retirement.keys):
        return
    for name in of_learners(store, collection.database):
        if name != collection.name:
            other = Collection(collection.database, name)
            remove_rows(store, storage, partition, other, retirement.learners, own)


def _asked(store: Store, collection: Collection, learners: Identifiers) -> Iterator[dict[str, Any]]:
    """The documents to look at: all, or those that the fields of identifiers give."""
    if collection.name in TEXTS or collection.name in LINKS:
        yield from store.find(collection, {})
        return
    values: dict[Identity, list[Any]] = {
        Identity.USER_ID: sorted(learners.user_ids),
        Identity.USERNAME: sorted(learners.usernames),
        Identity.EMAIL: sorted(learners.emails),
        Identity.ANONYMOUS_ID: sorted(learners.anonymous_ids),
    }
    fields = own_fields(collection.name).items()
    asked = [{name: {"$in": values[each]}} for name, each in fields if values[each]]
    if asked:
        yield from store.find(collection, {"$or": asked})


def _load_of(store: Store, partition: str, collection: Collection, own: bool) -> CourseLoad | None:
    """What is noted of a collection; None where it is out of date, and is to be loaded again."""
    if own:
        load = course_load(store, partition, collection.name)
    else:
        noted = store.get(Collection(collection.database, LOADS), collection.name)
        load = cast(CourseLoad | None, noted)
    return load if load and load["source"] else None


def _note(
    store: Store,
    partition: str,
    collection: Collection,
    load: CourseLoad,
    found: Found,
    own: bool,
) -> None:
    load = load.copy()
    load["documents"] -= len(found.gone)
    load["rejected"] = load.get("rejected", 0) - len(found.lines)
    load["retired"] = load.get("retired", 0) + len(found.gone) + len(found.lines)
    load["retirement"], load["loaded_at"] = new_token(), datetime.now(UTC)
    if own:
        note_course_load(store, partition, collection, load)
    else:
        note_load(store, collection, load)


def _delete(store: Store, collection: Collection, keys: list[Any]) -> None:
    for ids in _batches(iter(keys)):
        store.delete(collection, {"_id": {"$in": ids}})


def _batches(entries: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(entries, BATCH)):
        yield batch
