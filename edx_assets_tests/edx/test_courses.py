"""Courses: partition keys, database names, and time windows."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.courses import (
    CourseEntry,
    Window,
    course_partition,
    database_name,
    dated_name,
    day_end,
    day_start,
    partition_course,
    window_of,
)
from edx_assets.edx.keys import course_parts

CHEM = "course-v1:McGillX+CHEM181x+1T2014"
CCX = "ccx-v1:McGillX+CHEM181x+1T2014+ccx@3"

_part = st.text("aZ09é日_.~:-", min_size=1, max_size=30)
_keys = st.builds("course-v1:{}+{}+{}".format, _part, _part, _part) | st.builds(
    "ccx-v1:{}+{}+{}+ccx@{}".format, _part, _part, _part, st.integers(0, 99)
)


@given(_keys, st.sampled_from(["edx", "edge"]))
def test_a_partition_key_tells_its_course_and_site(key: str, site: str) -> None:
    assert partition_course(course_partition(key, site)) == (key, site)


def test_the_edge_copy_has_a_partition_of_its_own() -> None:
    assert course_partition(CHEM, "edx") == CHEM
    assert course_partition(CHEM, "edge") == CHEM + "@edge"


@pytest.mark.parametrize("text", ["", "@edge", "McGillX/CHEM181x/1T2014", CHEM + "@edge@edge", "x"])
def test_what_is_no_partition_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a canonical course key"):
        partition_course(text)


@pytest.mark.parametrize(
    ("key", "site", "name"),
    [
        (CHEM, "edx", "McGillX_CHEM181x_1T2014"),
        (CHEM, "edge", "McGillX_CHEM181x_1T2014_edge"),
        (CCX, "edx", "McGillX_CHEM181x_1T2014_ccx_3"),
        ("course-v1:BerkeleyX+Stat_2.1x+1T-2014", "edx", "BerkeleyX_Stat_2_1x_1T-2014"),
        ("course-v1:A+B:1+C", "edx", "A_B_1_C"),
        ("course-v1:A+B...1+C", "edx", "A_B___1_C"),
        # a hash where characters were lost or cut
        ("course-v1:A+B:1+C~2", "edx", "A_B_1_C_2_88c7c613"),
        ("course-v1:TestX+Démo+2014", "edx", "TestX_D_mo_2014_c1387908"),
        ("course-v1:TestX+Démo+2014", "edge", "TestX_D_mo_2014_edge_16942db1"),
        ("course-v1:-A+B+C", "edx", "_A_B_C_acfe8ce0"),
        (f"course-v1:O+{'b' * 80}+2014", "edx", f"O_{'b' * 52}_5122e914"),
    ],
)
def test_a_database_is_named_from_its_course(key: str, site: str, name: str) -> None:
    assert database_name(key, site) == name


@given(_keys, st.sampled_from(["edx", "edge"]), st.dates())
@pytest.mark.parametrize("prefix", ["", "a23456789012345_"])
def test_every_database_s_name_is_usable(prefix: str, key: str, site: str, day: date) -> None:
    course = database_name(key, site, prefix)
    for name in (course, dated_name(course, str(day))):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}", name)
        assert name.startswith(prefix)


@given(_keys, _keys, st.dates())
def test_names_are_alike_only_where_a_dot_or_colon_was_the_difference(
    one: str, other: str, day: date
) -> None:
    def plain(key: str) -> str:
        return "_".join(course_parts(key)).replace(".", "_").replace(":", "_")

    if plain(one) != plain(other):
        assert database_name(one, "edx") != database_name(other, "edx")
        dated = [dated_name(database_name(key, "edx"), str(day)) for key in (one, other)]
        assert dated[0] != dated[1]


@given(_keys)
def test_a_partition_key_has_nothing_that_dagster_refuses(key: str) -> None:
    for text in ("...", ",", "[", "]", "|"):
        assert text not in course_partition(key, "edx")


def test_a_name_of_63_bytes_is_whole_and_leaves_room_for_no_date() -> None:
    name = database_name(f"course-v1:O+{'b' * 56}+2014", "edx")
    assert name == f"O_{'b' * 56}_2014"
    assert dated_name(name[:54], "2014-02-09") == f"{name[:54]}_20140209"
    other = database_name(f"course-v1:O+{'b' * 56}+2015", "edx")
    assert dated_name(name, "2014-02-09") != dated_name(other, "2014-02-09")


def test_only_a_canonical_key_names_a_database() -> None:
    with pytest.raises(ValueError, match="not a canonical course key"):
        database_name("McGillX/CHEM181x/1T2014", "edx")


@pytest.mark.parametrize(
    ("told", "start", "end"),
    [
        (None, None, None),
        ("", None, None),
        ("2014-05-01", datetime(2014, 5, 1, tzinfo=UTC), datetime(2014, 5, 2, tzinfo=UTC)),
        (' "2014-05-01" ', datetime(2014, 5, 1, tzinfo=UTC), datetime(2014, 5, 2, tzinfo=UTC)),
        (date(2014, 12, 31), datetime(2014, 12, 31, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC)),
        (
            "2014-05-01T12:30:00",
            datetime(2014, 5, 1, 12, 30, tzinfo=UTC),
            datetime(2014, 5, 2, tzinfo=UTC),
        ),
        (
            "2014-05-01T23:30:00-04:00",
            datetime(2014, 5, 2, 3, 30, tzinfo=UTC),
            datetime(2014, 5, 3, tzinfo=UTC),
        ),
        (
            datetime(2014, 5, 1, 23, 59, 59),
            datetime(2014, 5, 1, 23, 59, 59, tzinfo=UTC),
            datetime(2014, 5, 2, tzinfo=UTC),
        ),
    ],
)
def test_a_day_begins_when_told_and_ends_at_its_midnight(
    told: Any, start: datetime | None, end: datetime | None
) -> None:
    assert day_start(told) == start
    assert day_end(told) == end


@pytest.mark.parametrize("told", ["soon", "2014-02-30", "1 May 2014", 2014, 5.0, ["2014-05-01"]])
def test_what_is_no_date_is_refused(told: Any) -> None:
    for read in (day_start, day_end):
        with pytest.raises(ValueError, match=r"."):
            read(told)


@given(st.datetimes(timezones=st.just(UTC), max_value=datetime(9999, 12, 30)))
def test_the_whole_of_the_last_day_is_before_the_end(moment: datetime) -> None:
    end = day_end(moment.date())
    assert end is not None
    assert moment < end
    assert (end - moment).total_seconds() <= 86_400


JAN, MAY = datetime(2014, 1, 1, tzinfo=UTC), datetime(2014, 5, 1, tzinfo=UTC)
FEB, JUN = datetime(2014, 2, 1, tzinfo=UTC), datetime(2014, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "window"),
    [
        (None, Window(FEB, JUN)),
        (Window(), Window(FEB, JUN)),
        (Window(JAN, None), Window(JAN, JUN)),
        (Window(None, MAY), Window(FEB, MAY)),
        (Window(JAN, MAY), Window(JAN, MAY)),
    ],
)
def test_the_courses_file_counts_before_the_structure_each_side_by_itself(
    told: Window | None, window: Window
) -> None:
    entry = None if told is None else CourseEntry(CHEM, window=told)
    assert window_of(entry, Window(FEB, JUN)) == window


def test_a_side_that_neither_tells_is_open() -> None:
    assert window_of(None, Window()) == Window(None, None)
