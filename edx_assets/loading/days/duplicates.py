"""Lines that several files hold: the record stays as long as any of the files does."""

from collections.abc import Iterable
from typing import Any

from bson import ObjectId

from edx_assets.loading.days.ownership import Gift, give, note, rank, renote
from edx_assets.loading.ledger import DUPLICATES, MASTER, TRACKING
from edx_assets.resources.store import BATCH, Store


def note_duplicates(
    store: Store, load_file: str, lines: list[tuple[int, ObjectId, bytes]]
) -> set[int]:
    """Settle whose the records are that another file had brought before this one.

    Those of a later day's file become this file's, and the other's line is noted; where the other
    is the earlier, this file's line is noted, with the record as this file would bring it. Where
    the record has gone again, with a file that is being replaced, it is this file's.

    Args:
        store: the document store; the caller holds its lock of records.
        load_file: the file in which the lines stand again.
        lines: line number, `_id` and encoded record of each. Those that repeat a line of the same
            file need no note: they come and go with it.

    Returns:
        The numbers of the lines whose records are this file's now.
    """
    first = {record: (number, document) for number, record, document in reversed(lines)}
    owners = _owners(store, first)
    gone = [record for record in first if record not in owners]
    again = store.insert(MASTER, TRACKING, [first[record][1] for record in gone])
    back = {gone[i] for i in again.duplicates}  # a load beside this one has just brought them
    if back:
        owners |= _owners(store, back)
    others = {record: owner for record, owner in owners.items() if owner != load_file}
    later = {record: owner for record, owner in others.items() if rank(owner) > rank(load_file)}
    store.insert(
        MASTER,
        DUPLICATES,
        [
            note(load_file, record, owner, first[record][1])
            for record, owner in others.items()
            if record not in later
        ],
    )
    give(store, load_file, {record: (load_file, first[record][1]) for record in later}, later)
    return {first[record][0] for record in (*later, *gone) if record not in back - later.keys()}


def _owners(store: Store, records: Iterable[ObjectId]) -> dict[ObjectId, str]:
    these = {"_id": {"$in": list(records)}}
    found = store.find(MASTER, TRACKING, these, fields=["load_file"])
    return {document["_id"]: document["load_file"] for document in found}


def adopt_orphans(store: Store, file: str) -> None:
    """Give records that `file` no longer brings to the first of the other files that hold them."""
    noted = store.find(MASTER, DUPLICATES, {"owner": file}, fields=["record"])
    records = list({each["record"] for each in noted})
    for start in range(0, len(records), BATCH):
        _adopt(store, file, records[start : start + BATCH])


def _adopt(store: Store, file: str, records: list[ObjectId]) -> None:
    these = {"$in": records}
    owners = _owners(store, records)
    notes: dict[ObjectId, list[dict[str, Any]]] = {}
    for each in store.find(MASTER, DUPLICATES, {"record": these}):
        notes.setdefault(each["record"], []).append(each)
    gifts: dict[ObjectId, Gift] = {}
    replaced: list[bytes] = []
    past: list[str] = []
    for record, of_record in notes.items():
        owner = owners.get(record)
        heir = min(of_record, key=lambda each: rank(each["load_file"]))
        if owner is None or rank(heir["load_file"]) < rank(owner):
            gifts[record] = heir["load_file"], bytes(heir["document"])
            continue
        for each in of_record:
            if each["owner"] != owner or each["load_file"] == owner:
                past.append(each["_id"])
                if each["load_file"] != owner:  # else a load that was cut off had given it to it
                    replaced.append(note(each["load_file"], record, owner, each["document"]))
    renote(store, replaced, past)
    give(store, file, gifts, {record: owners[record] for record in gifts if record in owners})
