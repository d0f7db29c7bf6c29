"""Tidying an institution's storage in a real run, after its files have become older."""

import os
from time import time
from typing import Any

from edx_assets_tests.institution import Institution, failure_text


def age(testx: Institution, days: float) -> None:
    """Let every file of the storage be as if it was last used so many days ago."""
    then = time() - days * 86_400
    for path in (testx.folder / "files").rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def tidied(testx: Institution) -> dict[str, Any]:
    """Materialize upkeep/kept_files; what its metadata tell."""
    ran = testx.run("upkeep/kept_files")
    assert ran.success, failure_text(ran)
    [made] = ran.get_asset_materialization_events()
    return {name: value.value for name, value in made.materialization.metadata.items()}


def there(testx: Institution) -> set[str]:
    """The keys of the files in the storage, without the notes on them."""
    root = testx.folder / "files"
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".json"
    }
