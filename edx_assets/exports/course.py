"""The export of a course: a folder with a file for each table, a dictionary and a manifest."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from edx_assets.datasets.definition import Dataset
from edx_assets.datasets.engine import engine
from edx_assets.exports.conversion import convert
from edx_assets.exports.folder import MANIFEST, file_entry, replacing_folder
from edx_assets.exports.formats import Format
from edx_assets.exports.pseudonyms.disguise import Disguise
from edx_assets.exports.pseudonyms.scope import Scope
from edx_assets.exports.rows import write_table
from edx_assets.exports.tables import (
    CourseTable,
    chosen,
    course_tables,
    find_course,
    personal_of,
)
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

DICTIONARY = "dictionary.csv"

Manifest = dict[str, Any]


def export_course(
    store: Store,
    storage: Storage,
    named: str,
    folder: Path,
    form: Format,
    known: dict[str, Dataset],
    only: Sequence[str] = (),
    pseudonyms: Scope | None = None,
) -> tuple[Path, Manifest]:
    """Write a course's tables into a folder of its own below `folder`; return it and its manifest.

    An earlier export of the course there is replaced once this one is whole.

    Args:
        store: the document store.
        storage: the storage, which has the datasets.
        named: the course's key, or the name of its database.
        folder: the folder to export to; it is made where it is not there.
        form: the form of the tables' files.
        known: every dataset by name.
        only: the names of tables; all by default.
        pseudonyms: how far pseudonyms reach; without it, identifiers are written as they are.

    Raises:
        UnknownCourseError, UnknownTableError: there is none of that name.
        StageMissingError: the course has no table yet, or one is half loaded.
        ForeignFilesError: other files are where the course's folder has to be.
        SourceChangedError: a table was loaded again in the meantime.
        IdentifierLeftError: a file with pseudonyms still holds an identifier.
        StoreError: the database failed.
    """
    course = find_course(store, named)
    found = course_tables(store, storage, course, known)
    tables = chosen(found, only)
    if not tables:
        raise StageMissingError(f"{course['_id']} has no table yet: run the job refresh_a_course")
    target = folder.expanduser() / course["database"]
    manifest: Manifest = {
        "course": course["course_key"],
        "site": course["site"],
        "edx_assets": version("edx-assets"),
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "format": str(form),
        "files": [],
        "datasets_not_made": [name for name in known if name not in found],
    }
    with replacing_folder(target) as room, engine(room) as session:
        disguise = None
        if pseudonyms is not None:
            read = room / "read"
            read.mkdir(mode=0o700)
            disguise = Disguise(store, storage, course, found.values(), pseudonyms, read)
            tables = disguise.kept(tables)
        for table in tables:
            source = room / f"{table.name}.parquet"
            file = room / "files" / f"{table.name}.{form}"
            if disguise is not None:
                rows = disguise.write(table, source)
            else:
                rows = write_table(store, storage, course, table, source)
            told: dict[str, Any] = {"table": table.name, "kind": str(table.kind)}
            if form == Format.PARQUET:
                source.replace(file)
            else:
                marked = convert(session, table, source, file, form)
                source.unlink()
                if form == Format.CSV:
                    told["cells_marked"] = marked
            told |= {"rows": rows, "description": table.description, **_loaded(table)}
            told |= {"personal": personal_of(table)}
            manifest["files"].append(file_entry(file) | told)
        dictionary = room / "files" / DICTIONARY
        _write_dictionary(dictionary, tables)
        manifest["files"].append(file_entry(dictionary) | {"kind": "dictionary"})
        if disguise is not None:
            manifest["pseudonyms"] = disguise.told(room / "files", tables, form, [DICTIONARY])
        (room / "files" / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return target, manifest


def _loaded(table: CourseTable) -> dict[str, Any]:
    """When a table was loaded, and from which package."""
    if table.load is None:
        return {}
    told = {"loaded_at": table.load["loaded_at"].isoformat(timespec="seconds")}
    return told | ({"package": table.load["package"]} if "package" in table.load else {})


def _write_dictionary(path: Path, tables: Sequence[CourseTable]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["table", "kind", "column", "type", "meaning", "personal"])
        writer.writerows(_columns(tables))


def _columns(tables: Sequence[CourseTable]) -> Iterator[tuple[str, ...]]:
    for table in tables:
        for column in table.columns:
            yield (
                table.name,
                str(table.kind),
                column.name,
                column.type,
                column.meaning,
                column.personal,
            )
