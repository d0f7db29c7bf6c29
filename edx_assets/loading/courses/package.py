"""What a course's package has for a collection: its file, and what is noted as its source.

The rows of the file are read in `rows`, and loaded in `collection`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edx_assets.edx.collections import COURSE_EXPORT, COURSE_STRUCTURE, OPT_IN
from edx_assets.edx.course_export import VERSION
from edx_assets.edx.course_structure import StructureError
from edx_assets.edx.schema import schema_version
from edx_assets.loading.entries import PackageCourse, Source
from edx_assets.loading.ledger import package_of
from edx_assets.loading.packages.members import course_file, opt_in_list
from edx_assets.loading.stage import StageMissingError
from edx_assets.loading.upgrade import upgrade
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

Version = int | str | None

ROWS = 3
"""Version of the rows' processing; a file loaded with another version is loaded again."""


def course_package(store: Store, partition: str, day: str | None) -> PackageCourse:
    """A course in the newest package that contains it, or in the package of a delivery date.

    Raises:
        StageMissingError: no such package has been sorted.
    """
    upgrade(store)
    package = package_of(store, partition, day)
    if package is None:
        raise StageMissingError(
            f"no package {f'of {day} ' if day else ''}with {partition} has been sorted: materialize"
            " packages/course_files for a delivery date that contains it"
        )
    return package


def reader_version(name: str) -> Version:
    """What changes whenever a collection's file would be read otherwise; None of an unknown one."""
    return VERSION if name == COURSE_EXPORT else schema_version(name)


def package_source(
    package: PackageCourse, name: str, version: Callable[[str], Version] = reader_version
) -> Source:
    """The source recorded for a collection: the package's state, and the version of the reader.

    Who asks for many gives a `reader_version` that remembers.
    """
    read_by = version(name)
    return [*package["source"], package["date"], ROWS, *([read_by] if read_by else [])]


def holds(package: PackageCourse, name: str) -> bool:
    if name == OPT_IN:
        return bool(package["opt_in"])
    return any(member["table"] == name for member in package["tables"])


@contextmanager
def file_of(
    storage: Storage, gnupg: Gnupg, package: PackageCourse, name: str
) -> Iterator[Path | None]:
    """The collection's file, decrypted; None if the package does not have it."""
    if not holds(package, name):
        if name == COURSE_STRUCTURE:
            raise StructureError("the package does not contain it")
        yield None
    elif name == OPT_IN:
        with opt_in_list(storage, gnupg, package["date"], package["site"]) as path:
            yield path
    else:
        member = next(each for each in package["tables"] if each["table"] == name)
        with course_file(storage, gnupg, package, member) as path:
            yield path
