"""What a storage does, be it a folder or a bucket."""

from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest

from edx_assets.resources.secret_key import secret_key
from edx_assets.resources.storage import Storage
from edx_assets.resources.stored import MissingFileError, digest_of
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.resources.places import ACTS, a_bucket, read, write


@pytest.fixture(params=["folder", "bucket", "folder of a bucket"])
def storage(request: pytest.FixtureRequest, delivery: Delivery, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage(place=str(tmp_path / "storage"))
    folder = "" if request.param == "bucket" else "/a/b"
    return a_bucket(delivery.s3, delivery.endpoint, tmp_path, folder)


def test_gives_back_what_was_written(storage: Storage) -> None:
    write(storage, "edx/2014/log.gz", b"\x00\xff")
    assert read(storage, "edx/2014/log.gz") == b"\x00\xff"
    assert storage.exists("edx/2014/log.gz")
    assert storage.holds("edx/2014/log.gz", 2)
    assert not storage.holds("edx/2014/log.gz", 3)
    assert not storage.holds("edx/2014/other.gz", 2)


def test_it_is_there_at_the_end_only(storage: Storage) -> None:
    with storage.writing("a/log") as path:
        path.write_bytes(b"half")
        assert not storage.exists("a/log")
        path.write_bytes(b"whole")
    assert read(storage, "a/log") == b"whole"


def test_a_reader_keeps_what_it_opened(storage: Storage) -> None:
    write(storage, "log", b"old")
    with storage.reading("log") as path, path.open("rb") as stream:
        write(storage, "log", b"new")
        assert stream.read() == b"old"
    assert read(storage, "log") == b"new"


def test_what_is_not_there(storage: Storage) -> None:
    assert not storage.exists("edx/log")
    assert storage.read_json("edx/log.json") is None
    storage.delete("edx/log")
    with pytest.raises(MissingFileError, match="edx/log is not in the storage"):
        read(storage, "edx/log")
    write(storage, "edx/log")
    assert not storage.exists("edx")


def test_delete(storage: Storage) -> None:
    for key in ("p/1/a", "p/1/b", "p/10/a"):
        write(storage, key)
    storage.delete("p/1/a")
    assert [storage.exists(key) for key in ("p/1/a", "p/1/b", "p/10/a")] == [False, True, True]
    storage.delete("p/1")
    assert [storage.exists(key) for key in ("p/1/b", "p/10/a")] == [False, True]


def test_small_documents(storage: Storage) -> None:
    document = {"etag": "abc", "size": 2**40, "name": "naïve 日本", "none": None, "list": [1, {}]}
    storage.write_json("edx/log.raw.json", document)
    assert storage.read_json("edx/log.raw.json") == document
    storage.write_json("edx/log.raw.json", {})
    assert storage.read_json("edx/log.raw.json") == {}


def test_an_error_leaves_what_was_there(storage: Storage) -> None:
    def write_half() -> None:
        with storage.writing("a/log") as path:
            path.write_bytes(b"half")
            raise ZeroDivisionError

    for before in (None, b"old"):
        if before:
            write(storage, "a/log", before)
        with pytest.raises(ZeroDivisionError):
            write_half()
        assert storage.content("a/log") == before


def test_a_digest_tells_another_content_of_the_same_size(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    write(storage, "log", b"old")
    assert storage.holds("log", 3, digest_of(tmp_path / "x"))
    write(storage, "log", b"new")
    assert storage.holds("log", 3)
    assert not storage.holds("log", 3, digest_of(tmp_path / "x"))


def test_all_files_are_told_with_their_last_use(storage: Storage) -> None:
    before = time() - 2  # S3 tells whole seconds
    for key in ("b", "a/log", "a/b/c", ".hidden"):
        write(storage, key, b"1234")
    assert storage.use("a/log")
    keys = [file.key for file in storage.files() if file.key != ".hidden"]
    assert sorted(keys) == ["a/b/c", "a/log", "b"]
    assert all(file.size == 4 and file.used > before for file in storage.files())


def test_what_was_used_since_is_not_removed(storage: Storage) -> None:
    write(storage, "a/log")
    assert not storage.delete_unused("a/log", time() - 3600)
    assert storage.delete_unused("a/log", time() + 3600)
    assert not storage.exists("a/log")
    assert not storage.use("a/log")
    assert not storage.delete_unused("a/log", time() + 3600)


def test_a_later_use_is_told_and_keeps_the_file(storage: Storage) -> None:
    write(storage, "a/log")
    written = next(storage.files()).used
    while next(storage.files()).used <= written:
        assert storage.use("a/log")
    assert not storage.delete_unused("a/log", written)
    assert storage.exists("a/log")


def test_only_the_first_new_one_is_written(storage: Storage) -> None:
    assert storage.put("keys/a", b"first", new=True)
    assert not storage.put("keys/a", b"second", new=True)
    assert storage.content("keys/a") == b"first"
    assert storage.put("keys/a", b"third")
    assert storage.content("keys/a") == b"third"
    assert [file.key for file in storage.files()] == ["keys/a"]
    assert secret_key(storage, "a") == b"third"


def test_what_is_read_often_is_what_is_there_now(storage: Storage) -> None:
    write(storage, "zip", b"old")
    with storage.reading("zip", again=True) as path:
        assert path.read_bytes() == b"old"
        write(storage, "zip", b"new")
        with storage.reading("zip", again=True) as newer:
            assert newer.read_bytes() == b"new"
    storage.delete("zip")
    with pytest.raises(MissingFileError), storage.reading("zip", again=True):
        pass


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_no_key_leads_out(storage: Storage, act: Callable[[Storage, str], Any]) -> None:
    write(storage, "kept")
    for key in ("../out", "a/../../out", "/etc/passwd", "..", ".", "", "a/.."):
        with pytest.raises(ValueError, match="storage key"):
            act(storage, key)
    assert storage.content("kept") == b"content"
