"""`python -m edx_assets_tests.torture.inputs.stages`: hostile files through the real stages.

Days' logs and packages, encrypted, are decrypted, sorted and loaded into a real server; then the
ledger, the collections and the quarantine are compared with what plainly splitting the files gives.
Arguments as `worker`'s; a round is a day and a package.
"""

import gzip
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from edx_assets.edx.events import RejectedError, line_reader, record_id
from edx_assets.edx.file_names import SiteDay
from edx_assets.edx.secrets import bytes_without_secrets
from edx_assets.loading.courses.collection import UnusableFileError, load_collection
from edx_assets.loading.days.daily_log import decrypt_day
from edx_assets.loading.days.files import RawLog, encrypted_key, note_raw_log
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.ledger import (
    IMPORTS,
    MASTER_QUARANTINE,
    MASTER_TRACKING,
    course_load,
)
from edx_assets.loading.packages.course_files import sort_package
from edx_assets.loading.packages.members import package_key
from edx_assets.local.embedded_store import embedded_store
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.mongo import connect
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import PASSPHRASE, gpg_key
from edx_assets_tests.loading.courses.course_package import COURSE, DATABASE, members
from edx_assets_tests.loading.packages.zips import zipped
from edx_assets_tests.torture.inputs.of_events import odd_line
from edx_assets_tests.torture.inputs.of_tables import odd_forum, odd_rows
from edx_assets_tests.torture.inputs.reader import (
    DoubledError,
    LostError,
    check_numbers,
    check_raw,
    plain_lines,
)
from edx_assets_tests.torture.inputs.trial import Trial, limit

_LINES = 120  # of a day
_TABLES = ("auth_user", "auth_userprofile", "student_courseenrollment")
_FIRST_DAY = date(2014, 2, 3)

Encrypt = Callable[[bytes], bytes]


@contextmanager
def _institution() -> Iterator[tuple[Store, Storage, Gnupg, Encrypt]]:
    """A store, a storage and a key, all new."""
    with (
        tempfile.TemporaryDirectory() as folder,
        gpg_key() as (gpg, fingerprint),
        embedded_store(Path(folder) / "mongo") as uri,
    ):
        os.environ |= {"EDX_GPG_PASSPHRASE": PASSPHRASE, "EDX_MONGO_URI": uri}

        def encrypted(content: bytes) -> bytes:
            return bytes(gpg.encrypt(content, fingerprint, armor=False, always_trust=True).data)

        storage = Storage(place=str(Path(folder) / "files"))
        yield connect(uri), storage, Gnupg(home=gpg.gnupghome), encrypted


def check_day(
    store: Store, storage: Storage, gnupg: Gnupg, encrypt: Encrypt, content: bytes
) -> None:
    """Load a day's lines; each is in the master collection, or in the quarantine as delivered."""
    number = store.count(IMPORTS)
    day = SiteDay("edx", _FIRST_DAY + timedelta(days=number))
    name = f"testx-edx-events-{day.day}.log.gz.gpg"
    with storage.writing(encrypted_key(day)) as path:
        path.write_bytes(encrypt(gzip.compress(content, 1)))
        size = path.stat().st_size
    note_raw_log(storage, day, RawLog(name, name, f"etag{number}", size))
    decrypt_day(gnupg, storage, day)
    load_day(store, storage, day)
    lines = plain_lines(content)
    entry: Any = store.get(IMPORTS, str(day))
    if entry["lines"] != len(lines):
        raise LostError if entry["lines"] < len(lines) else DoubledError
    bad = list(store.find(MASTER_QUARANTINE, {"load_file": name}))
    for each in bad:
        delivered = bytes_without_secrets(lines[each["line"] - 1])
        check_raw(bytes(each["raw"]).removesuffix(b"\n"), delivered)
    read = line_reader(name, "edx", datetime.now(UTC))
    refused = {each["line"] for each in bad if each["reason"].startswith("refused_by_database")}
    expected, rejected = set(), [*refused]  # the reader takes what the database alone refuses
    for place, line in enumerate(lines, 1):
        if place in refused:
            continue
        try:
            expected.add(record_id(read(line)[0]))
        except RejectedError:
            rejected.append(place)
    check_numbers([each["line"] for each in bad], rejected)
    held = {each["_id"] for each in store.find(MASTER_TRACKING, {"_id": {"$in": [*expected]}})}
    if held != expected:
        raise LostError(f"{len(expected - held)} records are in no collection")
    if entry["loaded"] + entry["duplicates"] + entry["rejected"] != len(lines):
        raise LostError("the ledger's counts do not add up")
    assert entry["rejected"] == len(bad)
    assert store.count(MASTER_TRACKING, {"load_file": name}) == entry["loaded"]


