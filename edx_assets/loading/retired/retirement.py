"""The retirement of learners: the list first, then what is loaded, and a receipt.

What is made of it (each course's tracking, learners and datasets) is made again in
`exports.retiring`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_bytes
from typing import Any, cast

from edx_assets.edx.collections import (
    COURSE_EXPORT,
    COURSE_STRUCTURE,
    LEARNERS,
    OPT_IN,
    TRACKING,
)
from edx_assets.edx.file_names import SiteDay, events_file
from edx_assets.edx.identifiers import Identifiers, hashed
from edx_assets.edx.retired import Retired
from edx_assets.edx.retired_rows import depth
from edx_assets.loading.days.files import decrypted_key
from edx_assets.loading.entries import PackageCourse
from edx_assets.loading.ledger import (
    DUPLICATES,
    MASTER,
    MASTER_QUARANTINE,
    MASTER_TRACKING,
    PACKAGE_COURSES,
)
from edx_assets.loading.packages.members import remove_decrypted
from edx_assets.loading.retired import days, events
from edx_assets.loading.retired.learners import TABLES, identifiers_of
from edx_assets.loading.retired.places import Place, holds, places_of
from edx_assets.loading.retired.rows import count_made, find_rows, of_learners, remove_rows
from edx_assets.loading.retired.suppression import add_learners, key_of_list, suppression
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import BATCH, Collection, Store
from edx_assets.settings import load_settings

RETIREMENTS = Collection(MASTER, "retirements")
"""The receipts."""

Progress = Callable[[str], None]


@dataclass
class Retirement:
    """What was found of learners, by database and collection, and what it is called for.

    `courses` are the keys of courses. The counts of each collection are of documents that `go`, of
    others' that `change`, as they name them, and of quarantined `lines`.
    """

    learners: Identifiers
    places: list[Place]
    courses: set[str]
    receipt: str = ""
    found: dict[str, dict[str, int]] = field(default_factory=dict)

    def note(self, collection: Collection, **counts: int) -> None:
        """Add what was found in a collection, if anything was."""
        if any(counts.values()):
            told = self.found.setdefault(f"{collection.database}.{collection.name}", {})
            for name, count in counts.items():
                if count:
                    told[name] = told.get(name, 0) + count

    @property
    def partitions(self) -> list[str]:
        """The partition keys of the courses whose tracking and datasets have to be made again."""
        return sorted({place.partition for place in self.places if place.own})


def look(store: Store, learners: Identifiers, progress: Progress) -> Retirement:
    """What is there of learners: nothing is written but indexes, not even the list.

    Raises:
        StoreError: the database failed.
    """
    progress(f"{MASTER}: indexes")
    events.prepare(store)
    places = places_of(store)
    learners = identifiers_of(store, [place.database for place in places], learners)
    key = token_bytes(32)  # for this look alone
    retired = Retired(key, learners.hashes(key), pseudonyms=False)
    places = [each for each in places if holds(store, each, learners)]
    found = Retirement(learners, places, _courses(store, places, learners))
    return _search(store, retired, found, progress)


def retire(
    store: Store, storage: Storage, name: str, learners: Identifiers, progress: Progress
) -> Retirement:
    """Put learners on the list, and remove them from all that is loaded.

    A retirement that was killed is gone on with where it is asked for again with the same list.

    Args:
        store: the document store.
        storage: the storage, which has or gets the key of the list.
        name: of the list, for the receipt.
        learners: as the list has them.
        progress: is told what is being done.

    Raises:
        LostKeyError: the key of the list is gone.
        StoreError: the database failed.
    """
    progress(f"{MASTER}: indexes")
    events.prepare(store)
    places = places_of(store)
    key = key_of_list(store, storage)
    people = sorted(each.hex() for each in learners.hashes(key))
    receipt_id = hashed(key, "receipt", " ".join(people)).hex()
    before = store.get(RETIREMENTS, receipt_id) or {}
    learners = identifiers_of(store, [place.database for place in places], learners)
    known = {*before.get("databases", ())}
    places = [p for p in places if p.database in known or holds(store, p, learners)]
    courses = _courses(store, places, learners) | {*before.get("courses", ())}
    receipt = {
        "_id": receipt_id,
        "list": name,
        "begun_at": before.get("begun_at", datetime.now(UTC)),
        "state": "begun",
        "mode": load_settings().retire,
        "identifiers": people,
        "databases": sorted(place.database for place in places),
        "courses": sorted(courses),
        "found": before.get("found", []),
    }
    store.put(RETIREMENTS, receipt)
    add_learners(store, storage, learners.hashes(key))
    retired = suppression(store, storage).retired
    found = Retirement(learners, places, courses, receipt_id)
    _remove_events(store, storage, retired, found, progress)
    progress("rows of courses")
    for place, name in _in_order(store, places):
        collection = Collection(place.database, name)
        rows = remove_rows(store, storage, place.partition, collection, learners, place.own)
        found.note(collection, **_counts(rows.gone, rows.changed, rows.lines))
    for partition in found.partitions:
        _remove_decrypted(store, storage, partition)
    receipt["found"] = [
        *receipt["found"],
        *({"collection": name, **counts} for name, counts in sorted(found.found.items())),
    ]
    receipt["state"], receipt["ended_at"] = "removed", datetime.now(UTC)
    store.put(RETIREMENTS, receipt)
    return found


_OF_LEARNER = {LEARNERS: ("_id",), TRACKING: ("user_id", "username")}
"""Where the collections that are made here, and are no datasets, have a learner's id and username.

