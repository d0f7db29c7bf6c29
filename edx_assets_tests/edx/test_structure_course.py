"""The root of a course structure: its course, and the course's own dates."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from edx_assets.edx.course_structure import (
    Block,
    course_of_structure,
    read_blocks,
    structure_window,
)
from edx_assets.edx.courses import Window

ROOT = "i4x://McGillX/CHEM181x/course/1T2014"
PROBLEM = "i4x://McGillX/CHEM181x/problem/p"


def blocks_of(root: str | None, **metadata: Any) -> dict[str, Block]:
    document: dict[str, Any] = {PROBLEM: {"category": "problem"}}
    if root:
        document[root] = {"category": "course", "children": [PROBLEM], "metadata": metadata}
    return read_blocks(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("root", "course"),
    [
        (ROOT, "course-v1:McGillX+CHEM181x+1T2014"),
        (
            "block-v1:McGillX+CHEM181x+1T2014+type@course+block@course",
            "course-v1:McGillX+CHEM181x+1T2014",
        ),
        (
            "ccx-block-v1:McGillX+CHEM181x+1T2014+ccx@3+type@course+block@course",
            "ccx-v1:McGillX+CHEM181x+1T2014+ccx@3",
        ),
        ("i4x://BerkeleyX/Stat_2.1x/course/1T2014", "course-v1:BerkeleyX+Stat_2.1x+1T2014"),
        ("lib-block-v1:McGillX+Questions+type@course+block@course", None),
        ("block-v1%3AMcGillX%2BC%2BR%2Btype%40course%2Bblock%40course", None),
        (None, None),
    ],
)
def test_the_root_tells_the_course(root: str | None, course: str | None) -> None:
    assert course_of_structure(blocks_of(root)) == course


def test_a_structure_without_a_root_tells_no_dates() -> None:
    assert structure_window(blocks_of(None)) == Window(None, None)


JANUARY = datetime(2014, 1, 6, tzinfo=UTC)
MAY = datetime(2014, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("metadata", "start", "end"),
    [
        ({}, None, None),
        ({"start": "2014-01-06T00:00:00Z"}, JANUARY, None),
        (
            {"start": "2014-01-06T00:00:00Z", "enrollment_start": "2013-09-01T12:00:00Z"},
            datetime(2013, 9, 1, 12, tzinfo=UTC),
            None,
        ),
        ({"enrollment_start": None, "start": '"2014-01-06"'}, JANUARY, None),
        ({"enrollment_start": "soon", "start": "2014-01-06"}, JANUARY, None),
        ({"end": "2014-05-01T12:00:00Z"}, None, MAY),
        ({"end": "2014-05-01"}, None, MAY),
        ({"end": "2014-05-01T23:00:00-04:00"}, None, datetime(2014, 5, 3, tzinfo=UTC)),
        ({"start": "2014-01-06", "end": "2014-05-01", "enrollment_end": "x"}, JANUARY, MAY),
        ({"start": 5, "end": "9999-12-31T00:00:00Z"}, None, None),
        ({"start": "2030", "end": ["2014-05-01"]}, None, None),
    ],
)
def test_the_course_s_dates_are_from_enrolment_to_the_end_of_its_last_day(
    metadata: dict[str, Any], start: datetime | None, end: datetime | None
) -> None:
    assert structure_window(blocks_of(ROOT, **metadata)) == Window(start, end)
