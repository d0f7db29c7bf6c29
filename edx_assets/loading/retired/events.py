"""Retired learners' events in the master collection: found, and removed with the days' counts.

An event of a learner goes; one of somebody else stays without the learner's name. Which is which is
told in `edx.retired_events`. The counts of the days are in `days`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, TypeVar

from bson import Binary, ObjectId, decode, encode

from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.retired import Retired
from edx_assets.edx.retired_events import NAMING, PROFILE, TARGETS, without_retired
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import facts_of
from edx_assets.loading.ledger import DUPLICATES, MASTER_TRACKING
from edx_assets.loading.retired.days import Taken
from edx_assets.resources.store import BATCH, Store

Query = dict[str, Any]
Entry = TypeVar("Entry")


def prepare(store: Store) -> None:
    """Create the indexes by which a learner's events are found."""
    for name in ("username", "user_id"):
        store.index(MASTER_TRACKING, [(name, 1)])


def courses_with(store: Store, learners: Identifiers) -> set[str]:
    """The keys of the courses in which learners have events."""
    found = (store.find(MASTER_TRACKING, query, fields=["course_id"]) for query in _own(learners))
    return {each["course_id"] for each in chain.from_iterable(found) if each.get("course_id")}


def queries(learners: Identifiers, courses: Iterable[str]) -> list[Query]:
    """What asks the master collection for events that are of these learners, or can name them.

    Others' events are searched in the courses that the learners were in, and outside of courses.
    """
    naming: list[Query] = [{"event_type": {"$regex": NAMING}}, {"page": {"$regex": PROFILE}}]
    naming.append({"username": {"$in": ["", None]}, "user_id": None})
    naming += [{f"event.{name}": {"$exists": True}} for name in sorted(TARGETS)]
    others = ({"course_id": course, "$or": naming} for course in [*sorted(courses), None])
    return [*_own(learners), *others]


@dataclass
class Touched:
    """The records that go or change (`_id`), and what they are of each file.

    A file that has only a note of such a record is among them too. `past` counts the notes that go,
    `changed` the notes that change.
    """

    records: list[ObjectId] = field(default_factory=list)
    files: dict[str, Taken] = field(default_factory=dict)
    past: int = 0
    changed: int = 0


def touched(store: Store, retired: Retired, asked: list[Query]) -> Touched:
    """What retired learners have in the master collection, each record once."""
    found, seen = Touched(), set()
    for query in asked:
        for batch in _batches(store.find_raw(MASTER_TRACKING, query)):
            records = []
            for document in batch:
                record = decode(document)
                told = without_retired(retired, record)
                if record["_id"] in seen or told is record:
                    continue
                seen.add(record["_id"])
                records.append(record["_id"])
                taken = found.files.setdefault(record["load_file"], Taken())
                if told is None:
                    taken.records.append(facts_of(record))
                else:
                    taken.changed += 1
            found.records += records
    _touch_notes(store, retired, found)
    return found


def _touch_notes(store: Store, retired: Retired, found: Touched) -> None:
    """Add the notes that name a retired learner: all are read, whatever their records say.

    A day that was loaded again after a retirement was killed has its record without the name
    already, while the note of another day still has it.
    """
    known = set(found.records)
    for note in store.find(DUPLICATES, {}):
        record = decode(note["document"])
        told = without_retired(retired, record)
        if told is record:
            continue
        found.files.setdefault(note["load_file"], Taken())
        found.past += told is None
        found.changed += told is not None
        if note["record"] not in known:
            known.add(note["record"])
            found.records.append(note["record"])


def remove(store: Store, retired: Retired, records: list[ObjectId]) -> None:
    """Remove the learners from these records, and from the notes that other files have of them.

    The days' entries are marked before: a load that runs meanwhile is refused at its end.
    """
    for ids in _batches(iter(records)):
        with master.changing(store):  # nobody takes a record from a note in between
            _remove_notes(store, retired, ids)
            gone, changed = [], []
            for document in store.find_raw(MASTER_TRACKING, {"_id": {"$in": ids}}):
                record = decode(document)
                told = without_retired(retired, record)
                if told is None:
                    gone.append(record["_id"])
                elif told is not record:
                    changed.append(encode(told))
            if changed:
                store.replace(MASTER_TRACKING, changed)
            if gone:
                store.delete(MASTER_TRACKING, {"_id": {"$in": gone}})


def _remove_notes(store: Store, retired: Retired, records: list[ObjectId]) -> None:
    past = []
    for note in list(store.find(DUPLICATES, {"record": {"$in": records}})):
        record = decode(note["document"])
        told = without_retired(retired, record)
        if told is None:
            past.append(note["_id"])
        elif told is not record:
            store.put(DUPLICATES, note | {"document": Binary(encode(told))})
    if past:
        store.delete(DUPLICATES, {"_id": {"$in": past}})


def _own(learners: Identifiers) -> list[Query]:
    asked: list[Query] = []
    if learners.usernames:
        asked.append({"username": {"$in": sorted(learners.usernames)}})
    if learners.user_ids:
        asked.append({"user_id": {"$in": sorted(learners.user_ids)}})
    return asked


def _batches(each: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(islice(each, BATCH)):
        yield batch
