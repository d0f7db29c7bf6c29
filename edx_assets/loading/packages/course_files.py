"""The stage packages/course_files: a package's members sorted by course.

The members' contents are loaded in `loading.courses`.
"""

from datetime import date
from pathlib import Path
from typing import cast

from edx_assets.edx.collections import COURSE_STRUCTURE, ENROLMENTS
from edx_assets.edx.course_structure import StructureError, course_of_structure, read_blocks
from edx_assets.edx.file_names import Member, package_member
from edx_assets.edx.keys import course_key, course_parts
from edx_assets.edx.schema import tables
from edx_assets.edx.tables import TableError, TableReader
from edx_assets.loading.ledger import (
    PACKAGE_COURSES,
    PACKAGES,
    CourseFiles,
    PackageCourse,
    PackageEntry,
    PackageMember,
)
from edx_assets.loading.packages.members import (
    course_file,
    courses_folder,
    opened,
    package_key,
)
from edx_assets.loading.registry import CourseRefusedError, register_course, registered_courses
from edx_assets.loading.stage import Metadata, StageMissingError
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

SORTING = 1
"""Version of the sorting rules; a package sorted with another version is sorted again."""
_NAME_COURSE = (COURSE_STRUCTURE, ENROLMENTS)
"""Members whose content has the course key, which file names do not give exactly."""


def sort_package(
    store: Store, storage: Storage, gnupg: Gnupg, day: date, rebuild: bool = False
) -> Metadata:
    """Sort a package's members by course, and register the courses.

    A package that is already sorted is left alone, unless `rebuild` is on.

    Only the members that contain a course key are decrypted now. The others are decrypted when
    their course is loaded: a package can be tens of GB, twenty times that unpacked, and contain
    courses that nobody asks for.

    Raises:
        StageMissingError: the package has not been downloaded.
        DamagedPackageError: it is not a zip file; the ledger is unchanged.
        DecryptionError: a member that contains a course key cannot be decrypted.
        CourseRefusedError: some courses cannot have a database; the others are registered anyway.
    """
    raw = storage.read_json(f"packages/{day}/raw.json")
    if raw is None:
        raise StageMissingError(
            f"the package of {day} is not downloaded: materialize packages/database_package first"
        )
    source = [raw["etag"], raw["opt_in_etag"], SORTING]
    before = cast(PackageEntry | None, store.get(PACKAGES, str(day)))
    if not rebuild and before and before["source"] == source and not before["refused"]:
        return _metadata(before, "unchanged")
    storage.delete(courses_folder(str(day)))
    groups: dict[tuple[str, str], dict[str, PackageMember]] = {}
    failed, others = [], []
    for path, size, member in _members(storage, str(day), raw["file"]):
        if member is None:
            others.append(path)
        elif member.failed:
            failed.append(path)
        else:
            group = groups.setdefault((member.site, member.prefix), {})
            group[member.table] = PackageMember(table=member.table, member=path, bytes=size)
    found: list[tuple[str, CourseFiles]] = []
    for (site, prefix), members in sorted(groups.items()):
        files = CourseFiles(date=str(day), file=raw["file"], site=site, prefix=prefix)
        course = _course_of(store, storage, gnupg, files, members)
        if course is None:
            others.extend(f"{prefix}-{table}" for table in sorted(members))
        else:
            found.append((course, files))
    store.delete(PACKAGE_COURSES, {"date": str(day)})
    refused = []
    for course, files in found:
        try:
            partition = register_course(store, course, files["site"])
        except CourseRefusedError as error:  # the other courses do not wait for this one
            refused.append(str(error))
            continue
        members = groups[files["site"], files["prefix"]]
        of_course = PackageCourse(
            **files,
            _id=f"{day}/{partition}",
            source=source,
            partition=partition,
            tables=[members[table] for table in sorted(members)],
            opt_in=raw["opt_in_etag"] is not None,
            failed_exports=[path for path in failed if f"/{files['prefix']}-" in f"/{path}"],
        )
        store.put(PACKAGE_COURSES, of_course)
    entry = PackageEntry(
        _id=str(day),
        date=str(day),
        file=raw["file"],
        source=source,
        state="sorted",
        members=sum(map(len, groups.values())) + len(failed) + len(others),
        courses=[{"course_key": course, "site": files["site"]} for course, files in found],
        failed_exports=failed,
        not_of_a_course=others,
        refused=refused,
    )
    store.put(PACKAGES, entry)
    if refused:
        raise CourseRefusedError("; ".join(refused))
    return _metadata(entry, "sorted")


def _members(storage: Storage, day: str, name: str) -> list[tuple[str, int, Member | None]]:
    """A package's members: path in the zip, size there, and the parsed name."""
    known = frozenset(tables())
    with storage.reading(package_key(day)) as path, opened(path, name) as archive:
        return [
            (info.filename, info.file_size, package_member(info.filename, known))
            for info in archive.infolist()
            if not info.is_dir()
        ]


def _course_of(
    store: Store,
    storage: Storage,
    gnupg: Gnupg,
    files: CourseFiles,
    members: dict[str, PackageMember],
) -> str | None:
    """The course key of a group of files: from their content if possible, else from their name.

    A name does not show where the number ends and the run begins, nor what a `_` stood for.
    """
    for table in _NAME_COURSE:
        if member := members.get(table):
            with course_file(storage, gnupg, files, member) as path:
                if key := _course_in(table, path):
                    return key
    prefix = files["prefix"]
    for course in registered_courses(store):
        if course["site"] == files["site"] and _prefix_of(course["course_key"]) == prefix:
            return course["course_key"]
    return course_key("/".join(prefix.split("-"))) if prefix.count("-") == 2 else None


def _prefix_of(key: str) -> str:
    return "-".join(course_parts(key))


def _course_in(table: str, path: Path) -> str | None:
    try:
        if table == COURSE_STRUCTURE:
            return course_of_structure(read_blocks(path.read_bytes()))
        with path.open("rb") as lines:
            for row in TableReader(lines, table):
                if isinstance(row, dict) and isinstance(key := row.get("course_id"), str):
                    return course_key(key)
    except (StructureError, TableError):
        return None
    return None


def _metadata(entry: PackageEntry, outcome: str) -> Metadata:
    return {
        "file": entry["file"],
        "outcome": outcome,
        "members": entry["members"],
        "courses": len(entry["courses"]),
        "failed_exports": len(entry["failed_exports"]),
        "not_of_a_course": len(entry["not_of_a_course"]),
    }
