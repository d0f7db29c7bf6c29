"""Lines that several files hold: the record stays as long as any of the files does."""

from typing import Any

from bson import Binary, ObjectId, encode

from edx_assets.loading.ledger import DUPLICATES, IMPORTS, MASTER, TRACKING
from edx_assets.resources.store import Store


def note_duplicates(store: Store, load_file: str, lines: list[tuple[int, ObjectId, bytes]]) -> None:
    """Keep, for lines whose record another file had brought, the record as this file would.

    Args:
        store: the document store.
        load_file: the file in which the lines stand again.
        lines: line number, `_id` and encoded record of each. Those that repeat a line of the same
            file need no note: they come and go with it.
    """
    ids = [record for _number, record, _document in lines]
    found = store.find(MASTER, TRACKING, {"_id": {"$in": ids}}, fields=["load_file"])
    owners = {document["_id"]: document["load_file"] for document in found}
    notes = [
        encode(
            {
                "_id": f"{load_file}:{number}",
                "load_file": load_file,
                "line": number,
                "record": record,
                "owner": owners[record],
                "document": Binary(document),
            }
        )
        for number, record, document in lines
        if owners.get(record, load_file) != load_file
    ]
    store.insert(MASTER, DUPLICATES, notes)


def adopt_orphans(store: Store, file: str) -> None:
    """Give records that `file` no longer brings to the first of the other files that hold them."""
    noted = list(store.find(MASTER, DUPLICATES, {"owner": file}))
    if not noted:
        return
    ids = list({note["record"] for note in noted})
    held = {
        found["_id"]: found["load_file"]
        for found in store.find(MASTER, TRACKING, {"_id": {"$in": ids}}, fields=["load_file"])
    }
    for note in sorted(noted, key=lambda note: str(note["_id"])):
        owner = held.get(note["record"])
        if owner is None:
            store.insert(MASTER, TRACKING, [bytes(note["document"])])
            held[note["record"]] = note["load_file"]
            store.delete(MASTER, DUPLICATES, {"_id": note["_id"]})
            _recount(store, note["load_file"], note["record"])
        elif owner == note["load_file"]:
            # the same line again in the file that has just been given the record
            store.delete(MASTER, DUPLICATES, {"_id": note["_id"]})
        elif owner != file:
            store.put(MASTER, DUPLICATES, {**note, "owner": owner})


def _recount(store: Store, file: str, record: ObjectId) -> None:
    """Move one line of a file's entry from its duplicates to its loaded records."""
    entry: dict[str, Any] | None = next(store.find(MASTER, IMPORTS, {"file": file}), None)
    if entry is None or entry["state"] != "loaded":
        return
    document = store.get(MASTER, TRACKING, record) or {}
    courses = {row["course_key"]: row["events"] for row in entry["courses"]}
    if course := document.get("course_id"):
        courses[course] = courses.get(course, 0) + 1
    entry["courses"] = [{"course_key": k, "events": n} for k, n in sorted(courses.items())]
    entry["loaded"] += 1
    entry["duplicates"] -= 1
    entry["implicit"] += str(document.get("event_type", "")).startswith("/")
    store.put(MASTER, IMPORTS, entry)