def check_package(
    store: Store,
    storage: Storage,
    gnupg: Gnupg,
    encrypt: Encrypt,
    files: dict[str, bytes],
    _whole: bytes,
) -> None:
    """Load a course's tables; each row is in its collection, or in the quarantine as delivered."""
    day = "2014-02-09"
    archive = zipped(
        {f"{name}.gpg": encrypt(content) for name, content in members(**files).items()}
    )
    with storage.writing(package_key(day)) as path:
        path.write_bytes(archive)
    raw = {"etag": "etag", "opt_in_etag": None, "file": f"testx-{day}.zip"}
    storage.write_json(f"packages/{day}/raw.json", raw)
    sort_package(store, storage, gnupg, date.fromisoformat(day), rebuild=True)
    for name, content in files.items():
        try:
            load_collection(store, storage, gnupg, COURSE, name, rebuild=True)
        except UnusableFileError:  # its header is damaged
            continue
        lines = plain_lines(content)
        first = 1 if name == "forum" else 2
        entry: Any = course_load(store, COURSE, name)
        collection, quarantine = Collection(DATABASE, name), Collection(DATABASE, "quarantine")
        bad = list(store.find(quarantine, {"collection": name}))
        for each in bad:
            check_raw(bytes(each["raw"]), bytes_without_secrets(lines[each["line"] - 1]))
        if entry["rows"] != max(0, len(lines) - first + 1):  # an empty table has no header
            raise LostError("the ledger does not have as many rows as the file")
        assert entry["rejected"] == len(bad)
        assert entry["documents"] == store.count(collection)
        if entry["documents"] + entry["duplicates"] + len(bad) != entry["rows"]:
            raise LostError("rows, documents and the quarantine do not add up")
        if name != "forum":  # a row's number is its `_id`
            rows = [row["_id"] for row in store.find(collection, {})]
            numbers = [*rows, *(each["line"] for each in bad)]
            check_numbers(numbers, range(first, len(lines) + 1))


def main(folder: str, seed: str, _kind: str, name: str, first: str, count: str) -> None:
    """Load so many days and packages, and print what was found."""
    trial = Trial(Path(folder))
    with _institution() as (store, storage, gnupg, encrypt):
        limit()
        for number in range(int(first), int(first) + int(count)):
            random = Random(f"{seed} stages {number}")
            lines = [odd_line(random).replace(b"\n", b" ") for _ in range(_LINES)]
            day = b"\n".join([*lines, *random.sample(lines, 5)])  # some of them twice
            trial.try_input(name, partial(check_day, store, storage, gnupg, encrypt), day)
            files = {table: odd_rows(random, table) for table in _TABLES} | {
                "forum": odd_forum(random)
            }
            whole = b"\n\f".join(files.values())
            trial.try_input(
                name, partial(check_package, store, storage, gnupg, encrypt, files), whole
            )
            trial.findings.inputs += sum(len(plain_lines(each)) for each in (day, *files.values()))
    trial.report()


if __name__ == "__main__":
    main(*sys.argv[1:])
