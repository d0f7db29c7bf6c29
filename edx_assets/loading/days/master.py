"""The records of the master collection: which file owns each, and how many a file has.

A line can occur in several files. Its record belongs to the file of the earliest day; within a day,
to the first site, then to the first file name. So the order in which files are loaded makes no
difference in the end. Every other file that contains the line has a note (`duplicates`), with the
record as that file would load it. The steps of a day's load belong in `master_tracking`.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, TypedDict, cast

from bson import Binary, ObjectId, decode, encode

from edx_assets.edx.events import record_id
from edx_assets.edx.file_names import events_file
from edx_assets.loading.days.counts import DayCounts, facts_of
from edx_assets.loading.entries import DayEntry, DayState, Totals
from edx_assets.loading.ledger import (
    DUPLICATES,
    IMPORTS,
    MASTER,
    MASTER_TRACKING,
    as_was,
    new_token,
)
from edx_assets.resources.lock import locked
from edx_assets.resources.store import BATCH, Inserted, Store


class Note(TypedDict):
    """A note that a file contains the line of a record that another file owns."""

    _id: str
    load_file: str
    record: ObjectId
    owner: str
    document: bytes


def changing(store: Store) -> AbstractContextManager[None]:
    """The lock under which records change their owner and files are counted.

    `insert` takes it itself; callers of `forget`, `settle`, `count` and `totals` must hold it.
    """
    return locked(store, MASTER, "records")


def prepare(store: Store) -> None:
    """Create the indexes, each for a query of the stages."""
    store.index(MASTER_TRACKING, [("course_id", 1), ("timestamp", 1)])  # a course's window
    store.index(MASTER_TRACKING, [("load_file", 1), ("course_id", 1)])  # a file's, or its share
    for field in ("owner", "record", "load_file"):
        store.index(DUPLICATES, [(field, 1)])
    for field in ("file", "state", "recount_for"):
        store.index(IMPORTS, [(field, 1)])


def insert(store: Store, file: str, documents: Sequence[bytes]) -> tuple[Inserted, set[int]]:
    """Insert a file's records (BSON).

    A record that a file of a later day owns becomes this file's. If the owner is of an earlier day,
    a note is stored for this file instead.

    Returns:
        The positions of refused documents, and of those whose records another file owns; and the
        positions among the latter whose line this file has had before.
    """
    inserted = store.insert(MASTER_TRACKING, documents)
    if not inserted.duplicates:
        return inserted, set()
    again = {position: documents[position] for position in sorted(inserted.duplicates)}
    with changing(store):
        own, repeated = _settle_duplicates(store, file, again)
    others = [position for position in inserted.duplicates if position not in own]
    return Inserted(others, inserted.refused), repeated


def forget(store: Store, file: str) -> None:
    """Delete a file's records and notes."""
    store.delete(MASTER_TRACKING, {"load_file": file})
    store.delete(DUPLICATES, {"load_file": file})


def settle(store: Store, replaced: Sequence[str], file: str | None) -> None:
    """Bring the other files up to date at the end of a load.

    Records that the replaced files no longer contain pass to the next file that has their line.
    Files that gained or lost records are counted again.

    Args:
        store: the document store.
        replaced: the day's files from before.
        file: the file that has been loaded, if the day has one.
    """
    for before in replaced:
        noted = store.find(DUPLICATES, {"owner": before}, fields=["record"])
        records = list({each["record"] for each in noted})
        for start in range(0, len(records), BATCH):
            _adopt(store, before, records[start : start + BATCH])
    _recount(store, {*replaced, *([file] if file else [])})


def count(store: Store, file: str) -> int:
    """Number of records that a file owns."""
    return store.count(MASTER_TRACKING, {"load_file": file})


def totals(store: Store, file: str) -> Totals:
    """The counts of the records that a file owns, by counting them."""
    counts = DayCounts()
    fields = ["course_id", "event_type", "timestamp"]
    records = store.find(MASTER_TRACKING, {"load_file": file}, fields=fields)
    while batch := [facts_of(record) for record in islice(records, BATCH)]:
        counts.add(batch)
    return counts.totals()


def note_id(file: str, record: ObjectId) -> str:
    """The `_id` of a file's note about a record."""
    return f"{file}:{record}"


def rank(file: str) -> tuple[str, str, str]:
    """The sort key of files: day, site, name. A name without a day and site comes first."""
    parsed = events_file(file)
    return (parsed.day.isoformat(), parsed.site, file) if parsed else ("", "", file)


def _settle_duplicates(
    store: Store, file: str, documents: Mapping[int, bytes]
) -> tuple[set[int], set[int]]:
    """Decide who owns records that exist already.

    Return the positions of the file's own, and of those that repeat a line of the same file.

    A record that has since been deleted, because its file is being replaced, becomes this file's.
    A line that repeats another of the same file needs no note: they come and go together.
    """
    first: dict[ObjectId, tuple[int, bytes]] = {
        record_id(document): (position, document)
        for position, document in reversed([*documents.items()])
    }
    owners = owners_of(store, first)
    gone = [record for record in first if record not in owners]
    again = store.insert(MASTER_TRACKING, [first[record][1] for record in gone])
    back = {gone[i] for i in again.duplicates}  # a concurrent load has just inserted them
    if back:
        owners |= owners_of(store, back)
    others = {record: owner for record, owner in owners.items() if owner != file}
    later = {record: owner for record, owner in others.items() if rank(owner) > rank(file)}
    noted = [record for record in others if record not in later]
    notes = [_note(file, record, others[record], first[record][1]) for record in noted]
    had = {noted[i] for i in store.insert(DUPLICATES, notes).duplicates}
    had |= owners.keys() - others.keys()
    _reassign(store, file, {record: (file, first[record][1]) for record in later}, later)
    own = {first[record][0] for record in (*later, *gone) if record not in back - later.keys()}
    earlier = {position for record, (position, _document) in first.items() if record not in had}
    return own, documents.keys() - earlier


