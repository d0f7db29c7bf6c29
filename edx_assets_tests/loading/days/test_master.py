"""Lines that stand in several files: the same in the end, in whichever order the files come."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import blake2b
from itertools import permutations
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import pytest
from bson import decode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.edx.collections import TRACKING
from edx_assets.edx.file_names import SiteDay, events_file
from edx_assets.loading.days import master
from edx_assets.loading.days.files import DailyLog, decrypted_key, note_daily_log
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.ledger import DUPLICATES, IMPORTS, MASTER_QUARANTINE, MASTER_TRACKING
from edx_assets.loading.stage import CountMismatchError
from edx_assets.resources import lock
from edx_assets.resources.mongo import connect
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Inserted, Store
from edx_assets_tests.conftest import empty
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


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(folder=str(tmp_path / "files"))


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
    name = f"testx-{site}-events-{day.day}.log.gz.gpg"
    etag = blake2b(content).hexdigest()
    note_daily_log(storage, day, DailyLog(name, etag, len(lines), len(content)))
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
        assert entry["lines"] == entry["loaded"] + entry["duplicates"] + entry["rejected"]
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


def test_the_order_of_loading_makes_no_difference(
    store: Store, storage: Storage, mongo_uri: str
) -> None:
    states = []
    for order in permutations(FILES):
        empty(mongo_uri)
        load(store, storage, list(order))
        adds_up(store)
        states.append(state(store))
        assert states[-1] == states[0]
    owners = {record["timestamp"].second: record["load_file"] for record in states[0][TRACKING]}
    days = {second: events_file(name) for second, name in owners.items()}
    assert {second: (day.site, day.day.day) for second, day in days.items() if day} == {
        1: ("edx", 3),
        2: ("edx", 3),
        3: ("edx", 3),
        4: ("edge", 4),
        5: ("edge", 4),
        6: ("edx", 5),
        8: ("edx", 4),
    }
    assert len(states[0][DUPLICATES.name]) == 7


contents = st.none() | st.lists(st.integers(0, 9).map(line) | st.just(b"{"), max_size=6)
deliveries = st.lists(
    st.tuples(st.sampled_from(["edx", "edge"]), st.integers(3, 5), contents), max_size=8
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deliveries)
def test_files_late_corrected_and_gone_end_as_if_loaded_once_in_order(
    store: Store, storage: Storage, mongo_uri: str, deliveries: list[Delivery]
) -> None:
    empty(mongo_uri)
    load(store, storage, deliveries)
    adds_up(store)
    found = state(store)
    empty(mongo_uri)
    last: dict[tuple[str, int], Delivery] = {}
    for site, day, lines in deliveries:
        if lines is not None or (site, day) not in last:  # a file that has gone changes nothing
            last[site, day] = (site, day, lines)
    load(store, storage, [last[key] for key in sorted(last, key=lambda key: (key[1], key[0]))])
    assert found == state(store)


class Killed(BaseException):
    """The process ends here."""


class Mortal(Store):
    """A store that ends the process at its nth write."""

    def __init__(self, store: Store, writes: int) -> None:
        super().__init__(store._client)
        self.writes = writes

    def _count(self) -> None:
        self.writes -= 1
        if self.writes < 0:
            raise Killed

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        self._count()
        return super().insert(collection, documents)

    def put(self, collection: Collection, document: Mapping[str, Any]) -> None:
        self._count()
        super().put(collection, document)

    def update(self, collection: Collection, query: Any, fields: Any) -> int:
        self._count()
        return super().update(collection, query, fields)

    def delete(self, collection: Collection, query: Any) -> int:
        self._count()
        return super().delete(collection, query)


def killed_at(writes: int, store: Store, storage: Storage, day: SiteDay) -> bool:
    """Whether a load ended before its end, by a kill at this write."""
    try:
        load_day(Mortal(store, writes), storage, day)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("corrected", [[], [line(3), line(8), line(9)]])
def test_a_load_killed_at_any_write_is_put_right_by_the_next(
    store: Store,
    storage: Storage,
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    corrected: Lines,
) -> None:
    """A late file that takes lines from others, is killed, and may be corrected before the next.

    The correction gives lines back: it is killed at every write as well. Another file of the same
    lines comes before the next load at every other write.
    """
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    late, correction = FILES[0], ("edx", 3, corrected)
    others, meanwhile = FILES[1:], [("edx", 6, [line(3), line(9), line(1), line(9)])]
    right = []
    for end in ([late], [late, correction]):
        empty(mongo_uri)
        load(store, storage, [*others, *end, *meanwhile])
        right.append(state(store))
    for first, killed in ((others, late), ([*others, late], correction)):
        for writes in range(1000):
            empty(mongo_uri)
            load(store, storage, first)
            if not killed_at(writes, store, storage, deliver(storage, killed)):
                break
            early, after = (meanwhile, []) if writes % 2 else ([], meanwhile)
            load(store, storage, [*early, correction, *after])
            assert state(store) == right[1], (killed, writes)
            load(store, storage, [late])
            assert state(store) == right[0], (killed, writes)
        assert writes > 4


def test_a_file_that_lost_lines_is_marked_until_it_is_counted(
    store: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(store, storage, FILES[1:])
    token = {entry["_id"]: entry["token"] for entry in store.find(IMPORTS, {})}

    def cut_off(*_args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("edx_assets.loading.days.master._recount", cut_off)
        with pytest.raises(Killed):
            load(store, storage, [FILES[0]])
    marked = {entry["_id"]: entry for entry in store.find(IMPORTS, {"state": "loading"})}
    assert set(marked) == {"edx/2014-02-03", "edx/2014-02-04", "edge/2014-02-04", "edx/2014-02-05"}
    assert marked["edx/2014-02-04"]["was"]["token"] == token["edx/2014-02-04"]
    load(store, storage, [FILES[0]])
    entries = list(store.find(IMPORTS, {}))
    assert all(entry["state"] == "loaded" and "was" not in entry for entry in entries)
    assert all(entry["token"] != token.get(entry["_id"]) for entry in entries)
    adds_up(store)


class Interrupted(Store):
    """A store that lets something else happen after the first insert that finds duplicates."""

    def __init__(self, store: Store, meanwhile: Callable[[], None]) -> None:
        super().__init__(store._client)
        self.meanwhile: Callable[[], None] | None = meanwhile

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        inserted = super().insert(collection, documents)
        meanwhile, self.meanwhile = self.meanwhile, None
        if collection == MASTER_TRACKING and inserted.duplicates and meanwhile:
            meanwhile()
        else:
            self.meanwhile = meanwhile
        return inserted


def test_a_line_stays_whose_file_is_replaced_while_another_with_it_is_loaded(
    store: Store, storage: Storage
) -> None:
    load(store, storage, [("edx", 3, [line(1), line(2)])])

    def corrected() -> None:
        load(store, storage, [("edx", 3, [line(2)])])

    beside = deliver(storage, ("edx", 4, [line(1), line(5)]))
    load_day(Interrupted(store, corrected), storage, beside)
    adds_up(store)
    records = store.find(MASTER_TRACKING, {})
    files = {each["timestamp"].second: events_file(each["load_file"]) for each in records}
    assert {second: file.day.day for second, file in files.items() if file} == {1: 4, 2: 3, 5: 4}


class Hasty(Store):
    """A store in which another load brings a line as soon as its record is deleted, once."""

    def __init__(self, store: Store, document: bytes) -> None:
        super().__init__(store._client)
        self.documents = [document]

    def delete(self, collection: Collection, query: Any) -> int:
        deleted = super().delete(collection, query)
        if deleted and collection == MASTER_TRACKING and self.documents:
            super().insert(collection, [self.documents.pop()])
        return deleted


def test_a_line_that_is_given_is_not_taken_by_a_load_that_brings_it_meanwhile(
    store: Store, storage: Storage
) -> None:
    load(store, storage, [("edx", 5, [line(1), line(2)])])
    beside = [document for document in store.find_raw(MASTER_TRACKING, {}) if b":01" in document]
    first = deliver(storage, ("edx", 3, [line(1)]))
    hasty = Hasty(store, beside[0])
    load_day(hasty, storage, first)
    assert not hasty.documents
    adds_up(store)
    [record] = [each for each in store.find(MASTER_TRACKING, {}) if each["timestamp"].second == 1]
    assert "2014-02-03" in record["load_file"]


class Slow(Store):
    """A store that takes some time for everything, so that others come in between."""

    def __init__(self, store: Store, random: Random) -> None:
        super().__init__(store._client)
        self.random = random

    def find(self, *told: Any, **named: Any) -> Any:
        found = list(super().find(*told, **named))
        sleep(self.random.uniform(0, 0.02))
        return iter(found)

    def insert(self, collection: Collection, documents: Sequence[bytes]) -> Inserted:
        inserted = super().insert(collection, documents)
        sleep(self.random.uniform(0, 0.02))
        return inserted

    def delete(self, collection: Collection, query: Any) -> int:
        sleep(self.random.uniform(0, 0.02))
        return super().delete(collection, query)


@pytest.mark.parametrize("seed", range(4))
def test_loads_beside_each_other_end_as_if_one_came_after_the_other(
    store: Store, storage: Storage, mongo_uri: str, seed: int
) -> None:
    """Four days that share most lines, each loaded and corrected by a process of its own."""
    random = Random(seed)
    samples = [[random.sample(range(40), 25) for _delivery in range(4)] for _day in range(4)]
    told: list[list[Delivery]] = [
        [("edx", day, [json.dumps(event(n, page="")).encode() for n in each]) for each in of_day]
        for day, of_day in enumerate(samples, 3)
    ]

    def load_all(deliveries: list[Delivery]) -> None:
        own = Slow(connect(mongo_uri), Random(deliveries[0][1]))
        for delivery in deliveries:
            day = deliver(storage, delivery)
            for _attempt in range(20):
                try:
                    load_day(own, storage, day)
                    break
                except CountMismatchError:  # another took a line that this one had counted
                    continue
            else:
                pytest.fail("never came out right")

    with ThreadPoolExecutor(4) as beside:
        list(beside.map(load_all, told))
    adds_up(store)
    found = state(store)
    empty(mongo_uri)
    load(store, storage, [deliveries[-1] for deliveries in told])
    assert found == state(store)


def test_a_name_that_tells_no_day_comes_first() -> None:
    names = ["x.log", "a-edx-events-2014-02-03.log.gz.gpg", "a-edge-events-2014-02-03.log.gz.gpg"]
    assert sorted(names, key=master.rank) == [names[0], names[2], names[1]]
