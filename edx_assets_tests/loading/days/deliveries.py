"""Days' files as daily_log leaves them, loaded into the master, and what is there then."""

import gzip
import json
from datetime import date
from hashlib import blake2b
from typing import Any

from bson import decode

from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.days.files import DailyLog, decrypted_key, note_daily_log
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.ledger import DUPLICATES, IMPORTS, MASTER_QUARANTINE, MASTER_TRACKING
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.resources.stored import digest_of
from edx_assets_tests.institution import event

Lines = list[bytes]
Delivery = tuple[str, int, Lines | None]
"""Site, day of February 2014, and the file's lines; None for no file."""
MOMENTS = ("load_date", "loaded_at", "token", "etag")


def line(number: int) -> bytes:
    """One of ten events: of two courses or none, some implicit."""
    course = ["TestX/T101/2014", "TestX/T102/2014", ""][number % 3]
    context = {"course_id": course, "user_id": 7}
    kind = "/courses/x" if number % 4 == 0 else "page_close"
    return json.dumps(event(number, context=context, event_type=kind, page="")).encode()


def deliver(storage: Storage, delivery: Delivery) -> SiteDay:
    """A day's decrypted file, as daily_log leaves it."""
    site, number, lines = delivery
    day = SiteDay(site, date(2014, 2, number))
    if lines is None:
        note_daily_log(storage, day, DailyLog(None))
        return day
    content = b"".join(each + b"\n" for each in lines)
    with storage.writing(decrypted_key(day)) as path:
        path.write_bytes(gzip.compress(content))
        size, digest = path.stat().st_size, digest_of(path)
    name = f"testx-{site}-events-{day.day}.log.gz.gpg"
    etag = blake2b(content).hexdigest()
    note_daily_log(storage, day, DailyLog(name, etag, len(lines), len(content), size, digest))
    return day


def load(store: Store, storage: Storage, deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        load_day(store, storage, deliver(storage, delivery))


def state(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All that files brought and what the ledger says of it, but moments and tokens."""
    found = {}
    for collection in (MASTER_TRACKING, DUPLICATES, MASTER_QUARANTINE, IMPORTS):
        documents = list(store.find(collection, {}, sort=[("_id", 1)]))
        for document in documents:
            if collection == DUPLICATES:
                document["document"] = decode(document["document"])
                document["document"].pop("load_date")
            for moment in MOMENTS:
                document.pop(moment, None)
        found[collection.name] = documents
    return found


def adds_up(store: Store) -> None:
    """Each entry's counts are those of its file's records, and each line is accounted for."""
    for entry in store.find(IMPORTS, {"state": "loaded"}):
        held = list(store.find(MASTER_TRACKING, {"load_file": entry["file"]}))
        assert entry["loaded"] == len(held)
        others = entry["duplicates"] + entry["rejected"] + entry.get("retired", 0)
        assert entry["lines"] == entry["loaded"] + others
        assert entry["implicit"] == sum(each["event_type"].startswith("/") for each in held)
        moments = [each["timestamp"] for each in held]
        assert (entry["first"], entry["last"]) == (
            min(moments, default=None),
            max(moments, default=None),
        )
        courses = {row["course_key"]: row["events"] for row in entry["courses"]}
        keys = [each["course_id"] for each in held if "course_id" in each]
        assert courses == {key: keys.count(key) for key in keys}


FILES: list[Delivery] = [
    ("edx", 3, [line(1), line(2), line(3), b"{"]),
    ("edx", 4, [line(2), line(3), line(3), line(4), line(8)]),
    ("edge", 4, [line(3), line(4), line(5)]),
    ("edx", 5, [line(3), line(1), line(8), line(6), b""]),
]
