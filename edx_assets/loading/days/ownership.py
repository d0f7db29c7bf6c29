"""Whose a record is whose line stands in several files: the file's of the earliest day.

Of one day it is the file's of the first site, then of the first name. So the order in which files
are loaded makes no difference in the end.
"""

from collections.abc import Callable, Iterable

from bson import Binary, ObjectId, decode, encode

from edx_assets.edx.file_names import events_file
from edx_assets.loading.ledger import (
    DUPLICATES,
    IMPORTS,
    MASTER,
    TRACKING,
    Entry,
    as_was,
    new_token,
)
from edx_assets.resources.store import BATCH, Store

Gift = tuple[str, bytes]
"""A file that is to have a record, and the record as the file brings it."""


def rank(file: str) -> tuple[str, str, str]:
    """What files are ordered by: day, site, name. A name that tells neither comes first."""
    told = events_file(file)
    return (told.day.isoformat(), told.site, file) if told else ("", "", file)


def note(file: str, record: ObjectId, owner: str, document: bytes) -> bytes:
    """A note that a file holds the line of a record which another brought, ready to be stored.

    A note of another owner is another document: it is put beside the old one before that goes, for
    the embedded store replaces no document that holds bytes.
    """
    return encode(
        {
            "_id": f"{file}:{record}:{owner}",
            "load_file": file,
            "record": record,
            "owner": owner,
            "document": Binary(document),
        }
    )


def give(store: Store, by: str, gifts: dict[ObjectId, Gift], owners: dict[ObjectId, str]) -> None:
    """Give records to files of earlier days than those that have them, or that had them.

    What the files lose or gain is marked in the ledger first, and every line is noted before its
    record goes: if this is cut off, the load of `by`, done again, puts it right.

    Args:
        store: the document store; the caller holds its lock of records.
        by: the file whose load gives.
        gifts: by record, the file that is to have it, and its document.
        owners: by record, the file that has it, where one does.
    """
    if not gifts:
        return
    _mark(store, by, {file for file, _document in gifts.values()} | set(owners.values()))
    these = {"$in": list(gifts)}
    noted = [
        note(copy["load_file"], copy["_id"], gifts[copy["_id"]][0], document)
        for document in store.find_raw(MASTER, TRACKING, {"_id": these})
        for copy in (decode(document),)
    ]
    of_heirs, past = [], []
    for each in store.find(MASTER, DUPLICATES, {"record": these}):
        heir, _document = gifts[each["record"]]
        if each["load_file"] == heir:
            of_heirs.append(each["_id"])
        elif each["owner"] != heir:
            noted.append(note(each["load_file"], each["record"], heir, each["document"]))
            past.append(each["_id"])
    renote(store, noted, past)
    store.delete(MASTER, TRACKING, {"_id": these})
    given = [document for _heir, document in gifts.values()]
    while store.insert(MASTER, TRACKING, given).duplicates:
        # a load beside this one has just brought them: its counts fail for it, and it is done again
        store.delete(MASTER, TRACKING, {"_id": these})
    renote(store, [], of_heirs)


def renote(store: Store, notes: list[bytes], past: list[str]) -> None:
    """Store notes, and after them delete those that they replace, or that nothing needs now."""
    for start in range(0, len(notes), BATCH):
        store.insert(MASTER, DUPLICATES, notes[start : start + BATCH])
    if past:
        store.delete(MASTER, DUPLICATES, {"_id": {"$in": past}})


def _mark(store: Store, by: str, files: Iterable[str]) -> None:
    """Mark files as not to be relied on until their records have been counted again.

    A file that is being loaded is left as it is: its load counts.
    """
    for entry in list(store.find(MASTER, IMPORTS, {"file": {"$in": sorted(files)}})):
        waiting = entry.get("recount_for", [])
        if by not in waiting and (waiting or entry["state"] == "loaded"):
            marked = {"state": "loading", "was": as_was(entry), "recount_for": [*waiting, by]}
            store.put(MASTER, IMPORTS, {**entry, **marked})


def recount(store: Store, by: Iterable[str], held: Callable[[Store, str], Entry]) -> None:
    """Count the files again that loads of the files `by` have given records to or taken from.

    Args:
        store: the document store.
        by: names of files.
        held: a function that tells what a file's records in the master collection are: `loaded`,
            `implicit`, `first`, `last`, `courses`.
    """
    done = set(by)
    for entry in list(store.find(MASTER, IMPORTS, {"recount_for": {"$in": sorted(done)}})):
        waiting = [file for file in entry.pop("recount_for") if file not in done]
        if waiting:
            entry["recount_for"] = waiting
        else:
            del entry["was"]
            entry |= held(store, entry["file"])
            entry["duplicates"] = entry["lines"] - entry["rejected"] - entry["loaded"]
            entry |= {"state": "loaded", "token": new_token()}
        store.put(MASTER, IMPORTS, entry)
