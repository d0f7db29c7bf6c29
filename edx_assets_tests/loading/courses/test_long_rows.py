"""Lines of a package's files that are longer than they may be: kept by their first bytes."""

from pathlib import Path

import pytest

from edx_assets.edx.lines import BadLine, LongLine
from edx_assets.edx.reasons import Reason
from edx_assets.edx.tables import TableError
from edx_assets.loading.courses.rows import rows_of
from edx_assets_tests.loading.courses.course_package import COURSE

MOST = 100
LONG = b"7\t" + b"x" * MOST
KEPT = LONG[: MOST + 1]


@pytest.mark.parametrize(
    ("collection", "lines", "expected"),
    [
        ("auth_user", [b"id\tusername", b"7\tana", LONG, b"8\tbob"], [2, (3, KEPT), 4]),
        ("made_up", [b"id\tmood", LONG, b"8\tgood", LONG], [(2, KEPT), 3, (4, KEPT)]),
        ("forum", [b'{"_id": 1}', LONG, b'{"_id": 2}'], [1, (2, KEPT), 3]),
        (
            "email_opt_in",
            [b"course_id,email", b'TestX/T101/2014,"a', LONG, b"TestX/T101/2014,b"],
            [(2, b'TestX/T101/2014,"a'), (3, KEPT), 4],
        ),
    ],
)
def test_a_line_that_is_too_long_is_set_aside_and_costs_no_other(
    tmp_path: Path, collection: str, lines: list[bytes], expected: list[int | tuple[int, bytes]]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\n".join(lines) + b"\n")
    with rows_of(path, COURSE, collection, "label", MOST) as (rows, _findings):
        found = [(row.number, row.raw) if isinstance(row, BadLine) else row for row in rows]
    assert [each if isinstance(each, tuple) else each.number for each in found] == expected
    long = [raw for raw in (each[1] for each in found if isinstance(each, tuple)) if raw == KEPT]
    assert all(isinstance(raw, LongLine) and raw.length == len(LONG) for raw in long)


def test_the_reason_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(LONG)
    with rows_of(path, COURSE, "forum", "label", MOST) as (rows, _findings):
        assert [row.reason for row in rows if isinstance(row, BadLine)] == [Reason.LINE_TOO_LONG]


def test_a_header_that_is_too_long_is_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"id\t" + LONG + b"\n7\n")
    with (
        pytest.raises(TableError, match="no header"),
        rows_of(path, COURSE, "auth_user", "label", MOST),
    ):
        pass
