"""Loading one collection of a course's database from a package.

Rows are read and encoded in `rows`; `tracking` and `learners` have modules of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import cast

from edx_assets.edx.collections import indexes
from edx_assets.edx.course_export import ExportError
from edx_assets.edx.course_structure import StructureError
from edx_assets.edx.schema import moved
from edx_assets.edx.tables import TableError
from edx_assets.errors import FinalError
from edx_assets.loading.courses.package import course_package, file_of, holds, package_source
from edx_assets.loading.courses.rows import RowCounts, Rows, encoded, rows_of
from edx_assets.loading.courses.turns import turn
from edx_assets.loading.entries import CourseLoad, PackageCourse, Source
from edx_assets.loading.ledger import (
    course_load,
    doubt_course_load,
    forget_course_load,
    note_course_load,
    note_load,
)
from edx_assets.loading.packages.members import remove_decrypted
from edx_assets.loading.quarantine import (
    BadLines,
    held,
    quarantine,
    refused_by_database,
    release,
)
from edx_assets.loading.registry import course_database
from edx_assets.loading.retired.loads import RetiredRows
from edx_assets.loading.retired.rows import remove_known
from edx_assets.loading.retired.suppression import Suppression, refuse_if_changed, suppression
from edx_assets.loading.stage import CountMismatchError, Metadata
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import load_settings

_DUPLICATES_NOTED = 10_000  # lines: the ledger's entry is one document


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
        CountMismatchError: rows, documents and the quarantine do not add up.
        DecryptionError, DamagedPackageError: the file cannot be read from the package.
        StoreError: the database failed.
    """
    package = course_package(store, partition, day)
    collection = Collection(course_database(store, partition, day), name)
    known = suppression(store, storage)
    retirement = RetiredRows(known.retired, name, partition) if known.retired else None
    with turn(store, collection):
        metadata = _load(
            store,
            storage,
            gnupg,
            partition,
            collection,
            package,
            day,
            optional,
            rebuild,
            known,
            retirement,
        )
    if retirement and retirement.met:
        remove_decrypted(storage, package, name)
        remove_known(store, storage, partition, collection, retirement, day is None)
    return metadata


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
    known: Suppression,
    retirement: RetiredRows | None,
) -> Metadata:
    name = collection.name
    if optional and not holds(package, name):
        if day is None:
            forget_collection(store, partition, collection)
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
        file_of(storage, gnupg, package, name) as path,
        rows_of(path, partition, name, label, load_settings().max_line_mb * 2**20) as (
            rows,
            findings,
        ),
    ):
        ours = None if day else partition
        counts = _replace(store, collection, ours, label, rows, known, retirement)
        found = findings()
        empty = path is not None and not path.stat().st_size
    load = CourseLoad(
        documents=counts.loaded,
        rows=counts.rows,
        duplicates=len(counts.duplicates),
        rejected=counts.rejected.total(),
        package=package["date"],
        file=package["file"],
        source=source,
        loaded_at=datetime.now(UTC),
    )
    if counts.retired:
        load["retired"] = counts.retired
    if counts.duplicates:
        load["duplicate_lines"] = counts.duplicates[:_DUPLICATES_NOTED]
    if counts.without_parsed:
        found["rows_without_parsed_values"] = counts.without_parsed
    load.update(cast(CourseLoad, found))
    found.pop("columns", None)
    if before and (change := _moved(before, load)):
        load["moved"] = found["moved"] = change
    if day is None:
        note_course_load(store, partition, collection, load)
    else:
        note_load(store, collection, load)
    outcome = "loaded" if path else "empty: not in the package"
    return {
        **_metadata(collection, load, "empty: the file has no bytes" if empty else outcome),
        "seconds": round(monotonic() - started, 2),
        **({"rejected_by_reason": dict(counts.rejected)} if counts.rejected else {}),
        **found,
    }


def _moved(before: CourseLoad, load: CourseLoad) -> dict[str, list[str]]:
    """How a table's columns differ from those of the package before."""
    if before["package"] == load["package"]:
        return before.get("moved", {})
    if "columns" not in before or "columns" not in load:
        return {}
    return moved(before["columns"], load["columns"])


def forget_collection(store: Store, partition: str, collection: Collection) -> None:
    """Drop a collection that the package no longer has, and its lines in the quarantine."""
    release(store, collection)
    forget_course_load(store, partition, collection)


def is_current(store: Store, collection: Collection, load: CourseLoad, source: Source) -> bool:
    """Whether a collection was made from this source, and still has as many documents as then."""
    return load["source"] == source and store.holds(collection, load["documents"])


@contextmanager
def _naming(label: str) -> Iterator[None]:
    try:
        yield
    except (TableError, StructureError, ExportError) as error:
        raise UnusableFileError(
            f"{label}: {error}: look at the file in the storage and ask edX for a new one"
        ) from None


def _replace(
    store: Store,
    collection: Collection,
    partition: str | None,
    label: str,
    rows: Rows,
    known: Suppression,
    retirement: RetiredRows | None,
) -> RowCounts:
    """Replace a collection and its lines in the quarantine, and count both.

    The ledger's entry is out of date (if there is one, of `partition`) from before the first change
    that a reader sees until the load is noted: a load that is killed in between is done again.
    """
    counts = RowCounts()
    bad: BadLines = []
    with store.replacing(collection, indexes(collection.name)) as staging:
        documents = encoded(rows, counts, bad, retirement)
        for batch, inserted in store.insert_all(staging, documents):
            lines = [counts.sent.popleft() for _document in batch]
            counts.duplicates += [lines[position][0] for position in sorted(inserted.duplicates)]
            for position, code in inserted.refused.items():
                number, raw = lines[position]
                if retirement and retirement.is_in(raw):
                    counts.retired += 1
                    continue
                reason = refused_by_database(code)
                counts.rejected[reason] += 1
                bad.append((number, reason, raw))
        left_out = len(counts.duplicates) + counts.rejected.total() + counts.retired
        counts.loaded = counts.rows - left_out
        _check(label, "documents are in the collection", counts.loaded, store.count(staging))
        refuse_if_changed(store, known)
        if partition:
            doubt_course_load(store, partition, collection.name)
    release(store, collection)
    quarantine(store, collection, label, bad)
    refused = counts.rejected.total()
    _check(label, "refused rows are in the quarantine", refused, held(store, collection, label))
    return counts


def _check(label: str, what: str, expected: int, found: int) -> None:
    if found != expected:
        raise CountMismatchError(
            f"{label}: {found} {what} instead of {expected}: materialize this partition again, and"
            " report it if it fails again"
        )


def _metadata(collection: Collection, load: CourseLoad, outcome: str) -> Metadata:
    return {
        "database": collection.database,
        "outcome": outcome,
        "package": load["package"],
        "rows": load["rows"],
        "documents": load["documents"],
        "duplicates": load["duplicates"],
        "rejected": load["rejected"],
        **({"retired": retired} if (retired := load.get("retired")) else {}),
        **({"duplicate_lines": _told(lines)} if (lines := load.get("duplicate_lines")) else {}),
    }


def _told(lines: list[int]) -> str:
    shown = 20
    return ", ".join(map(str, lines[:shown])) + (" and more" if len(lines) > shown else "")
