"""The file of all courses: a DuckDB database with a view for each dataset, over every course.

The views read files that never change: the datasets' own, under second names. DuckDB opens a file
more than once for a query, and would mix the old and the new where it is replaced in between.

Where the storage is a bucket, the file has a table in place of each view, with all its rows, and
nothing of the events, which are too many: who has the file needs no other.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from edx_assets.datasets.course import file_of
from edx_assets.datasets.definition import EVENTS, Dataset, DatasetColumn, DatasetError
from edx_assets.datasets.engine import literal, quoted
from edx_assets.datasets.events import COLUMNS
from edx_assets.loading.ledger import COURSE_LOADS, MASTER
from edx_assets.loading.registry import RegisteredCourse, registered_courses
from edx_assets.loading.stage import Metadata
from edx_assets.resources.lock import locked
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.resources.stored import MissingFileError
from edx_assets.resources.stored_folder import StoredFolder

WAREHOUSE = "datasets/all_courses.duckdb"
"""The file's key in the storage."""

LINKS = "datasets/all_courses"
"""The folder of the second names: for each time that the file is made, one that has all of them."""

_NOTE = "datasets/all_courses.json"
_COURSES = "courses"
_FILE = "_file"
_VERSION = 1  # of how the views are made

_Made = dict[str, dict[str, str]]
"""For each dataset, the courses (partitions) that have it, each with the digest of its file."""


def warehouse_state(store: Store, known: dict[str, Dataset]) -> str:
    """A digest of what the file depends on: every course's datasets, and their definitions.

    Only the ledger is read.
    """
    return _state(_made(store, known), known)


def _state(made: _Made, known: dict[str, Dataset]) -> str:
    told = [(name, known[name].digest, sorted(made[name].items())) for name in sorted(made)]
    return blake2b(repr((_VERSION, told)).encode(), digest_size=8).hexdigest()


def made_state(storage: Storage) -> str | None:
    """What `warehouse_state` was when the file was made; None if it is not there."""
    note = storage.read_json(_NOTE) if storage.exists(WAREHOUSE) else None
    return str(note["state"]) if note else None


def make_warehouse(
    store: Store, storage: Storage, known: dict[str, Dataset], keep_former: bool = True
) -> Metadata:
    """Make the file. Who has it open can go on with the old one until it is made once more.

    Args:
        store: the document store.
        storage: the storage, which has the datasets.
        known: every dataset by name.
        keep_former: whether readers of the file from before can go on; otherwise nothing of it
            stays.

    Raises:
        DatasetError: a dataset's file cannot be read.
        StoreError: the database failed.
    """
    with locked(store, MASTER, "all_courses"):
        made = _made(store, known)
        state = _state(made, known)
        having = {partition for courses in made.values() for partition in courses}
        courses = [course for course in registered_courses(store) if course["_id"] in having]
        links = f"{LINKS}/{secrets.token_hex(8)}"
        views: list[str] = []
        with storage.writing(WAREHOUSE) as path:
            path.unlink()  # an empty file is no database
            here = storage.folder()
            with duckdb.connect(str(path)) as database:
                _write_courses(database, courses)
                for name, dataset in [*known.items(), *([(EVENTS, None)] if here else [])]:
                    columns = dataset.columns if dataset else COLUMNS
                    purpose = dataset.purpose if dataset else "Each event, in flat columns."
                    if not columns:
                        continue
                    with _files(storage, here, courses, name, links) as folder:
                        if folder:
                            kind = "VIEW" if here else "TABLE"
                            _make(database, kind, folder, name, columns, purpose)
                            views.append(name)
        before = storage.read_json(_NOTE) or {}
        storage.write_json(_NOTE, {"state": state, "links": links})
        _remove_links(storage, {links, before.get("links") if keep_former else None})
    return {"courses": len(courses), "views": len(views), "outcome": "made"}


def _made(store: Store, known: dict[str, Dataset]) -> _Made:
    found: _Made = {}
    fields = ["partition", "collection", "content"]
    for load in store.find(COURSE_LOADS, {"collection": {"$in": [*known]}}, fields=fields):
        # else it is a table of the package, or its columns are not known
        if "content" in load and not known[load["collection"]].wrong:
            found.setdefault(load["collection"], {})[load["partition"]] = load["content"]
    return found


def _write_courses(database: DuckDBPyConnection, courses: list[RegisteredCourse]) -> None:
    database.execute(f"CREATE TABLE {_COURSES} (course_id VARCHAR, site VARCHAR, folder VARCHAR)")
    for course in courses:
        database.execute(
            f"INSERT INTO {_COURSES} VALUES (?, ?, ?)",
            [course["_id"], course["site"], course["database"]],
        )


@contextmanager
def _files(
    storage: Storage,
    here: StoredFolder | None,
    courses: list[RegisteredCourse],
    name: str,
    links: str,
) -> Iterator[Path | None]:
    """A folder with the courses' files of a dataset: under second names, or copies of a bucket's.

    None if there are none.
    """
    with ExitStack() as copying:
        folder = None
        scratch = None if here else copying.enter_context(storage.beside())
        for course in courses:
            key, file = file_of(course["database"], name), f"{course['database']}.parquet"
            with suppress(MissingFileError):
                if here:
                    here.link(key, f"{links}/{name}/{file}")
                    folder = Path(here.address_of(f"{links}/{name}"))
                elif scratch:
                    with storage.reading(key) as path:
                        path.replace(scratch / file)
                    folder = scratch
        yield folder


def _remove_links(storage: Storage, kept: set[str | None]) -> None:
    """Remove the second names of former times, but for those that a reader may still use."""
    found = {"/".join(file.key.split("/")[:3]) for file in storage.files() if _is_link(file.key)}
    for links in found - kept:
        storage.delete(links)


def _is_link(key: str) -> bool:
    return key.startswith(f"{LINKS}/")


def _make(
    database: DuckDBPyConnection,
    kind: str,
    folder: Path,
    name: str,
    columns: tuple[DatasetColumn, ...],
    purpose: str,
) -> None:
    """A dataset over the courses. Files of an older definition may lack a column."""
    # in a pattern, the folder's own `*` and `[` stand for themselves within brackets
    pattern = re.sub(r"([*\[])", r"[\1]", str(folder)) + "/*.parquet"
    files = f"read_parquet({literal(pattern)}, union_by_name = true, filename = '{_FILE}')"
    try:
        described = database.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()
        there = {row[0] for row in described}
        cells = ", ".join(
            f"{f'told.{quoted(each.name)}' if each.name in there else 'NULL'}::{each.type}"
            f" AS {quoted(each.name)}"
            for each in columns
        )
        database.execute(
            f"CREATE {kind} {quoted(name)} AS SELECT {_COURSES}.course_id, {cells}"
            f" FROM {files} AS told JOIN {_COURSES} ON {_COURSES}.folder ="
            f" regexp_extract(told.{_FILE}, '([^/]+)[.]parquet$', 1)"
        )
    except duckdb.Error as error:
        raise DatasetError(
            f"the files of {name} cannot be read together (DuckDB's {type(error).__name__}):"
            f" materialize course/{name} again, for every course"
        ) from None
    comments = {f"COLUMN {quoted(name)}.{quoted(each.name)}": each.meaning for each in columns}
    for what, told in {f"{kind} {quoted(name)}": purpose, **comments}.items():
        database.execute(f"COMMENT ON {what} IS {literal(told)}")