def _adopt(store: Store, file: str, records: list[ObjectId]) -> None:
    """Give records that `file` no longer contains to the first of the other files that do."""
    owners = owners_of(store, records)
    notes: dict[ObjectId, list[Note]] = {}
    for each in store.find(DUPLICATES, {"record": {"$in": records}}):
        notes.setdefault(each["record"], []).append(cast(Note, each))
    moves: dict[ObjectId, tuple[str, bytes]] = {}
    settled: dict[ObjectId, str] = {}
    for record, of_record in notes.items():
        owner = owners.get(record)
        heir = min(of_record, key=lambda note: rank(note["load_file"]))
        if owner is None or rank(heir["load_file"]) < rank(owner):
            moves[record] = heir["load_file"], bytes(heir["document"])
        else:
            settled[record] = owner
    _set_owners(store, settled)
    _delete_notes(store, settled)  # a load that was killed had given it the record
    _reassign(store, file, moves, {record: owners[record] for record in moves if record in owners})


def _reassign(
    store: Store,
    by: str,
    moves: Mapping[ObjectId, tuple[str, bytes]],
    owners: Mapping[ObjectId, str],
) -> None:
    """Give records to files of earlier days than their present or former owners.

    The ledger first marks the files that lose or gain records, and every record gets a note before
    it is deleted: if this is interrupted, loading `by` again puts it right.

    Args:
        store: the document store; the caller holds the lock.
        by: the file whose load causes this.
        moves: by record, the new owner, and its document.
        owners: by record, the present owner, if there is one.
    """
    if not moves:
        return
    heirs = {record: heir for record, (heir, _document) in moves.items()}
    _mark(store, by, {*heirs.values(), *owners.values()})
    these = {"_id": {"$in": list(moves)}}
    notes = []
    for document in store.find_raw(MASTER_TRACKING, these):
        record = decode(document)
        notes.append(_note(record["load_file"], record["_id"], heirs[record["_id"]], document))
    store.insert(DUPLICATES, notes)
    _set_owners(store, heirs)
    store.delete(MASTER_TRACKING, these)
    documents = [document for _heir, document in moves.values()]
    while store.insert(MASTER_TRACKING, documents).duplicates:
        # a concurrent load has just inserted them: it is marked, and will be retried
        _mark(store, by, {*owners_of(store, moves).values()})
        store.delete(MASTER_TRACKING, these)
    _delete_notes(store, heirs)


def owners_of(store: Store, records: Iterable[ObjectId]) -> dict[ObjectId, str]:
    """The file that owns each record; records that do not exist are left out."""
    these = {"_id": {"$in": list(records)}}
    found = store.find(MASTER_TRACKING, these, fields=["load_file"])
    return {document["_id"]: document["load_file"] for document in found}


def _note(file: str, record: ObjectId, owner: str, document: bytes) -> bytes:
    """A note as BSON."""
    return encode(
        Note(
            _id=note_id(file, record),
            load_file=file,
            record=record,
            owner=owner,
            document=Binary(document),
        )
    )


def _set_owners(store: Store, owners: Mapping[ObjectId, str]) -> None:
    """Write the owners of records into their notes."""
    for owner, records in _by_owner(owners).items():
        notes = store.find(DUPLICATES, {"record": {"$in": records}}, fields=["load_file"])
        of_others = [note["_id"] for note in notes if note["load_file"] != owner]
        store.update(DUPLICATES, {"_id": {"$in": of_others}}, {"owner": owner})


def _delete_notes(store: Store, owners: Mapping[ObjectId, str]) -> None:
    """Delete the notes that owners have for their own records: they need none."""
    for owner, records in _by_owner(owners).items():
        store.delete(DUPLICATES, {"_id": {"$in": [note_id(owner, each) for each in records]}})


def _by_owner(owners: Mapping[ObjectId, str]) -> dict[str, list[ObjectId]]:
    grouped: dict[str, list[ObjectId]] = {}
    for record, owner in owners.items():
        grouped.setdefault(owner, []).append(record)
    return grouped


def _mark(store: Store, by: str, files: set[str]) -> None:
    """Mark files as `loading` until their records have been counted again.

    The load of a file that is being loaded has counted records that it has no longer, or has not
    counted some, or both: then only the mark `disturbed` tells, as the numbers are the same.
    """
    for entry in _entries(store, {"file": {"$in": sorted(files - {by})}}):
        waiting = entry.get("recount_for", [])
        if waiting or entry["state"] == DayState.LOADED:
            if by not in waiting:
                marked = {
                    "state": DayState.LOADING,
                    "was": as_was(entry),
                    "recount_for": [*waiting, by],
                }
                store.put(IMPORTS, {**entry, **marked})
        else:
            store.put(IMPORTS, {**entry, "disturbed": True})


def _recount(store: Store, done: set[str]) -> None:
    """Count the files again that gained or lost records through the loads of `done`."""
    for entry in _entries(store, {"recount_for": {"$in": sorted(done)}}):
        waiting = [file for file in entry.pop("recount_for") if file not in done]
        if waiting:
            entry["recount_for"] = waiting
        else:
            del entry["was"]
            entry = {**entry, **totals(store, str(entry["file"]))}
            others = entry["rejected"] + entry.get("retired", 0)
            entry["duplicates"] = entry["lines"] - others - entry["loaded"]
            entry["state"], entry["token"] = DayState.LOADED, new_token()
        store.put(IMPORTS, entry)


def _entries(store: Store, query: dict[str, Any]) -> list[DayEntry]:
    return cast(list[DayEntry], list(store.find(IMPORTS, query)))
