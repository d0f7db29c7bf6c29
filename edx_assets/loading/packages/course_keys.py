"""Which course a group of a package's members is of: by their content, else by their names.

Grouping them belongs in `groups`.
"""

from pathlib import Path

from edx_assets.edx.collections import COURSE_STRUCTURE, ENROLMENTS
from edx_assets.edx.course_structure import StructureError, course_of_structure, read_blocks
from edx_assets.edx.file_names import course_prefix
from edx_assets.edx.keys import course_key
from edx_assets.edx.lines import bounded
from edx_assets.edx.tables import TableError, TableReader
from edx_assets.errors import FinalError
from edx_assets.loading.entries import CourseFiles, PackageMember
from edx_assets.loading.packages.archive import DamagedPackageError, unforeseen_in
from edx_assets.loading.packages.groups import GroupName
from edx_assets.loading.packages.members import course_file
from edx_assets.loading.registry import CourseRefusedError, RegisteredCourse
from edx_assets.resources.gnupg import DecryptionError, Gnupg
from edx_assets.resources.storage import Storage

_NAME_COURSE = (COURSE_STRUCTURE, ENROLMENTS)
"""Members whose content has the course key, which file names do not give exactly."""


class Reader:
    """Reads members for their course keys, and remembers what could not be read."""

    def __init__(self, storage: Storage, gnupg: Gnupg) -> None:
        self._storage = storage
        self._gnupg = gnupg
        self._decrypted = 0
        self._undecrypted: list[DecryptionError] = []

    def key_in(self, files: CourseFiles, member: PackageMember, table: str) -> str | None:
        """The course key in a member's content, if there is one.

        Raises:
            DecryptionError, DamagedPackageError: it cannot be read.
        """
        try:
            with course_file(self._storage, self._gnupg, files, member) as path:
                self._decrypted += 1
                with unforeseen_in(member["member"]):
                    return _key_in(table, path)
        except DecryptionError as error:
            self._undecrypted.append(error)
            raise

    def columns_in(self, files: CourseFiles, member: PackageMember) -> frozenset[str]:
        """The column names of a table.

        Raises:
            DecryptionError, DamagedPackageError: it cannot be read.
        """
        with (
            course_file(self._storage, self._gnupg, files, member) as path,
            path.open("rb") as lines,
            unforeseen_in(member["member"]),
        ):
            return frozenset(lines.readline(1 << 16).decode(errors="replace").split())

    def check(self) -> None:
        """Check that it was not the key or the passphrase: that is no fault of single members.

        Raises:
            DecryptionError: not one member could be decrypted.
        """
        if self._undecrypted and not self._decrypted:
            raise self._undecrypted[0]


def by_prefix(courses: list[RegisteredCourse]) -> dict[GroupName, list[str]]:
    """The keys of the registered courses by what the names of their files have in common."""
    found: dict[GroupName, list[str]] = {}
    for course in courses:
        group = GroupName(course["site"], course_prefix(course["course_key"]))
        found.setdefault(group, []).append(course["course_key"])
    return found


def key_of(
    reader: Reader,
    files: CourseFiles,
    members: dict[str, PackageMember],
    registered: list[str],
    unread: list[str],
) -> str | None:
    """The course key of a group of files: from their content if possible, else from their name.

    A name does not show where the number ends and the run begins, nor what a `_` stood for. So it
    is believed if it is that of one registered course, or if no member could have told the course.

    Args:
        reader: reads the members.
        files: where the files are.
        members: the group, by table.
        registered: the keys of the registered courses whose files have such names.
        unread: gets the messages on members that cannot be read.

    Raises:
        CourseRefusedError: the course cannot be told.
    """
    why: list[FinalError] = []
    for table in _NAME_COURSE:
        if member := members.get(table):
            try:
                if key := reader.key_in(files, member, table):
                    unread += map(str, why)
                    return key
            except (DecryptionError, DamagedPackageError) as error:
                why.append(error)
    prefix = files["prefix"]
    if len(registered) > 1:
        raise CourseRefusedError(
            f"the files {prefix}-… can be of {' or '.join(registered)}, and their content does not"
            " tell: ask edX for the structure of this course"
        )
    if registered:
        unread += map(str, why)
        return registered[0]
    if why:
        raise CourseRefusedError(
            f"the course of the files {prefix}-… cannot be told: {'; '.join(map(str, why))}"
        )
    return course_key("/".join(prefix.split("-"))) if prefix.count("-") == 2 else None


def _key_in(table: str, path: Path) -> str | None:
    try:
        if table == COURSE_STRUCTURE:
            return course_of_structure(read_blocks(path.read_bytes()))
        with path.open("rb") as lines:
            for row in TableReader(bounded(lines), table):
                if isinstance(row, dict) and isinstance(key := row.get("course_id"), str):
                    return course_key(key)
    except (StructureError, TableError):
        return None
    return None