A document of `learners` has the id as its own."""


def remaining(
    store: Store,
    storage: Storage,
    retirement: Retirement,
    progress: Progress,
    datasets: Mapping[str, Sequence[str]],
) -> Retirement:
    """Search again for learners who were removed: what is found now should not be there.

    What is made of the courses' collections is searched as well. The receipt says the outcome.

    Args:
        store: the document store.
        storage: the storage, which has the key of the list.
        retirement: what was removed.
        progress: is told what is being done.
        datasets: the columns of each dataset, by its name.

    Raises:
        LostKeyError: the key of the list is gone.
        StoreError: the database failed.
    """
    retired = suppression(store, storage).retired
    again = Retirement(retirement.learners, retirement.places, retirement.courses)
    _search(store, retired, again, progress)
    for place in again.places:
        for name, columns in {**datasets, **_OF_LEARNER}.items():
            collection = Collection(place.database, name)
            again.note(collection, go=count_made(store, collection, again.learners, columns))
    receipt = store.get(RETIREMENTS, retirement.receipt)
    if receipt:
        state = "incomplete" if again.found else "done"
        store.put(RETIREMENTS, receipt | {"state": state, "checked_at": datetime.now(UTC)})
    return again


def _search(store: Store, retired: Retired, found: Retirement, progress: Progress) -> Retirement:
    """Note what is there of the learners."""
    progress(f"{MASTER}: events")
    _note_events(store, retired, found)
    progress("rows of courses")
    for place, name in _in_order(store, found.places):
        collection = Collection(place.database, name)
        rows = find_rows(store, retired, place.partition, collection, found.learners)
        retired = retired.and_rows(rows.keys)
        found.note(collection, **_counts(rows.gone, rows.changed, rows.lines))
    return found


def _remove_events(
    store: Store, storage: Storage, retired: Retired, found: Retirement, progress: Progress
) -> None:
    progress(f"{MASTER}: events")
    touched, lines = _note_events(store, retired, found)
    taken = touched.files | {
        file: days.Taken() for file in lines.values() if file not in touched.files
    }
    days.mark(store, sorted(taken))
    events.remove(store, retired, touched.records)
    keys = [*lines]
    for start in range(0, len(keys), BATCH):
        store.delete(MASTER_QUARANTINE, {"_id": {"$in": keys[start : start + BATCH]}})
    days.settle(store, taken)
    for file in taken:
        if parsed := events_file(file):
            storage.delete(decrypted_key(SiteDay(parsed.site, parsed.day)))


def _note_events(
    store: Store, retired: Retired, found: Retirement
) -> tuple[events.Touched, dict[str, str]]:
    """Note what the master collection and its quarantine have of the learners; return it."""
    touched = events.touched(store, retired, events.queries(found.learners, found.courses))
    lines = days.quarantined(store, retired)
    found.note(
        MASTER_TRACKING,
        go=sum(len(each.records) for each in touched.files.values()),
        change=sum(each.changed for each in touched.files.values()),
    )
    found.note(DUPLICATES, go=touched.past, change=touched.changed)
    found.note(MASTER_QUARANTINE, lines=len(lines))
    return touched, lines


def _courses(store: Store, places: list[Place], learners: Identifiers) -> set[str]:
    return {place.course_key for place in places} | events.courses_with(store, learners)


def _counts(go: list[Any], change: list[Any], lines: list[str]) -> dict[str, int]:
    return {"go": len(go), "change": len(change), "lines": len(lines)}


def _remove_decrypted(store: Store, storage: Storage, partition: str) -> None:
    """Remove a course's decrypted files, of all packages: they can be decrypted again."""
    fields = ["date", "site", "prefix", "tables"]
    for package in store.find(PACKAGE_COURSES, {"partition": partition}, fields=fields):
        files = cast(PackageCourse, package)
        for table in {OPT_IN, *(member["table"] for member in files["tables"])} - {
            COURSE_STRUCTURE,
            COURSE_EXPORT,
        }:
            remove_decrypted(storage, files, table)


def _in_order(store: Store, places: list[Place]) -> list[tuple[Place, str]]:
    """The collections of all places: first what is found by identifiers, then the tables of these.

    A retirement that is gone on with has to find them there. Rows that refer to others come last.
    """
    return sorted(
        ((place, name) for place in places for name in of_learners(store, place.database)),
        key=lambda each: (depth(each[1]), each[1] in TABLES, each[0].database, each[1]),
    )
