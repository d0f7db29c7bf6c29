"""The report of a release, for the institution alone: what was coarsened, left out and lost.

Its numbers before and after differ by the learners that are left out, and so tell of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Report = dict[str, Any]

_NOTHING = {"rows": 0, "learners": 0}


def page(report: Report) -> str:
    """The report in Markdown."""
    rows = report["rows"]
    given = rows["given"]
    parts = {
        "given": given,
        "of staff, left out": rows["staff"],
        "left out for the set of courses": rows["dropped_for_courses"],
        "left out for a class under k": rows["dropped_for_class"],
        "released": rows["released"],
    }
    kinds = {name.replace("_", " "): number for name, number in report["proof"].items()}
    uniform = [(n, f"{u['classes']:,}", f"{u['rows']:,}") for n, u in report["uniform"].items()]
    kind = "learners over all courses" if report["joined"] else "a course"
    return f"""\
# Report of a release

**Keep this page.** Its numbers before and after tell of the learners who are left out.

{len(report["courses"])} courses: {", ".join(report["courses"])}. k is {report["k"]};
a class is one of {kind}.
The file is `{report["file"]["file"]}` (SHA-256 {report["file"]["sha256"]}).

## Rows

{_table(("rows", "number", "share"), [(n, f"{v:,}", _share(v, given)) for n, v in parts.items()])}

## Classes

The finished file was read again, and its classes counted: none is smaller than k.

{_table(("", "number"), [(name, f"{number:,}") for name, number in kinds.items()])}

In these classes of a course, all have the same result. Of whoever is known to be in one, it is
known as well.

{_table(("", "classes", "rows"), uniform)}

## Quasi-identifiers

{_table(("column", "rows told as", "entropy before (bits)", "after"), _details(report["detail"]))}

## What is lost

{_table(("", "before", "after"), _measures(report["utility"], "all"))}

{_courses(report)}
## Left out

These columns of `person_course` are not in the release: {", ".join(report["left_out"])}.
"""


def _details(detail: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return [
        (
            name,
            ", ".join(f"{level}: {rows:,}" for level, rows in told["rows"].items() if rows),
            told["entropy_before"],
            told["entropy_after"],
        )
        for name, told in detail.items()
    ]


def _measures(utility: Mapping[str, Any], course: str) -> list[tuple[object, ...]]:
    before, after = utility["before"][course], utility["after"].get(course, _NOTHING)
    return [(name, _told(value), _told(after.get(name))) for name, value in before.items()]


def _courses(report: Report) -> str:
    if len(report["courses"]) == 1:
        return ""
    return "".join(
        f"### {course}\n\n"
        f"{_table(('', 'before', 'after'), _measures(report['utility'], course))}\n\n"
        for course in report["courses"]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _told(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""
