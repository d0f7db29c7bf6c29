"""The proof of a release: a file that is not as it has to be is found, in every form."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edx_assets.exports.formats import Format
from edx_assets.exports.release.proof import NotAnonymousError, prove

COLUMNS = ("course_id", "learner", "gender")
Row = tuple[str, str, str | None]


def write(folder: Path, form: Format, rows: Sequence[Row], columns: Sequence[str]) -> Path:
    path = folder / f"rows.{form}"
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    if form == Format.PARQUET:
        pq.write_table(pa.Table.from_pylist(told), path)
    elif form == Format.CSV:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(told)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in told))
    return path


def of(course: str, genders: str, first: int = 0) -> list[Row]:
    """A learner of a course for each letter; `-` is null."""
    told = {"-": None}
    return [(course, f"l{first + at}", told.get(one, one)) for at, one in enumerate(genders)]


FORMS = pytest.mark.parametrize("form", [*Format])


@FORMS
def test_what_is_anonymous_passes(tmp_path: Path, form: Format) -> None:
    rows = of("A", "ffmm--") + of("B", "ffmm")
    path = write(tmp_path, form, rows, COLUMNS)
    assert prove(path, form, 2, ["gender"], COLUMNS) == {
        "classes_of_courses": 5,
        "sets_of_courses": 2,
        "classes_of_learners": 3,
        "smallest": 2,
    }


@FORMS
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (of("A", "ffm"), "classes of courses"),
        (of("A", "ff-"), "classes of courses"),
        (of("A", "ffff") + of("B", "ff", 3), "sets of courses"),
        (of("A", "ffmm") + of("B", "fmfm"), "classes of learners"),
        ([*of("A", "ff"), *of("A", "ff")], "a learner twice in a course"),
    ],
)
def test_what_is_not_is_told(tmp_path: Path, form: Format, rows: list[Row], words: str) -> None:
    path = write(tmp_path, form, rows, COLUMNS)
    with pytest.raises(NotAnonymousError, match=words):
        prove(path, form, 2, ["gender"], COLUMNS)


@FORMS
def test_a_column_too_many_is_told(tmp_path: Path, form: Format) -> None:
    path = write(tmp_path, form, of("A", "ff"), ("course_id", "learner", "username"))
    with pytest.raises(NotAnonymousError, match="other columns than it may have"):
        prove(path, form, 2, [], ("course_id", "learner"))
