"""The stage packages/course_files: a package's members sorted by course.

The members' contents are loaded in `loading.courses`.
"""

from datetime import date
from typing import cast

from edx_assets.loading.entries import (
    CourseFiles,
    CourseOfPackage,
    PackageCourse,
    PackageEntry,
    PackageState,
    Source,
)
from edx_assets.loading.ledger import (
    PACKAGE_COURSES,
    PACKAGES,
    courses_of_package,
    package_course_id,
    prepare_courses,
)
from edx_assets.loading.packages.course_keys import Reader, by_prefix, key_of
from edx_assets.loading.packages.cut_names import place_cut
from edx_assets.loading.packages.groups import GroupName, Groups, Listed, grouped
from edx_assets.loading.packages.members import courses_folder
from edx_assets.loading.registry import (
    CourseRefusedError,
    outlast_registration,
    register_course,
    registered_courses,
)
from edx_assets.loading.stage import Metadata, StageMissingError
from edx_assets.loading.upgrade import upgrade
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

SORTING = 2
"""Version of the sorting rules; a package sorted with another version is sorted again."""


def sort_package(
    store: Store, storage: Storage, gnupg: Gnupg, day: date, rebuild: bool = False
) -> Metadata:
    """Sort a package's members by course, and register the courses.

    A package that is already sorted, with nothing refused, is left alone, unless `rebuild` is on.

    Only the members that contain a course key are decrypted now. The others are decrypted when
    their course is loaded: a package can be tens of GB, twenty times that unpacked, and contain
    courses that nobody asks for.

    A member that cannot be read is named in `refused_members`; loading its collection fails.

    Raises:
        StageMissingError: the package has not been downloaded, or has been removed.
        DamagedPackageError: it is not a zip file; the ledger is unchanged.
        DecryptionError: none of the members that contain a course key can be decrypted; the ledger
            is unchanged.
        CourseRefusedError: some courses cannot be told, or cannot have a database; the others are
            registered anyway.
    """
    upgrade(store)
    raw = storage.read_json(f"packages/{day}/raw.json")
    if raw is None:
        raise StageMissingError(
            f"the package of {day} is not downloaded: materialize packages/database_package first"
        )
    source = [raw["etag"], raw.get("opt_in_etag"), SORTING]
    before = cast(PackageEntry | None, store.get(PACKAGES, str(day)))
    if not rebuild and before and is_sorted(before, source) and not _refusals(before):
        return _metadata(before, "unchanged")
    groups = grouped(storage, str(day), raw["file"])
    storage.delete(courses_folder(str(day)))
    found, refused = _found(store, Reader(storage, gnupg), groups, str(day), raw["file"])
    if before:  # until the end, a run that is killed must not leave it sorted
        store.put(PACKAGES, before | {"state": PackageState.SORTING})
    outlast_registration(store)
    prepare_courses(store)
    courses: list[CourseOfPackage] = []
    written = []
    for course, files in found:
        group = GroupName(files["site"], files["prefix"])
        try:
            partition = register_course(store, course, group.site)
        except CourseRefusedError as error:  # the other courses do not wait for this one
            refused.append(str(error))
            continue
        members = groups.courses[group]
        of_course = PackageCourse(
            **files,
            _id=package_course_id(str(day), partition),
            source=source,
            partition=partition,
            tables=[members[table] for table in sorted(members)],
            opt_in=raw.get("opt_in_etag") is not None,
            failed_exports=groups.failed.get(group, []),
        )
        store.put(PACKAGE_COURSES, of_course)
        written.append(of_course["_id"])
        courses.append(CourseOfPackage(course_key=course, site=group.site))
    store.delete(PACKAGE_COURSES, {"_id": courses_of_package(str(day)) | {"$nin": written}})
    entry = PackageEntry(
        _id=str(day),
        date=str(day),
        file=raw["file"],
        source=source,
        state=PackageState.SORTED,
        members=groups.total,
        courses=courses,
        failed_exports=sorted(path for paths in groups.failed.values() for path in paths),
        not_of_a_course=[listed.path for listed in groups.others],
        refused=refused,
        refused_members=groups.refused,
    )
    store.put(PACKAGES, entry)
    if refused:
        raise CourseRefusedError("; ".join(refused))
    return _metadata(entry, "sorted")


def is_sorted(entry: PackageEntry, source: Source) -> bool:
    """Whether a package has been sorted, to the end, as it now is on S3 and by today's rules."""
    return entry["state"] == PackageState.SORTED and entry["source"] == source


def _found(
    store: Store, reader: Reader, groups: Groups, day: str, file: str
) -> tuple[list[tuple[str, CourseFiles]], list[str]]:
    """The courses with their files, and the messages on those that are refused."""
    refused: list[str] = []
    registered = by_prefix(registered_courses(store))
    place_cut(groups, reader, day, file, registered)
    named: dict[tuple[str, str], list[CourseFiles]] = {}
    for group, members in sorted(groups.courses.items()):
        files = CourseFiles(date=day, file=file, site=group.site, prefix=group.prefix)
        try:
            course = key_of(reader, files, members, registered.get(group, []), groups.refused)
        except CourseRefusedError as error:
            refused.append(str(error))
            continue
        if course is None:
            groups.others += [Listed(members[table]["member"]) for table in sorted(members)]
        else:
            named.setdefault((course, group.site), []).append(files)
    reader.check()
    for (course, _site), several in named.items():
        if len(several) > 1:
            names = " and ".join(f"{files['prefix']}-…" for files in several)
            refused.append(
                f"{course} is the course of two groups of files, {names}, by their content: ask"
                " edX which are right, and for a package with only those"
            )
    return [(course, files[0]) for (course, _), files in named.items() if len(files) == 1], refused


def _refusals(entry: PackageEntry) -> list[str]:
    return entry["refused"] + entry.get("refused_members", [])


def _metadata(entry: PackageEntry, outcome: str) -> Metadata:
    refused = entry.get("refused_members", [])
    return {
        "file": entry["file"],
        "outcome": outcome,
        "members": entry["members"],
        "courses": len(entry["courses"]),
        "failed_exports": len(entry["failed_exports"]),
        "not_of_a_course": len(entry["not_of_a_course"]),
        **({"refused_members": "\n".join(refused)} if refused else {}),
    }
