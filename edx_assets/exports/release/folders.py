"""A release of courses as two folders: `release`, to be handed on, and `report`, to be kept.

Neither is there unless the release has passed its proof.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
import orjson

from edx_assets.datasets.definition import Dataset
from edx_assets.datasets.engine import engine
from edx_assets.errors import FinalError
from edx_assets.exports.conversion import convert
from edx_assets.exports.folder import MANIFEST, file_entry, replacing_folder
from edx_assets.exports.formats import Format
from edx_assets.exports.release.columns import left_out, released_columns
from edx_assets.exports.release.deidentify import Rules, deidentify
from edx_assets.exports.release.proof import prove
from edx_assets.exports.release.readme import readme
from edx_assets.exports.release.report import Report, page
from edx_assets.exports.release.rows import Source
from edx_assets.exports.release.utility import detail, measured, uniform
from edx_assets.exports.rows import write_table
from edx_assets.exports.tables import CourseTable, Kind, course_tables, find_course
from edx_assets.loading.registry import RegisteredCourse
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.secret_key import secret_key
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

TABLE = "person_course"
_VERSION = 1  # of how a release is made: another gives other ids


class NotReleasedError(FinalError):
    """The engine cannot read or write the rows; the message tells its class of error."""


class NothingToReleaseError(FinalError):
    """No class is large enough: nothing can be released."""


def release_courses(
    store: Store,
    storage: Storage,
    named: Sequence[str],
    folder: Path,
    form: Format,
    known: dict[str, Dataset],
    rules: Rules,
) -> Report:
    """Write a de-identified release of courses below `folder`, and return its report.

    The same data and rules give the same rows, in the same institution (the ids come from a secret
    key in the storage); others give other ids.

    Args:
        store: the document store.
        storage: the storage, which has the datasets and the key.
        named: the courses' keys, or the names of their databases.
        folder: the folder to write to; it is made where it is not there.
        form: the form of the file.
        known: every dataset by name.
        rules: what the release has to keep.

    Raises:
        UnknownCourseError: there is no such course.
        StageMissingError: a course's `person_course` is not made.
        NotReleasedError: a dataset's file cannot be read.
        NothingToReleaseError: no class is large enough.
        NotAnonymousError: the finished file has not passed its proof.
        ForeignFilesError: other files are where the folders have to be.
        SourceChangedError: a dataset was made again in the meantime.
        StoreError: the database failed.
    """
    found = {
        course["_id"]: (course, _table(store, storage, course, known))
        for course in (find_course(store, each) for each in named)
    }
    names = [each.name for each in rules.quasi]
    columns = released_columns(rules.quasi)
    folder = folder.expanduser()
    with (
        _plain_failures(),
        replacing_folder(folder / "release") as room,
        replacing_folder(folder / "report") as beside,
        engine(room) as session,
    ):
        sources = []
        for number, (course, table) in enumerate(found.values()):
            source = Source(course["_id"], course["site"], room / f"{number}.parquet")
            write_table(store, storage, course, table, source.path)
            sources.append(source)
        made = room / f"{TABLE}.parquet"
        key = secret_key(storage, "release")
        done = deidentify(session, sources, rules, key, _salt(found, rules), made)
        file = room / "files" / f"{TABLE}.{form}"
        utility = measured(session, made, rules.quasi)
        rows = {
            "given": utility["before"]["all"]["rows"] + done.staff,
            "staff": done.staff,
            "dropped_for_courses": done.dropped_for_courses,
            "dropped_for_class": done.dropped_for_class,
            "released": utility["after"]["all"]["rows"],
        }
        if not rows["released"]:
            raise NothingToReleaseError(
                f"of {rows['given']} learners, no {rules.k} are alike: name larger courses, or a"
                " smaller --k"
            )
        report: Report = {
            "courses": [*found],
            "k": rules.k,
            "quasi_identifiers": names,
            "joined": rules.joined,
            "edx_assets": version("edx-assets"),
            "released_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "rows": rows,
            "detail": detail(session, made, rules.quasi, done.stages),
            "utility": utility,
            "uniform": uniform(session, made, rules.quasi),
            "left_out": left_out(rules.quasi),
        }
        if form == Format.PARQUET:
            made.replace(file)
        else:
            convert(session, CourseTable(TABLE, Kind.DATASET, "", columns, None), made, file, form)
        report["proof"] = prove(file, form, rules.k, names, [each.name for each in columns])
        report["file"] = file_entry(file)
        about = ("k", "quasi_identifiers", "joined", "edx_assets", "released_at")
        courses = [course for course in found if course in utility["after"]]
        _write(
            room / "files",
            {"README.md": readme(file.name, courses, rules, rows["released"]).encode()},
            {"courses": courses} | {each: report[each] for each in about},
        )
        pages = {"report.json": orjson.dumps(report, option=orjson.OPT_INDENT_2)}
        _write(beside / "files", pages | {"report.md": page(report).encode()}, {})
    return report


@contextmanager
def _plain_failures() -> Iterator[None]:
    """Tell the engine's failures by their class: a message can hold a learner's cell."""
    try:
        yield
    except duckdb.Error as error:
        raise NotReleasedError(
            f"DuckDB's {type(error).__name__}: materialize course/{TABLE} of these courses again;"
            " if that does not help, report it"
        ) from None


def _table(
    store: Store, storage: Storage, course: RegisteredCourse, known: dict[str, Dataset]
) -> CourseTable:
    table = course_tables(store, storage, course, known).get(TABLE)
    if table is None:
        raise StageMissingError(
            f"{course['_id']} has no {TABLE} yet: materialize course/{TABLE}, or run the job"
            " refresh_a_course"
        )
    return table


def _salt(found: dict[str, tuple[RegisteredCourse, CourseTable]], rules: Rules) -> str:
    """What a release's ids depend on beside the key: the data, and the rules."""
    contents = [
        (name, table.load and table.load.get("content")) for name, (_, table) in found.items()
    ]
    told = [_VERSION, contents, rules.k, [each.name for each in rules.quasi], rules.joined]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


def _write(folder: Path, pages: dict[str, bytes], manifest: dict[str, object]) -> None:
    for name, content in pages.items():
        (folder / name).write_bytes(content)
    files = [file_entry(path) for path in sorted(folder.iterdir())]
    told = orjson.dumps(manifest | {"files": files}, option=orjson.OPT_INDENT_2)
    (folder / MANIFEST).write_bytes(told)
