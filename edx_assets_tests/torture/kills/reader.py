"""A reader that polls while runs are killed: it may see the old or the new, and never half."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import decode
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from edx_assets.loading.ledger import IMPORTS, LOADS, MASTER, MASTER_TRACKING
from edx_assets_tests.soak.comparison import plain
from edx_assets_tests.torture.kills.state import State

Content = dict[str, Any]
"""Documents by their `_id`, as text."""

_PAUSE = 0.02
_UPDATED = "tracking"
_SELDOM = 10
"""So many looks at what changes come for one at what must not."""


class Reader:
    """Reads a course's collections, and the days that the ledger calls loaded.

    Args:
        old: the state before.
        new: the state after.
        updated: whether the run replaces the tracking file by file, so that a reader may see each
            record in its old or new form, and those of both; never fewer than either has.
        empties: whether the server shows a collection empty for a moment when it is replaced.
    """

    def __init__(self, old: State, new: State, updated: bool, empties: bool) -> None:
        self._updated, self._empties = updated, empties
        self._versions = {
            place: [_of(old, place), _of(new, place)]
            for place in {*old.collections, *new.collections}
            if place[0] != MASTER and place[1] not in (LOADS, "quarantine")
        }
        self._changing = [place for place, (was, will) in self._versions.items() if was != will]
        self.looks = 0
        self.half: list[str] = []
        self._end = threading.Event()

    @contextmanager
    def polling(self, uri: str) -> Iterator[None]:
        """Poll while the block lasts. A server that is away is not looked at."""
        self._end.clear()
        thread = threading.Thread(target=self._poll, args=(uri,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def _poll(self, uri: str) -> None:
        with MongoClient[Any](uri, serverSelectionTimeoutMS=100) as client:
            while not self._end.wait(_PAUSE):
                try:
                    self._look(client)
                except PyMongoError:
                    continue

    def _look(self, client: MongoClient[Any]) -> None:
        places = self._versions if self.looks % _SELDOM == 0 else self._changing
        for place in places:
            if why := self._wrong(place, _read(client, place)):
                self.half.append(f"{'.'.join(place)}: {why}")
        for entry in client[MASTER][IMPORTS.name].find({"state": "loaded"}):
            records = client[MASTER][MASTER_TRACKING.name]
            held = sum(1 for _record in records.find({"load_file": entry["file"]}, {"_id": 1}))
            now = client[MASTER][IMPORTS.name].find_one({"_id": entry["_id"]})
            if now == entry and held != entry["loaded"]:
                self.half.append(f"{entry['_id']}: {held} records, loaded {entry['loaded']}")
        self.looks += 1

    def _wrong(self, place: tuple[str, str], seen: Content) -> str:
        old, new = self._versions[place]
        if seen in (old, new) or (self._empties and not seen):
            return ""
        if self._updated and place[1] == _UPDATED:
            strange = [
                key for key, record in seen.items() if record not in (old.get(key), new.get(key))
            ]
            missing = old.keys() & new.keys() - seen.keys()
            if not strange and not missing and len(seen) >= min(len(old), len(new)):
                return ""
        return f"{len(seen)} documents are neither the {len(old)} old nor the {len(new)} new ones"


def _of(state: State, place: tuple[str, str]) -> Content:
    kept = state.collections.get(place)
    documents = [decode(each.raw) for each in kept.documents] if kept else []
    return {str(each["_id"]): plain(each, place[1]) for each in documents}


def _read(client: MongoClient[Any], place: tuple[str, str]) -> Content:
    database, name = place
    return {str(each["_id"]): plain(each, name) for each in client[database][name].find()}
