"""The harness itself: it strikes where it says, and sees what is wrong."""

import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from edx_assets_tests.torture.kills.proxy import proxy
from edx_assets_tests.torture.kills.reader import Reader
from edx_assets_tests.torture.kills.state import Kept, State, keep

Client = MongoClient[dict[str, Any]]


@pytest.mark.parametrize("answered", [False, True])
def test_it_strikes_before_or_after_a_write(
    client: Client, empty_mongo_uri: str, answered: bool
) -> None:
    port = client.address[1] if client.address else 0
    struck = threading.Event()
    with proxy(port) as between:
        uri = f"mongodb://127.0.0.1:{between.port}/?retryWrites=false"
        with MongoClient[dict[str, Any]](uri) as through:
            between.arm(1, answered, struck.set)
            through["d"]["c"].insert_one({"_id": 0})
            with pytest.raises(PyMongoError):
                through["d"]["c"].insert_one({"_id": 1})
    assert struck.is_set()
    assert between.writes == ["insert", "insert"]
    assert client["d"]["c"].count_documents({}) == 1 + answered


def state(folder: Path, *numbers: int) -> State:
    documents = [RawBSONDocument(encode({"_id": number})) for number in numbers]
    return State({("d", "c"): Kept(documents, [])}, folder)


@pytest.mark.parametrize(
    ("seen", "half"), [([1, 2], False), ([3, 4], False), ([1], True), ([1, 3], True), ([], True)]
)
def test_the_reader_tells_half_of_a_collection(
    client: Client, empty_mongo_uri: str, tmp_path: Path, seen: list[int], half: bool
) -> None:
    if seen:
        client["d"]["c"].insert_many([{"_id": number} for number in seen])
    reader = Reader(state(tmp_path, 1, 2), state(tmp_path, 3, 4), False, False)
    assert looked(reader, empty_mongo_uri) is half


@pytest.mark.parametrize("held", [1, 2])
def test_the_reader_holds_a_day_to_the_ledger(
    client: Client, empty_mongo_uri: str, tmp_path: Path, held: int
) -> None:
    client["tracking_logs"]["tracking"].insert_many([{"load_file": "f"} for _each in range(held)])
    entry = {"_id": "edx/2014-02-03", "state": "loaded", "file": "f", "loaded": 2}
    client["tracking_logs"]["imports"].insert_one(entry)
    both = keep(empty_mongo_uri, {}, tmp_path)
    assert looked(Reader(both, both, False, False), empty_mongo_uri) is (held == 1)


def looked(reader: Reader, uri: str) -> bool:
    """Whether it has seen a half, once it has looked."""
    until = monotonic() + 30
    with reader.polling(uri):
        while not reader.looks:
            assert monotonic() < until
            sleep(0.01)
    return bool(reader.half)
