"""Names of delivered files: daily tracking logs, data packages and their members."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from edx_assets.edx.keys import course_parts

SITES = ("edx", "edge")


class SiteDay(NamedTuple):
    """A day (UTC) of a site's tracking logs; as text, `edx/2014-02-03`."""

    site: str
    day: date

    def __str__(self) -> str:
        return f"{self.site}/{self.day}"


_EVENTS_FILE = re.compile(
    r"(?P<org>.+)-(?P<site>edx|ex|prod|edge)-events-(?P<date>\d{4}-\d{2}-\d{2})\.log\.gz\.gpg"
)
_PACKAGE_FILE = re.compile(r"(?P<org>.+)-(?P<date>\d{4}-\d{2}-\d{2})\.zip")
_SITE_SUFFIX = r"-(?P<site>(?:prod|edge)(?:-(?:edx|edge))?(?:-(?:analytics|replica))?)"
_TABLE_MEMBER = re.compile(rf"(?P<rest>.+?){_SITE_SUFFIX}\.sql")
_STRUCTURE_MEMBER = re.compile(rf"(?P<prefix>.+)-course_structure{_SITE_SUFFIX}\.json")
_EXPORT_MEMBER = re.compile(rf"(?P<prefix>.+)-course{_SITE_SUFFIX}\.xml\.tar\.gz")
_ENVIRONMENTS = {"prod-analytics": "edx", "prod-edge-analytics": "edge", "edge-analytics": "edge"}
_TASKS = {"json": "course_structure", "xml.tar.gz": "course"}
_CUT_MEMBER = re.compile(r".+-(?P<md5>[0-9a-f]{32})\.(?P<kind>sql|json|xml\.tar\.gz)")
_LONGEST = 255  # characters of a file's name, where edX's exporter runs
_TABLE = re.compile(r"[a-z]\w*", re.ASCII | re.IGNORECASE)
_MAX_NAME = 240  # bytes: edX's own names are shorter; these become those of a folder and a file
_FORUM_MEMBER = re.compile(r"(?P<prefix>.+?)(?:-(?P<site>prod|edge))?\.mongo")


@dataclass(frozen=True)
class EventsFile:
    """A day's tracking log, from its file name."""

    org: str
    site: str
    day: date


@dataclass(frozen=True)
class Member:
    """A member of a database package, from its file name.

    `prefix` is `Org-Number-Run` with every character replaced that a file name cannot contain. It
    does not determine the course key: numbers and runs can contain dashes. `failed` marks the
    traceback that edX ships in place of a failed export.
    """

    prefix: str
    table: str
    site: str
    failed: bool = False


def events_file(name: str) -> EventsFile | None:
    """The tracking log with this base name, or None if it is not one.

    The site is `edx` or `edge`; `prod` (in edX's documentation) and `ex` (in McGill's
    instructions) mean `edx`.
    """
    found = _EVENTS_FILE.fullmatch(name)
    day = _day(found["date"]) if found else None
    if not found or not day:
        return None
    return EventsFile(found["org"], "edge" if found["site"] == "edge" else "edx", day)


def package_day(name: str, org: str) -> date | None:
    """The delivery date in the base name of a package of `org` (in any case), or None."""
    found = _PACKAGE_FILE.fullmatch(name)
    if not found or found["org"].lower() != org.lower():
        return None
    return _day(found["date"])


def package_member(path: str, tables: frozenset[str]) -> Member | None:
    """The package member at this path in the zip, or None if it is not a course's file.

    Args:
        path: as in the zip, with folders and `.gpg`.
        tables: the known table names. If none matches, the part after the last dash is the table:
            table names contain no dashes, courses do.
    """
    name = re.split(r"[/\\]", path)[-1].removesuffix(".gpg")
    failed = name.endswith(".failed")
    name = name.removesuffix(".failed")
    if found := _STRUCTURE_MEMBER.fullmatch(name):
        table = "course_structure"
        prefix = found["prefix"]
    elif found := _EXPORT_MEMBER.fullmatch(name):
        table = "course_export"
        prefix = found["prefix"]
    elif found := _TABLE_MEMBER.fullmatch(name):
        prefix, table = _split_table(found["rest"], tables)
    elif found := _FORUM_MEMBER.fullmatch(name):
        table = "forum"
        prefix = found["prefix"]
    else:
        return None
    if prefix.strip(".") == "" or not prefix.isprintable():
        return None
    if max(len(prefix.encode()), len(table.encode())) > _MAX_NAME:
        return None
    if table not in tables and not _TABLE.fullmatch(table):
        return None
    return Member(prefix, table, _site(found["site"] or "prod"), failed)


class CutMember(NamedTuple):
    """A member with a name that edX's exporter cut: which part of a table's is left is not told."""

    name: str
    environment: str
    site: str
    kind: str

    def tables(self, prefix: str, tables: frozenset[str]) -> list[str]:
        """The tables of the course with this prefix whose member is so called."""
        if self.kind == "sql":
            return sorted(t for t in tables if self._named(prefix, t) == self.name)
        found = self._named(prefix, _TASKS[self.kind]) == self.name
        return (
            ["course_export" if self.kind == "xml.tar.gz" else "course_structure"] if found else []
        )

    def _named(self, prefix: str, task: str) -> str:
        whole = f"{prefix}-{task}-{self.environment}.{self.kind}"
        if len(whole) < _LONGEST - 20:
            return whole
        room = _LONGEST - 32 - (len(self.kind) + 20)
        cut = f"{prefix}-{task}-{self.environment}"[:room]
        return f"{cut}-{_md5(self.environment)}.{self.kind}"


def cut_member(path: str) -> CutMember | None:
    """The package member at this path, if its name was cut, or None.

    A name of 235 characters or more is cut, and the MD5 of the environment follows: not of what was
    cut. Source: `FilenameMixin.get_filename_template` of edx-analytics-exporter.
    """
    name = re.split(r"[/\\]", path)[-1].removesuffix(".gpg")
    if found := _CUT_MEMBER.fullmatch(name):
        for environment, site in _ENVIRONMENTS.items():
            if found["md5"] == _md5(environment):
                return CutMember(name, environment, site, found["kind"])
    return None


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def opt_in_site(path: str) -> str | None:
    """The site of the e-mail opt-in list at this path in its zip, or None if it is not one."""
    name = re.split(r"[/\\]", path)[-1]
    if not name.endswith(".csv.gpg"):
        return None
    return _site(name.rpartition("email_opt_in")[2])  # an organisation can have `edge` in its name


def course_prefix(key: str) -> str:
    """How the names of a course's files begin in a package.

    `Org-Number-Run`, for a CCX followed by `-ccx-N`, and every character beyond ASCII as `_`.
    Source: `CourseTask.entity_name` of edx-analytics-exporter.
    """
    org, number, run = course_parts(key)
    if key.startswith("ccx-"):
        run = "-ccx-".join(run.rsplit("_ccx_", 1))
    return "".join("_" if ord(each) > 127 else each for each in f"{org}-{number}-{run}")


def _split_table(rest: str, tables: frozenset[str]) -> tuple[str, str]:
    known = [table for table in tables if rest.endswith("-" + table)]
    table = max(known, key=len) if known else rest.rpartition("-")[2]
    return rest.removesuffix(table).removesuffix("-"), table


def _site(text: str) -> str:
    return "edge" if "edge" in text else "edx"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
