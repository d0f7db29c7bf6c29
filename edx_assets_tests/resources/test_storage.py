"""A folder as storage: private, whole or not at all, and nothing outside it.

What a bucket does too belongs in `test_storage_places`.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edx_assets.resources.storage import Storage
from edx_assets.settings import InvalidSettingError, MissingSettingError
from edx_assets_tests.resources.places import ACTS, read, write


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["umask 000", "umask 022", "umask 077"])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    usual = os.umask(request.param)
    yield
    os.umask(usual)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a" / "storage"


@pytest.fixture
def storage(folder: Path) -> Storage:
    return Storage(place=str(folder))


def write_half(storage: Storage, key: str) -> None:
    with storage.writing(key) as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError


def modes(folder: Path) -> dict[str, int]:
    found = {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
    }
    return found | {".": stat.S_IMODE(folder.stat().st_mode)}


@pytest.mark.usefixtures("_umask")
def test_files_and_folders_are_their_owners_alone(storage: Storage, folder: Path) -> None:
    with storage.writing("edx/2014/log.gz") as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        path.unlink()
        path.write_bytes(b"by a program that makes the file itself")
        path.chmod(0o644)
    storage.write_json("edx/2014/log.json", {})
    assert modes(folder) == {
        ".": 0o700,
        "edx": 0o700,
        "edx/2014": 0o700,
        "edx/2014/log.gz": 0o600,
        "edx/2014/log.json": 0o600,
    }


@pytest.mark.parametrize("before", [None, b"old"])
def test_an_error_leaves_what_was_there(
    storage: Storage, folder: Path, before: bytes | None
) -> None:
    if before is not None:
        write(storage, "a/log", before)
    with pytest.raises(ZeroDivisionError):
        write_half(storage, "a/log")
    assert storage.exists("a/log") == (before is not None)
    if before is not None:
        assert read(storage, "a/log") == before
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["log"] * bool(before)
    assert [path.name for path in folder.iterdir()] == ["a"]


KEYS = ["../out", "a/../../out", "/etc/passwd", "..", ".", "", "a/..", "link/out"]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
@pytest.mark.parametrize("key", KEYS)
def test_no_key_leads_out(
    storage: Storage, folder: Path, key: str, act: Callable[[Storage, str], Any]
) -> None:
    write(storage, "kept")
    outside = folder.parent / "out"
    outside.write_bytes(b"of somebody else")
    (folder / "link").symlink_to(folder.parent)
    with pytest.raises(ValueError, match="storage key"):
        act(storage, key)
    assert outside.read_bytes() == b"of somebody else"
    assert read(storage, "kept") == b"content"


KILLED = """
import os, signal, sys
from edx_assets.resources.storage import Storage
storage = Storage(place=sys.argv[1])
with storage.writing("a/log") as path:
    path.write_bytes(b"of a learner")
    print("writing", flush=True)
    sys.stdin.readline()
"""


def other_writer(folder: Path) -> subprocess.Popen[str]:
    """A process that has half written the file `a/log`, and ends with it at a line's end."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


@pytest.mark.parametrize("act", ["writing", "using", "clearing"])
def test_what_a_killed_process_left_half_written_is_removed(
    storage: Storage, folder: Path, act: str
) -> None:
    write(storage, "kept")
    with other_writer(folder) as process:
        assert storage.clear_unfinished() == (0, 0)
        write(storage, "kept")
        assert storage.use("kept")
        assert [path.read_bytes() for path in folder.glob(".writing-*/log")] == [b"of a learner"]
        process.kill()
    if act == "writing":
        write(storage, "b/log")
    elif act == "using":
        assert storage.use("kept")
    else:
        assert storage.clear_unfinished() == (1, len(b"of a learner"))
    assert list(folder.glob(".*")) == []
    assert not storage.exists("a/log")


def test_what_an_earlier_version_left_half_written_is_removed(
    storage: Storage, folder: Path
) -> None:
    write(storage, "kept")
    (folder / ".writing-empty").mkdir()
    left = folder / ".writing-left"
    left.mkdir()
    (left / "log").write_bytes(b"half")
    assert storage.clear_unfinished() == (0, 0)  # it could be just being made
    assert list(folder.glob(".*")) == [left]
    os.utime(left, (1000, 1000))
    assert storage.clear_unfinished() == (1, 4)
    assert list(folder.glob(".*")) == []


def test_what_another_process_is_writing_becomes_whole(storage: Storage, folder: Path) -> None:
    with other_writer(folder) as process:
        assert storage.clear_unfinished() == (0, 0)
        process.communicate("\n")
    assert process.returncode == 0
    assert read(storage, "a/log") == b"of a learner"


def test_a_file_is_removed_only_if_it_is_neither_read_nor_was_used(
    storage: Storage, folder: Path
) -> None:
    write(storage, "a/log")
    os.utime(folder / "a/log", (1000, 1000))
    assert [(file.key, file.size, file.used) for file in storage.files()] == [("a/log", 7, 1000)]
    assert not storage.delete_unused("a/log", 999)
    with storage.reading("a/log"):
        assert not storage.delete_unused("a/log", 1000)
    assert storage.use("a/log")
    assert not storage.delete_unused("a/log", 1000)
    os.utime(folder / "a/log", (1000, 1000))
    assert storage.delete_unused("a/log", 1000)
    assert not storage.exists("a/log")
    assert not storage.delete_unused("a/log", 1000)
    assert not storage.use("a/log")


def test_a_file_that_took_its_place_is_not_removed(storage: Storage, folder: Path) -> None:
    write(storage, "log", b"old")
    os.utime(folder / "log", (1000, 1000))
    with storage.reading("log"):
        write(storage, "log", b"new")
        assert not storage.delete_unused("log", 1000)
    assert read(storage, "log") == b"new"


def test_check_makes_nothing(storage: Storage, folder: Path) -> None:
    assert storage.check() == str(folder)
    assert not folder.exists()
    folder.mkdir(parents=True)
    assert storage.check() == str(folder)
    assert list(folder.iterdir()) == []


def test_a_folder_in_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Storage(place="~/edx").check() == str(tmp_path / "edx")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in ("file", "file/storage"):
        storage = Storage(place=str(tmp_path / folder))
        for act in (storage.check, lambda: storage.write_json("a", {})):  # noqa: B023
            with pytest.raises(InvalidSettingError, match=r"EDX_STORAGE: .* is a file"):
                act()


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
@pytest.mark.parametrize("folder", [None, ""])
def test_no_folder_is_set(folder: str | None, act: Callable[[Storage, str], Any]) -> None:
    with pytest.raises(MissingSettingError, match="EDX_STORAGE is not set: folder, or s3:"):
        act(Storage(place=folder), "key")
