"""The records of a course's tracking: all put in the collection's place, or file by file.

What is to be extracted is told in `extraction`, and in `tracking` which of the two it takes.
"""

from collections.abc import Iterator
from itertools import chain, islice

from edx_assets.edx.collections import TRACKING, indexes
from edx_assets.loading.courses.binding import Share, bind, total
from edx_assets.loading.courses.extraction import Extraction, counted
from edx_assets.loading.courses.shares import Extracted, Files, events_of
from edx_assets.loading.ledger import MASTER_TRACKING
from edx_assets.loading.stage import CountMismatchError
from edx_assets.resources.store import BATCH, Collection, Store


def replace_all(store: Store, wanted: Extraction) -> tuple[Extraction, Files]:
    """Replace the whole collection; return what was extracted, and the files' shares.

    Raises:
        CountMismatchError: the records loaded are not those of the window.
    """
    with store.replacing(wanted.collection, indexes(TRACKING)) as staging:
        shares = _bound(store, wanted, staging, store.find_raw(MASTER_TRACKING, wanted.query))
        wanted, expected = counted(store, wanted)
        if changed := shares.keys() - wanted.files.keys():
            store.delete(staging, {"load_file": {"$in": sorted(changed)}})
        shares = {file: share for file, share in shares.items() if file not in changed}
        events, held = total(shares.values()).events, store.count(staging)
        if held != events or _events(shares) != expected:
            raise CountMismatchError(
                f"{wanted.partition}: {sum(expected.values())} records in its window, {events}"
                f" extracted, {held} in the collection: materialize this partition again, and"
                " report it if it fails again"
            )
    files = {
        file: Extracted(mark, shares.get(file, Share())) for file, mark in wanted.files.items()
    }
    return wanted, files


def replace_files(
    store: Store, wanted: Extraction, noted: Files, changed: list[str]
) -> tuple[Extraction, Files] | None:
    """Replace the shares of files; return None if the counts then do not add up.

    The new records come first, each in place of the old one if it has one, then those go that are
    past. So a reader never finds fewer records than the old or the new collection has.
    """
    taken = [file for file in changed if file in wanted.files]
    records = chain.from_iterable(
        store.find_raw(MASTER_TRACKING, wanted.of_file(file)) for file in taken
    )
    shares = _bound(store, wanted, wanted.collection, records)
    _delete_past(store, wanted, shares, changed)
    wanted, expected = counted(store, wanted, taken)
    if since := [file for file in taken if file not in wanted.files]:
        store.delete(wanted.collection, {"load_file": {"$in": since}})
    files = {file: held for file, held in noted.items() if file not in changed}
    files |= {
        file: Extracted(wanted.files[file], shares.get(file, Share()))
        for file in taken
        if file not in since
    }
    right = store.holds(wanted.collection, events_of(files.values())) and expected == _events(
        {file: files[file].share for file in taken if file not in since}
    )
    return (wanted, files) if right else None


def _bound(
    store: Store, wanted: Extraction, collection: Collection, records: Iterator[bytes]
) -> dict[str, Share]:
    """Bind and insert records of the wanted files; return the share of each file."""
    shares: dict[str, Share] = {}
    documents = bind(records, wanted.blocks, shares, wanted.files)
    for batch, inserted in store.insert_all(collection, documents):
        if inserted.duplicates:
            store.replace(collection, [batch[position] for position in inserted.duplicates])
    return shares  # records that were refused show up when the collection is counted


def _delete_past(
    store: Store, wanted: Extraction, shares: dict[str, Share], changed: list[str]
) -> None:
    """Delete records that the collection has of changed files and the master no longer."""
    gone = [file for file in changed if file not in wanted.files]
    if gone:
        store.delete(wanted.collection, {"load_file": {"$in": gone}})
    of_changed = {"load_file": {"$in": changed}}
    for file, held in list(store.tally(wanted.collection, "load_file", of_changed)):
        if held == shares.get(file, Share()).events:
            continue
        found = store.find(MASTER_TRACKING, wanted.of_file(file), fields=[])
        here = {each["_id"] for each in found}
        records = store.find(wanted.collection, {"load_file": file}, fields=[])
        while batch := [record["_id"] for record in islice(records, BATCH)]:
            past = [record for record in batch if record not in here]
            store.delete(wanted.collection, {"_id": {"$in": past}})


def _events(shares: dict[str, Share]) -> dict[str, int]:
    return {file: share.events for file, share in shares.items() if share.events}
