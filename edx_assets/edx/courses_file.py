"""The courses file: reading its YAML. What its entries mean for a course is in `courses`."""

from datetime import datetime
from reprlib import Repr
from typing import Any

import yaml

from edx_assets.edx.courses import CourseEntry, Window, day_end, day_start
from edx_assets.edx.keys import course_key
from edx_assets.errors import FinalError

_DATES = ("enrolment_start", "course_end")
_KNOWN = {"course_key", "site", "spellings", *_DATES}
_NAMED = 5  # settings that a message names
_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxstring = 1, 100  # aliases make a value of any size from a few lines


class CoursesFileError(FinalError):
    """The courses file (YAML) cannot be used; the message says where, and how to correct it."""


class _Loader(yaml.SafeLoader):
    """Dates that do not exist stay text, so that they are told with their course and line."""

    def construct_date(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_date)


def read_courses_file(content: bytes) -> dict[tuple[str, str], CourseEntry]:
    """The courses file, by (course key, site).

    YAML in UTF-8: `courses:` is a list. Each item has a `course_key` and, optionally, `site`
    (default: edx), `spellings` (other spellings of the key in its events), `enrolment_start` and
    `course_end` (dates or times, UTC; an end date is inclusive).

    Raises:
        CoursesFileError: not YAML of that form, or a course is listed twice.
    """
    document, lines = _parsed(_decoded(content))
    listed = document.get("courses") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise CoursesFileError("the courses file has no list `courses:`")
    entries: dict[tuple[str, str], CourseEntry] = {}
    for number, item in enumerate(listed, 1):
        place = lines[number - 1] if number <= len(lines) else {}
        entry = _entry(item, number, place)
        if (entry.course_key, entry.site) in entries:
            raise _wrong(number, place, "", f"{entry.course_key} is listed twice")
        entries[entry.course_key, entry.site] = entry
    return entries


def _decoded(content: bytes) -> str:
    if b"\0" in content or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CoursesFileError("the courses file is not in UTF-8 but in UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CoursesFileError(
            f"the courses file is not in UTF-8 (line {line}): save it as UTF-8"
        ) from None


def _parsed(text: str) -> tuple[Any, list[dict[str, int]]]:
    """The document, and of each listed course the lines of its fields; its own is that of ``."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return (loader.construct_document(root) if root else None), _lines(root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise CoursesFileError(f"the courses file is not YAML{where}: correct it there") from None
    except Exception:  # half a dozen: for a tag whose value is none, for brackets by the thousand
        raise CoursesFileError("the courses file is not YAML of a list of courses") from None


def _lines(root: yaml.Node | None) -> list[dict[str, int]]:
    listed = [
        value
        for key, value in (root.value if isinstance(root, yaml.MappingNode) else ())
        if key.value == "courses" and isinstance(value, yaml.SequenceNode)
    ]
    return [
        {"": item.start_mark.line + 1}
        | {
            str(key.value): key.start_mark.line + 1
            for key, _value in (item.value if isinstance(item, yaml.MappingNode) else ())
        }
        for item in (listed[-1].value if listed else ())
    ]


def _entry(item: Any, number: int, lines: dict[str, int]) -> CourseEntry:
    if not isinstance(item, dict):
        raise _wrong(number, lines, "", "expected `course_key: …` and optional settings")
    if unknown := sorted(map(_shown, item.keys() - _KNOWN)):
        names = ", ".join(name.strip("'") for name in unknown[:_NAMED])
        raise _wrong(
            number,
            lines,
            unknown[0].strip("'"),
            f"unknown {names}; known: {', '.join(sorted(_KNOWN))}",
        )
    given = item.get("course_key")
    key = course_key(given) if isinstance(given, str) else None
    if key is None:
        raise _wrong(number, lines, "course_key", f"{_shown(given)} is not a course key")
    site = item.get("site", "edx")
    if site not in ("edx", "edge"):
        raise _wrong(number, lines, "site", f"site is {_shown(site)}; it must be edx or edge")
    spellings = item.get("spellings") or []
    if not isinstance(spellings, list):
        raise _wrong(number, lines, "spellings", "spellings is not a list")
    for spelling in spellings:
        if not isinstance(spelling, str):
            told = f"{_shown(spelling)} in spellings is not a text: put it in quotes"
            raise _wrong(number, lines, "spellings", told)
    moments: list[datetime | None] = []
    for name, read in zip(_DATES, (day_start, day_end), strict=True):
        try:
            moments.append(read(item.get(name)))
        except (ValueError, OverflowError):
            told = f"{name} of {key} is not a date that exists, written YYYY-MM-DD"
            raise _wrong(number, lines, name, told) from None
    start, end = moments
    if start and end and end <= start:
        told = f"course_end of {key} is before its enrolment_start"
        raise _wrong(number, lines, "course_end", told)
    window = Window(start, end)
    return CourseEntry(key, site, tuple(course_key(s) or s for s in spellings), window)


def _shown(value: Any) -> str:
    """A value as a message shows it: the beginning, of one that is long."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python writes no more than 4,300 digits
        return "a long number"


def _wrong(number: int, lines: dict[str, int], field: str, told: str) -> CoursesFileError:
    line = lines.get(field, lines.get(""))
    where = f" (line {line})" if line else ""
    return CoursesFileError(f"the courses file: course {number}{where}: {told}")
