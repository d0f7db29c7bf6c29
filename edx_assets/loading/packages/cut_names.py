"""Members whose names edX's exporter cut: which course and table they are of.

The rule of the cut belongs in `edx.file_names`.
"""

import hashlib
from collections.abc import Iterable

from edx_assets.edx.collections import COURSE_STRUCTURE, ENROLMENTS
from edx_assets.edx.file_names import course_prefix, cut_member
from edx_assets.edx.schema import tables
from edx_assets.loading.entries import CourseFiles, PackageMember
from edx_assets.loading.packages.archive import DamagedPackageError
from edx_assets.loading.packages.course_keys import Reader
from edx_assets.loading.packages.groups import GroupName, Groups, place
from edx_assets.resources.gnupg import DecryptionError


def place_cut(
    groups: Groups, reader: Reader, day: str, file: str, registered: Iterable[GroupName]
) -> None:
    """Put members with cut names into the groups of their courses, as far as that can be told.

    The courses are those of other members, those registered, and those that content names.
    """
    cut = [(each, found) for each in groups.others if (found := cut_member(each.path))]
    if not cut:
        return
    known = {*groups.courses, *registered}
    columns: dict[str, frozenset[str]] = {}
    for listed, member in cut:
        if member.kind == "xml.tar.gz":
            continue
        table = COURSE_STRUCTURE if member.kind == "json" else ENROLMENTS
        name = hashlib.sha256(listed.path.encode()).hexdigest()
        files = CourseFiles(date=day, file=file, site=member.site, prefix=f"cut-{name}")
        of_package = PackageMember(table=table, member=listed.path, bytes=listed.size)
        try:
            if key := reader.key_in(files, of_package, table):
                known.add(GroupName(member.site, course_prefix(key)))
            columns[listed.path] = reader.columns_in(files, of_package)
        except (DecryptionError, DamagedPackageError):
            continue
    for listed, member in cut:
        options = [
            (group, table)
            for group in sorted(known)
            if group.site == member.site
            for table in member.tables(group.prefix, frozenset(tables()))
        ]
        if len(options) > 1:  # the exporter wrote them over one another
            options = [each for each in options if _has(each[1], columns.get(listed.path))]
        if len(options) == 1:
            groups.others.remove(listed)
            place(groups, *options[0], listed)
        else:
            groups.refused.append(
                f"{listed.path} has a name that edX cut, and the course and table that it is of"
                " cannot be told: ask edX for it under another name"
            )


def _has(table: str, columns: frozenset[str] | None) -> bool:
    """Whether a table has exactly these columns, as far as the schema knows."""
    return columns == frozenset(column.column for column in tables()[table].values())
