"""The statements of the page of answers give what the page shows, on the sample."""

import re
from pathlib import Path
from typing import Any

import pytest

import edx_assets

_PAGE = Path(__file__).parents[2] / "docs" / "answers.md"
_STATEMENT = re.compile(r"(```sql\n(.*?)```\n\n)(?:```text\n(.*?)```\n\n)?", re.DOTALL)
_COURSE = re.compile(r'edx_assets\.open\("(.*?)"\)')


def printed(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Rows as the page shows them, in columns."""
    cells = [columns, *[["" if each is None else str(each) for each in row] for row in rows]]
    widths = [max(len(row[n]) for row in cells) for n in range(len(columns))]
    lines = [
        "  ".join(each.ljust(width) for each, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.usefixtures("built")
def test_the_page_shows_what_is_answered() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    named = _COURSE.search(page)
    assert named
    course = edx_assets.open(named[1])

    def with_answer(statement: re.Match[str]) -> str:
        found = course.sql(statement[2])
        return f"{statement[1]}```text\n{printed(found.columns, found.fetchall())}```\n\n"

    answered = _STATEMENT.sub(with_answer, page.rstrip("\n") + "\n\n").rstrip("\n") + "\n"
    assert page == answered
