"""A package's members in groups, one for each course, by their names alone.

Which course a group is of belongs in `course_keys`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from edx_assets.edx.file_names import package_member
from edx_assets.edx.schema import tables
from edx_assets.loading.entries import PackageMember
from edx_assets.loading.packages.archive import opened, refusal
from edx_assets.loading.packages.members import package_file
from edx_assets.resources.storage import Storage


class GroupName(NamedTuple):
    """What the names of a course's files have in common."""

    site: str
    prefix: str


class Listed(NamedTuple):
    """A member as its zip lists it; one that is lost has neither size nor checksum."""

    path: str
    size: int = 0
    checksum: int | None = None


@dataclass
class Groups:
    """The members of a package; `refused` are the messages on those that cannot be used."""

    courses: dict[GroupName, dict[str, PackageMember]] = field(default_factory=dict)
    failed: dict[GroupName, list[str]] = field(default_factory=dict)
    others: list[Listed] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    total: int = 0
    first: dict[tuple[GroupName, str], Listed] = field(default_factory=dict)
    """By group and table, the member that came first."""


def grouped(storage: Storage, day: str, name: str) -> Groups:
    """The members of a package, grouped.

    Raises:
        DamagedPackageError: it is not a zip file.
        StageMissingError: it has been removed from the storage.
    """
    known = frozenset(tables())
    groups = Groups()
    with package_file(storage, day) as path, opened(path, name) as archive:
        found = [Listed(info.filename, info.file_size, info.CRC) for info in archive.members]
        found += [Listed(lost) for lost in archive.lost]
        groups.refused += [why for info in archive.members if (why := refusal(archive, info))]
        groups.refused += archive.lost.values()
    groups.total = len(found)
    for listed in found:
        member = package_member(listed.path, known)
        if member is None:
            groups.others.append(listed)
        elif member.failed:
            group = GroupName(member.site, member.prefix)
            groups.failed.setdefault(group, []).append(listed.path)
        else:
            place(groups, GroupName(member.site, member.prefix), member.table, listed)
    return groups


def place(groups: Groups, group: GroupName, table: str, listed: Listed) -> None:
    """Add a member to a group. Of two different ones for one table, neither can be used."""
    member = PackageMember(table=table, member=listed.path, bytes=listed.size)
    first = groups.first.setdefault((group, table), listed)
    kept = groups.courses.setdefault(group, {}).setdefault(table, member)
    if kept is member or (listed.checksum is not None and listed[1:] == first[1:]):
        return
    names = f"{first.path} (twice)" if first.path == listed.path else f"{first.path}, {listed.path}"
    why = (
        f"{names}: two different files for the table {table} of {group.prefix}: ask edX which is"
        " right, and for a package with only that one"
    )
    kept["refused"] = why
    groups.refused.append(why)
