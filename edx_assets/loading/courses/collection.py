"""Loading one collection of a course's database from a package.

Rows are read and encoded in `rows`; `tracking` and `learners` have modules of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import cast

from bson import decode

from edx_assets.edx.collections import COURSE_STRUCTURE, OPT_IN, indexes
from edx_assets.edx.course_export import ExportError
from edx_assets.edx.course_structure import StructureError
from edx_assets.edx.schema import schema_version, tables
from edx_assets.edx.tables import TableError
from edx_assets.errors import FinalError
from edx_assets.loading.courses.rows import RowCounts, Rows, encoded, rows_of
from edx_assets.loading.courses.turns import turn
from edx_assets.loading.ledger import (
    CourseLoad,
    PackageCourse,
    Source,
    course_load,
    forget_course_load,
    note_course_load,
    note_load,
    package_of,
)
from edx_assets.loading.packages.members import course_file, opt_in_list
from edx_assets.loading.quarantine import BadLines, quarantine, refused_by_database, release
from edx_assets.loading.registry import course_database
from edx_assets.loading.stage import Metadata, StageMissingError
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store

ROWS = 2
"""Version of the rows' processing; a file loaded with another version is loaded again."""


class UnusableFileError(FinalError):
    """A delivered file cannot be loaded; the message names it, the cause and the remedy."""


def load_collection(
    store: Store,
    storage: Storage,
    gnupg: Gnupg,
    partition: str,
    name: str,
    day: str | None = None,
    optional: bool = False,
    rebuild: bool = False,
) -> Metadata:
    """Load a collection of a course from the newest package that contains the course.

    If the package lacks the collection, it becomes empty, or is dropped if it is `optional`: data
    of an older package are never kept. With `day`, the package of that delivery date is loaded into
    a database of its own. With `rebuild`, it is loaded again even if nothing has changed.

    Raises:
        StageMissingError: no package with the course (or none of that date) has been sorted.
        UnusableFileError: the file is not what its name says; the collection stays as it was.
        DecryptionError, DamagedPackageError: the file cannot be read from the package.
        StoreError: the database failed.
    """
    package = course_package(store, partition, day)
    collection = Collection(course_database(store, partition, day), name)
    with turn(store, collection):
        return _load(store, storage, gnupg, partition, collection, package, day, optional, rebuild)


def _load(
    store: Store,
    storage: Storage,
    gnupg: Gnupg,
    partition: str,
    collection: Collection,
    package: PackageCourse,
    day: str | None,
    optional: bool,
    rebuild: bool,
) -> Metadata:
    name = collection.name
    if optional and not _holds(package, name):
        if day is None:
            forget_course_load(store, partition, collection)
        return {
            "database": collection.database,
            "package": package["date"],
            "outcome": "not in the package",
        }
    source = package_source(package, name)
    before = course_load(store, partition, name) if day is None else None
    if before and not rebuild and is_current(store, collection, before, source):
        return _metadata(collection, before, "unchanged")
    started = monotonic()
    label = f"{package['file']}: {package['prefix']} {name}"
    with (
        _naming(label),
        _file(storage, gnupg, package, name) as path,
        rows_of(path, partition, name, label) as (rows, findings),
    ):
        counts = _replace(store, collection, label, rows)
        found = findings()
    load = CourseLoad(
        documents=counts.loaded,
        rows=counts.rows,
        duplicates=counts.duplicates,
        rejected=counts.rejected.total(),
        package=package["date"],
        file=package["file"],
        source=source,
        loaded_at=datetime.now(UTC),
    )
    load.update(cast(CourseLoad, found))
    if day is None:
        note_course_load(store, partition, collection, load)
    else:
        note_load(store, collection, load)
    return {
        **_metadata(collection, load, "loaded" if path else "empty: not in the package"),
        "seconds": round(monotonic() - started, 2),
        **({"rejected_by_reason": dict(counts.rejected)} if counts.rejected else {}),
        **found,
    }


def package_source(package: PackageCourse, name: str) -> Source:
    """The source recorded for a collection: the package's state, and the version of the reader."""
    version = schema_version(name)
    return [*package["source"], package["date"], ROWS, *([version] if version else [])]


def course_package(store: Store, partition: str, day: str | None) -> PackageCourse:
    """A course in the newest package that contains it, or in the package of a delivery date.

    Raises:
        StageMissingError: no such package has been sorted.
    """
    package = package_of(store, partition, day)
    if package is None:
        raise StageMissingError(
            f"no package {f'of {day} ' if day else ''}with {partition} has been sorted: materialize"
            " packages/course_files for a delivery date that contains it"
        )
    return package


def is_current(store: Store, collection: Collection, load: CourseLoad, source: Source) -> bool:
    """Whether a collection was made from this source, and still has as many documents as then."""
    return load["source"] == source and store.count(collection) == load["documents"]


def _holds(package: PackageCourse, name: str) -> bool:
    if name == OPT_IN:
        return bool(package["opt_in"])
    return any(member["table"] == name for member in package["tables"])


@contextmanager
def _file(
    storage: Storage, gnupg: Gnupg, package: PackageCourse, name: str
) -> Iterator[Path | None]:
    """The collection's file, decrypted; None if the package does not have it."""
    if not _holds(package, name):
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


@contextmanager
def _naming(label: str) -> Iterator[None]:
    try:
        yield
    except (TableError, StructureError, ExportError) as error:
        raise UnusableFileError(
            f"{label}: {error}: look at the file in the storage and ask edX for a new one"
        ) from None


def _replace(store: Store, collection: Collection, label: str, rows: Rows) -> RowCounts:
    counts = RowCounts()
    bad: BadLines = []
    with store.replacing(collection, indexes(collection.name)) as staging:
        for batch, inserted in store.insert_all(staging, encoded(rows, counts, bad)):
            counts.duplicates += len(inserted.duplicates)
            for position, code in inserted.refused.items():
                reason = refused_by_database(code)
                counts.rejected[reason] += 1
                line = decode(batch[position])["_id"] if collection.name in tables() else 0
                bad.append((line, reason, batch[position]))
        counts.loaded = counts.rows - counts.duplicates - counts.rejected.total()
        held = store.count(staging)
        if held != counts.loaded:
            raise UnusableFileError(
                f"{label}: {counts.loaded} documents should have been loaded and {held} were:"
                " materialize this partition again, and report it if it fails again"
            )
    release(store, collection)
    quarantine(store, collection, label, bad)
    return counts


def _metadata(collection: Collection, load: CourseLoad, outcome: str) -> Metadata:
    return {
        "database": collection.database,
        "outcome": outcome,
        "package": load["package"],
        "rows": load["rows"],
        "documents": load["documents"],
        "duplicates": load["duplicates"],
        "rejected": load["rejected"],
    }
