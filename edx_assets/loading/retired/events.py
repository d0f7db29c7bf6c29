"""Retired learners' events in the master collection: found, and removed with the days' counts.

An event of a learner goes; one of somebody else stays without the learner's name. Which is which is
told in `edx.retired_events`. The counts of the days are in `days`.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from bson import Binary, decode, encode

from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.retired import Retired
from edx_assets.edx.retired_events import NAMING, PROFILE, TARGETS, without_retired
from edx_assets.loading.days import master
from edx_assets.loading.days.counts import facts_of
from edx_assets.loading.ledger import DUPLICATES, MASTER_TRACKING
from edx_assets.loading.retired.days import Taken
from edx_assets.resources.store import BATCH, Store

Query = dict[str, Any]


def prepare(store: Store) -> None:
    """Create the indexes by which a learner's events are found."""
    for field in ("username", "user_id"):
        store.index(MASTER_TRACKING, [(field, 1)])


def courses_with(store: Store, learners: Identifiers) -> set[str]:
    """The keys of the courses in which learners have events."""
    found = (store.find(MASTER_TRACKING, query, fields=["course_id"]) for query in _own(learners))
    return {each["course_id"] for each in chain.from_iterable(found) if each.get("course_id")}


def queries(learners: Identifiers, courses: Iterable[str]) -> list[Query]:
    """What asks the master collection for events that are of these learners, or can name them.

    Others' events are searched in the courses that the learners were in, and outside of courses.
    """
    naming: list[Query] = [{"event_type": {"$regex": NAMING}}, {"page": {"$regex": PROFILE}}]
    naming += [{f"event.{name}": {"$exists": True}} for name in sorted(TARGETS)]
    others = ({"course_id": course, "$or": naming} for course in [*sorted(courses), None])
    return [*_own(learners), *others]


def files_with(store: Store, retired: Retired, asked: list[Query]) -> dict[str, Taken]:
    """How many records of each file go, and how many change; those of notes as well."""
    found: dict[str, Taken] = {}
    seen = set()
    for query in asked:
        for batch in _batches(store.find_raw(MASTER_TRACKING, query)):
            touched = []
            for document in batch:
                record = decode(document)
                told = without_retired(retired, record)
                if record["_id"] in seen or told is record:
                    continue
                seen.add(record["_id"])
                touched.append(record["_id"])
                taken = found.setdefault(record["load_file"], Taken())
                if told is None:
                    taken.records.append(facts_of(record))
                else:
                    taken.changed += 1
            for note in store.find(DUPLICATES, {"record": {"$in": touched}}, fields=["load_file"]):
                found.setdefault(note["load_file"], Taken()).notes += 1
    return found


def remove(store: Store, retired: Retired, asked: list[Query]) -> None:
    """Remove the learners from the records and from the notes that other files have of them.

    The days' entries are marked before: a load that runs meanwhile is refused at its end.
    """
    for query in asked:
        for batch in _batches(store.find_raw(MASTER_TRACKING, query)):
            gone, changed = [], {}
            for document in batch:
                record = decode(document)
                told = without_retired(retired, record)
                if told is None:
                    gone.append(record["_id"])
                elif told is not record:
                    changed[record["_id"]] = encode(told)
            with master.changing(store):  # nobody takes a record from a note in between
                _remove_notes(store, retired, [*gone, *changed])
                if changed:
                    store.replace(MASTER_TRACKING, list(changed.values()))
                if gone:
                    store.delete(MASTER_TRACKING, {"_id": {"$in": gone}})


def _remove_notes(store: Store, retired: Retired, records: list[Any]) -> None:
    past = []
    for note in list(store.find(DUPLICATES, {"record": {"$in": records}})) if records else []:
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


def _batches(documents: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(documents, BATCH)):
        yield batch
