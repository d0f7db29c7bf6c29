"""File storage that several use at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edx_assets.resources.storage import Storage
from edx_assets.resources.stored import second_name
from edx_assets.resources.stored_folder import StoredFolder

_OFTEN = 100


def test_writers_that_end_while_others_clear_disturb_nobody(tmp_path: Path) -> None:
    storage = Storage(place=str(tmp_path))

    def write_often(writer: int) -> None:
        for number in range(_OFTEN):
            storage.write_json(f"{writer}/{number}", {"n": number})

    with ThreadPoolExecutor(4) as beside:
        list(beside.map(write_often, range(4)))  # each clears before it writes
    assert len(list(storage.files())) == 4 * _OFTEN
    assert list(tmp_path.glob(".*")) == []


def test_a_second_name_is_given_while_others_replace_the_file(tmp_path: Path) -> None:
    storage = Storage(place=str(tmp_path / "storage"))
    storage.write_json("a", {"n": 0})
    folder = StoredFolder(tmp_path / "storage")

    def replace(_writer: int) -> None:
        for number in range(_OFTEN):
            storage.write_json("a", {"n": number})

    with ThreadPoolExecutor(4) as beside:
        ended = [beside.submit(replace, writer) for writer in range(3)]
        names = 0
        while not all(each.done() for each in ended):
            folder.link("a", f"second/{names}")
            names += 1
        for each in ended:
            each.result()
    assert names > 10
    assert all(storage.read_json(f"second/{number}") for number in range(names))


def test_a_file_that_is_not_there_gets_no_second_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        second_name(tmp_path / "a", tmp_path / "b")
