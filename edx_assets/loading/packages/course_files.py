"""The stage packages/course_files: a package's members sorted by course."""

from datetime import date
from pathlib import Path
from typing import Any

from edx_assets.edx.course_structure import StructureError, course_of_structure, read_blocks
from edx_assets.edx.file_names import Member, package_member
from edx_assets.edx.keys import course_key, course_parts
from edx_assets.edx.schema import tables
from edx_assets.edx.tables import TableError, TableReader
from edx_assets.loading.days.files import Metadata, StageMissingError
from edx_assets.loading.ledger import (
    COURSES,
    MASTER,
    PACKAGE_COURSES,
    PACKAGES,
    CourseClashError,
    Entry,
    register_course,
)
from edx_assets.loading.packages.members import (
    course_file,
    courses_folder,
    opened,
    package_key,
)
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

SORTING = 1
"""Version of how members are told apart; a package sorted under another is sorted anew."""
_TELLS_COURSE = ("course_structure", "student_courseenrollment")
"""Members whose content tells the course key, which the files' names alone do not."""


def sort_package(
    store: Store, storage: Storage, gnupg: Gnupg, day: date, anew: bool = False
) -> Metadata:
    """Tell a package's members apart by course, and register the courses.

    A package that is sorted already is left alone, unless it is to be sorted `anew`.

    Decrypted now is only what tells the courses' keys; every other member when its course is
    loaded: a package can be tens of GB, twenty times that unpacked, and hold courses that nobody
    asks for.

    Raises:
        StageMissingError: the package has not been downloaded.
        DamagedPackageError: it is no zip file; the ledger then stays as it was.
        DecryptionError: a member that tells a course's key cannot be decrypted.
        CourseClashError: courses of it would share a database; the others are registered all the same.
    """
    raw = storage.read_json(f"packages/{day}/raw.json")
    if raw is None:
        raise StageMissingError(f"packages/database_package has no {day}: materialize it first")
    source = [raw["etag"], raw["opt_in_etag"], SORTING]
    before = store.get(MASTER, PACKAGES, str(day))
    if not anew and before and before["source"] == source and not before["refused"]:
        return _metadata(before, "unchanged")
    storage.delete(courses_folder(str(day)))
    groups: dict[tuple[str, str], dict[str, Entry]] = {}
    failed, others = [], []
    for path, size, member in _members(storage, str(day), raw["file"]):
        if member is None:
            others.append(path)
        elif member.failed:
            failed.append(path)
        else:
            entry = {"table": member.table, "member": path, "bytes": size}
            groups.setdefault((member.site, member.prefix), {})[member.table] = entry
    found: list[tuple[str, str, str]] = []
    for (site, prefix), members in sorted(groups.items()):
        package = {"date": str(day), "file": raw["file"], "site": site, "prefix": prefix}
        course = _course_of(store, storage, gnupg, package, members)
        if course is None:
            others.extend(f"{prefix}-{table}" for table in sorted(members))
        else:
            found.append((course, site, prefix))
    store.delete(MASTER, PACKAGE_COURSES, {"date": str(day)})
    refused = []
    for course, site, prefix in found:
        try:
            partition = register_course(store, course, site)
        except ValueError as error:  # the other courses are not to wait for this one
            refused.append(str(error))
            continue
        members = groups[site, prefix]
        store.put(
            MASTER,
            PACKAGE_COURSES,
            {
                "_id": f"{day}/{partition}",
                "date": str(day),
                "file": raw["file"],
                "source": source,
                "partition": partition,
                "site": site,
                "prefix": prefix,
                "tables": [members[table] for table in sorted(members)],
                "opt_in": raw["opt_in_etag"] is not None,
                "failed_exports": [path for path in failed if f"/{prefix}-" in f"/{path}"],
            },
        )
    entry = {
        "_id": str(day),
        "date": str(day),
        "file": raw["file"],
        "source": source,
        "state": "sorted",
        "members": sum(map(len, groups.values())) + len(failed) + len(others),
        "courses": [{"course_key": course, "site": site} for course, site, _prefix in found],
        "failed_exports": failed,
        "not_of_a_course": others,
        "refused": refused,
    }
    store.put(MASTER, PACKAGES, entry)
    if refused:
        raise CourseClashError("; ".join(refused))
    return _metadata(entry, "sorted")


def _members(storage: Storage, day: str, name: str) -> list[tuple[str, int, Member | None]]:
    """A package's members: path in the zip, size there, and what the name tells."""
    known = frozenset(tables())
    with storage.reading(package_key(day)) as path, opened(path, name) as archive:
        return [
            (info.filename, info.file_size, package_member(info.filename, known))
            for info in archive.infolist()
            if not info.is_dir()
        ]


def _course_of(
    store: Store, storage: Storage, gnupg: Gnupg, package: Entry, members: dict[str, Entry]
) -> str | None:
    """The course of a group of files, told by their content before their name.

    A name cannot tell where its number ends and its run begins, nor what a `_` was.
    """
    for table in _TELLS_COURSE:
        if member := members.get(table):
            with course_file(storage, gnupg, package, member) as path:
                if key := _course_in(table, path):
                    return key
    prefix = package["prefix"]
    for course in store.find(MASTER, COURSES, {"site": package["site"]}):
        if "-".join(course_parts(course["course_key"])) == prefix:
            return str(course["course_key"])
    return course_key("/".join(prefix.split("-"))) if prefix.count("-") == 2 else None


def _course_in(table: str, path: Path) -> str | None:
    try:
        if table == "course_structure":
            return course_of_structure(read_blocks(path.read_bytes()))
        with path.open("rb") as lines:
            for row in TableReader(lines, table):
                if isinstance(row, dict) and isinstance(told := row.get("course_id"), str):
                    return course_key(told)
    except (StructureError, TableError):
        return None
    return None


def _metadata(entry: dict[str, Any], outcome: str) -> Metadata:
    return {
        "file": entry["file"],
        "outcome": outcome,
        "members": entry["members"],
        "courses": len(entry["courses"]),
        "failed_exports": len(entry["failed_exports"]),
        "not_of_a_course": len(entry["not_of_a_course"]),
    }
