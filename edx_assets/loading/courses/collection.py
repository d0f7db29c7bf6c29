"""Loading one collection of a course's database from a package."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from bson import decode

from edx_assets.edx.course_export import ExportError
from edx_assets.edx.course_structure import StructureError
from edx_assets.edx.schema import indexes, tables
from edx_assets.edx.tables import TableError
from edx_assets.errors import FinalError
from edx_assets.loading.courses.rows import RowCounts, Rows, encoded, rows_of
from edx_assets.loading.days.files import Metadata, StageMissingError
from edx_assets.loading.ledger import (
    COURSES,
    MASTER,
    Entry,
    course_load,
    forget_course_load,
    note_course_load,
    note_load,
    package_of,
)
from edx_assets.loading.packages.members import OPT_IN, course_file, opt_in_list
from edx_assets.loading.quarantine import BadLines, quarantine, release
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

ROWS = 2
"""Version of what becomes of a row; a file loaded under another is loaded anew."""


class UnusableFileError(FinalError):
    """A delivered file cannot be loaded; the message names it, the cause and the remedy."""


def load_collection(
    store: Store,
    storage: Storage,
    gnupg: Gnupg,
    partition: str,
    collection: str,
    day: str | None = None,
    optional: bool = False,
    anew: bool = False,
) -> Metadata:
    """Load a collection of a course anew from the newest package that holds the course.

    A collection that this package lacks becomes empty, or goes where it is `optional`: it is never
    kept from an older one. With `day`, the package of that delivery date is loaded, into a database
    of its own. With `anew`, what is loaded from this very package already is loaded again.

    Raises:
        StageMissingError: no such package with the course has been sorted.
        UnusableFileError: the file is not what its name says; the collection stays as it was.
        DecryptionError, DamagedPackageError: the file cannot be had from the package.
        StoreError: the database failed.
    """
    package = course_package(store, partition, day)
    database = course_database(store, partition, day)
    if optional and not _holds(package, collection):
        if day is None:
            forget_course_load(store, partition, database, collection)
        return {"database": database, "package": package["date"], "outcome": "not in the package"}
    source = package_source(package)
    before = course_load(store, partition, collection) if day is None else None
    if before and not anew and is_current(store, database, before, source):
        return _metadata(database, before, "unchanged")
    started = monotonic()
    label = f"{package['file']}: {package['prefix']} {collection}"
    with (
        _naming(label),
        _file(storage, gnupg, package, collection) as path,
        rows_of(path, partition, collection, label) as (rows, tell),
    ):
        counts = _replace(store, database, collection, label, rows)
        told = tell()
    entry: Entry = {
        "documents": counts.loaded,
        "rows": counts.rows,
        "duplicates": counts.duplicates,
        "rejected": counts.rejected.total(),
        "package": package["date"],
        "file": package["file"],
        "source": source,
        "loaded_at": datetime.now(UTC),
        **told,
    }
    if day is None:
        note_course_load(store, partition, database, collection, entry)
    else:
        note_load(store, database, collection, entry)
    return {
        **_metadata(database, entry, "loaded" if path else "empty: not in the package"),
        "seconds": round(monotonic() - started, 2),
        **({"rejected_by_reason": dict(counts.rejected)} if counts.rejected else {}),
        **told,
    }


def package_source(package: Entry) -> list[Any]:
    """What a collection is noted to be loaded from: a package's state, and the version."""
    return [*package["source"], package["date"], ROWS]


def course_package(store: Store, partition: str, day: str | None) -> Entry:
    """The newest package that holds a course, or that of a delivery date.

    Raises:
        StageMissingError: none has been sorted.
    """
    package = package_of(store, partition, day)
    if package is None:
        raise StageMissingError(
            f"no package {f'of {day} ' if day else ''}with {partition} is sorted: materialize"
            " packages/course_files for a delivery date that has it"
        )
    return package


def course_database(store: Store, partition: str, day: str | None = None) -> str:
    """The name of a course's database; with a delivery date, of the one for that package alone."""
    name: str = course_entry(store, partition)["database"]
    return f"{name[:54]}_{day.replace('-', '')}" if day else name


def is_current(store: Store, database: str, load: Entry, source: list[Any]) -> bool:
    """Whether a collection was made from this very source, and still holds what it then did."""
    if load.get("source") != source:
        return False
    held: int = store.count(database, load["collection"])
    return held == load["documents"]


def course_entry(store: Store, partition: str) -> Entry:
    """A registered course.

    Raises:
        StageMissingError: it is not registered.
    """
    course = store.get(MASTER, COURSES, partition)
    if course is None:
        raise StageMissingError(
            f"{partition} is not registered: it appears when a package or a tracking log with it"
            " has been loaded"
        )
    return course


def _holds(package: Entry, collection: str) -> bool:
    if collection == OPT_IN:
        return bool(package["opt_in"])
    return any(member["table"] == collection for member in package["tables"])


@contextmanager
def _file(storage: Storage, gnupg: Gnupg, package: Entry, collection: str) -> Iterator[Path | None]:
    """The collection's file, decrypted; None where the package has none."""
    if not _holds(package, collection):
        if collection == "course_structure":
            raise StructureError("the package has none")
        yield None
    elif collection == OPT_IN:
        with opt_in_list(storage, gnupg, package["date"], package["site"]) as path:
            yield path
    else:
        member = next(each for each in package["tables"] if each["table"] == collection)
        with course_file(storage, gnupg, package, member) as path:
            yield path


@contextmanager
def _naming(label: str) -> Iterator[None]:
    try:
        yield
    except (TableError, StructureError, ExportError) as error:
        raise UnusableFileError(
            f"{label}: {error}: look at the file in the storage, and ask edX for a new one"
        ) from None


def _replace(store: Store, database: str, collection: str, label: str, rows: Rows) -> RowCounts:
    counts = RowCounts()
    bad: BadLines = []
    with store.replacing(database, collection, indexes(collection)) as staging:
        for batch, inserted in store.insert_all(database, staging, encoded(rows, counts, bad)):
            counts.duplicates += len(inserted.duplicates)
            for position, code in inserted.refused.items():
                reason = f"refused_by_database_{code}"
                counts.rejected[reason] += 1
                line = decode(batch[position])["_id"] if collection in tables() else 0
                bad.append((line, reason, batch[position]))
        counts.loaded = counts.rows - counts.duplicates - counts.rejected.total()
        held = store.count(database, staging)
        if held != counts.loaded:
            raise UnusableFileError(
                f"{label}: {counts.loaded} documents should have been loaded and {held} were:"
                " run this partition again, and report it if it stays so"
            )
    release(store, database, collection)
    quarantine(store, database, collection, label, bad)
    return counts


def _metadata(database: str, entry: Entry, outcome: str) -> Metadata:
    told = ("package", "rows", "documents", "duplicates", "rejected")
    return {"database": database, "outcome": outcome, **{name: entry[name] for name in told}}
