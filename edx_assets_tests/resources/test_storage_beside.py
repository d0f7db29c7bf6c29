"""File storage that several use at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edx_assets.resources.storage import Storage

_OFTEN = 100


def test_writers_that_end_while_others_clear_disturb_nobody(tmp_path: Path) -> None:
    storage = Storage(folder=str(tmp_path))

    def write_often(writer: int) -> None:
        for number in range(_OFTEN):
            storage.write_json(f"{writer}/{number}", {"n": number})

    with ThreadPoolExecutor(4) as beside:
        list(beside.map(write_often, range(4)))  # each clears before it writes
    assert len(list(storage.files())) == 4 * _OFTEN
    assert list(tmp_path.glob(".*")) == []
