"""An institution's own datasets: the `.sql` files of EDX_DATASETS, beside those of the package.

A file that cannot be used harms itself alone: it becomes a dataset that fails with what is wrong.
"""

import re
from pathlib import Path

from edx_assets.datasets.definition import EVENTS, PLACES, Dataset, DatasetError, datasets, read
from edx_assets.edx.collections import catalogue
from edx_assets.settings import InvalidSettingError, existing_folder

_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_TAKEN = {EVENTS, PLACES, "activity", "courses", "report", "sources", "unknown_tables"}
"""What is no dataset and no collection, and has a name that queries or assets use."""
_FOLDER = "own_datasets"


def known_datasets(folder: Path | None) -> dict[str, Dataset]:
    """The datasets of the package and those of a folder, each after those that it needs.

    What is wrong with a file, or with the folder, is in `wrong` of a dataset in its place.
    """
    packaged = datasets()
    if folder is None:
        return packaged
    try:
        files = sorted(existing_folder("datasets", str(folder)).glob("*.sql"))
        found = [_read(path, packaged) for path in files]
    except (InvalidSettingError, OSError) as error:
        told = str(error) if isinstance(error, InvalidSettingError) else error.strerror
        found = [broken(_FOLDER, f"{told}")]
    return _in_order(packaged, {each.name: each for each in found})


def own_datasets(folder: Path | None) -> list[Dataset]:
    """The datasets of a folder alone, in the same way."""
    packaged = datasets()
    return [each for name, each in known_datasets(folder).items() if name not in packaged]


def broken(name: str, wrong: str) -> Dataset:
    """What is in the place of a dataset that cannot be used."""
    purpose = f"It cannot be made. {wrong}."
    return Dataset(name, purpose, "none", "none", (), (), (), "", 1, wrong)


def _read(path: Path, packaged: dict[str, Dataset]) -> Dataset:
    name = path.stem
    other = f"own_{re.sub('[^a-z0-9_]', '_', name.lower())}"[:60]
    if not _NAME.fullmatch(name):
        told = "a name has small letters, digits and underscores, and begins with a letter"
        return broken(other, f"EDX_DATASETS: {path.name}: {told}: rename the file")
    if name in packaged or name in _TAKEN or name in catalogue():
        what = "a dataset of the package" if name in packaged else "a collection, or another table"
        return broken(other, f"EDX_DATASETS: {path.name} has the name of {what}: rename the file")
    try:
        return read(name, path.read_text(encoding="utf-8-sig"))
    except DatasetError as error:
        return broken(name, f"EDX_DATASETS: {error}")
    except UnicodeDecodeError:
        return broken(name, f"EDX_DATASETS: {path.name} is not text in UTF-8: save it as UTF-8")
    except OSError as error:
        told = f"cannot be read ({error.strerror}): correct its permissions"
        return broken(name, f"EDX_DATASETS: {path.name} {told}")


def _in_order(packaged: dict[str, Dataset], own: dict[str, Dataset]) -> dict[str, Dataset]:
    ordered, rest = dict(packaged), dict(own)
    while ready := [
        name for name, each in rest.items() if not any(need in rest for need in each.needs)
    ]:
        ordered |= {name: rest.pop(name) for name in ready}
    circle = f"EDX_DATASETS: the datasets {', '.join(rest)} need each other, or one that does"
    return ordered | {name: broken(name, f"{circle}: break the circle") for name in rest}
