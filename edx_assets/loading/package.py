"""The stages of a database package: downloaded, and its members decrypted and sorted by course."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from edx_assets.edx.course_structure import StructureError, course_of_structure, read_blocks
from edx_assets.edx.file_names import Member, package_member
from edx_assets.edx.keys import course_key, course_parts
from edx_assets.edx.schema import tables
from edx_assets.edx.tables import TableError, TableReader
from edx_assets.loading.day_files import Metadata, StageMissing
from edx_assets.loading.ledger import (
    COURSES,
    MASTER,
    PACKAGE_COURSES,
    PACKAGES,
    Entry,
    register_course,
)
from edx_assets.resources.buckets import Buckets, DeliveryError
from edx_assets.resources.gnupg import DecryptionError, Gnupg, naming
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store

SORTING = 1
"""Version of how members are told apart; a package sorted under another is sorted anew."""
_NAMED = 5  # bad members named in one message


class DamagedPackage(Exception):  # noqa: N818 - a verdict on a file
    """A database package cannot be used; the message names the file and the remedy."""


def package_key(day: date) -> str:
    """Storage key of a package."""
    return f"packages/{day}/package.zip"


def fetch_package(buckets: Buckets, storage: Storage, day: date) -> Metadata:
    """Download the package of a delivery date, where it is not here yet.

    Raises:
        DeliveryError: S3 has no such package.
    """
    item = buckets.packages().get(day)
    note_key = f"packages/{day}/raw.json"
    before = storage.read_json(note_key)
    if item is None:
        raise DeliveryError(
            f"s3://{buckets.packages_bucket} has no package of {day}: materialize"
            " packages/delivered to see which there are"
        )
    note = {"file": item.name, "etag": item.etag, "size": item.size}
    outcome = "unchanged"
    if note != before or not storage.exists(package_key(day)):
        with storage.writing(package_key(day)) as path:
            buckets.download(item, path)
        storage.write_json(note_key, note)
        outcome = "downloaded"
    return {"file": item.name, "bytes": item.size, "etag": item.etag, "outcome": outcome}


def sort_package(store: Store, storage: Storage, gnupg: Gnupg, day: date) -> Metadata:
    """Decrypt a package's members into the storage, told apart by course, and register the courses.

    Raises:
        StageMissing: the package has not been downloaded.
        DamagedPackage: it is no zip, or members of it cannot be decrypted; the ledger then stays
            as it was.
    """
    raw = storage.read_json(f"packages/{day}/raw.json")
    if raw is None:
        raise StageMissing(f"packages/database_package has no {day}: materialize it first")
    before = store.get(MASTER, PACKAGES, str(day))
    if before and (before["etag"], before["version"]) == (raw["etag"], SORTING):
        return _metadata(before, "unchanged")
    storage.delete(_folder(day))
    groups: dict[tuple[str, str], dict[str, Entry]] = {}
    failed, others = [], []
    for path, member in _decrypted_members(storage, gnupg, day, raw["file"]):
        if member is None:
            others.append(path)
        elif member.failed:
            failed.append(path)
        else:
            key = _member_key(day, member)
            entry = {"table": member.table, "key": key, "bytes": storage.size(key)}
            groups.setdefault((member.site, member.prefix), {})[member.table] = entry
    store.delete(MASTER, PACKAGE_COURSES, {"date": str(day)})
    courses = []
    for (site, prefix), members in sorted(groups.items()):
        course = _course_of(store, storage, prefix, site, members)
        if course is None:
            others.extend(f"{prefix}-{table}" for table in sorted(members))
            continue
        partition = register_course(store, course, site)
        courses.append({"course_key": course, "site": site})
        store.put(
            MASTER,
            PACKAGE_COURSES,
            {
                "_id": f"{day}/{partition}",
                "date": str(day),
                "file": raw["file"],
                "etag": raw["etag"],
                "partition": partition,
                "prefix": prefix,
                "tables": [members[table] for table in sorted(members)],
            },
        )
    entry = {
        "_id": str(day),
        "date": str(day),
        "file": raw["file"],
        "etag": raw["etag"],
        "version": SORTING,
        "state": "sorted",
        "members": sum(map(len, groups.values())) + len(failed) + len(others),
        "courses": courses,
        "failed_exports": failed,
        "not_of_a_course": others,
    }
    store.put(MASTER, PACKAGES, entry)
    return _metadata(entry, "sorted")


def _decrypted_members(
    storage: Storage, gnupg: Gnupg, day: date, name: str
) -> list[tuple[str, Member | None]]:
    """Decrypt every member of a course; each member's path with what its name tells."""
    known = frozenset(tables())
    found: list[tuple[str, Member | None]] = []
    bad: list[str] = []
    with storage.reading(package_key(day)) as path:
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise DamagedPackage(
                f"{name} is no zip file or is cut short: materialize packages/database_package"
                " again, and ask edX where that does not help"
            ) from None
        with archive:
            for info in archive.infolist():
                if info.is_dir():
                    continue
                member = package_member(info.filename, known)
                found.append((info.filename, member))
                if member is None or member.failed:
                    continue
                try:
                    with (
                        naming(info.filename),
                        archive.open(info) as stream,
                        storage.writing(_member_key(day, member)) as target,
                    ):
                        gnupg.decrypt(stream, target)
                except (DecryptionError, zipfile.BadZipFile) as error:
                    bad.append(str(error))
    if bad:
        more = f"; and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise DamagedPackage(f"{name}: {'; '.join(bad[:_NAMED])}{more}")
    return found


def _course_of(
    store: Store, storage: Storage, prefix: str, site: str, members: dict[str, Entry]
) -> str | None:
    """The course of a group of files, told by their content before their name.

    A name cannot tell where its number ends and its run begins, nor what a `_` was.
    """
    if structure := members.get("course_structure"):
        with storage.reading(structure["key"]) as path:
            try:
                key = course_of_structure(read_blocks(path.read_bytes()))
            except StructureError:
                key = None
        if key:
            return key
    if enrolments := members.get("student_courseenrollment"):
        with storage.reading(enrolments["key"]) as path:
            if key := _course_of_enrolments(path):
                return key
    for course in store.find(MASTER, COURSES, {"site": site}):
        if "-".join(course_parts(course["course_key"])) == prefix:
            return str(course["course_key"])
    return course_key("/".join(prefix.split("-"))) if prefix.count("-") == 2 else None


def _course_of_enrolments(path: Path) -> str | None:
    with path.open("rb") as lines:
        try:
            for row in TableReader(lines, "student_courseenrollment"):
                if isinstance(row, dict) and isinstance(told := row.get("course_id"), str):
                    return course_key(told)
        except TableError:
            return None
    return None


def _member_key(day: date, member: Member) -> str:
    return f"{_folder(day)}/{member.site}/{member.prefix}/{member.table}"


def _folder(day: date) -> str:
    return f"packages/{day}/courses"


def _metadata(entry: dict[str, Any], outcome: str) -> Metadata:
    return {
        "file": entry["file"],
        "outcome": outcome,
        "members": entry["members"],
        "courses": len(entry["courses"]),
        "failed_exports": len(entry["failed_exports"]),
        "not_of_a_course": len(entry["not_of_a_course"]),
    }
