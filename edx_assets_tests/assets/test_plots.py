"""Pictures: what is drawn is what was counted."""

from base64 import b64decode
from datetime import date, timedelta
from xml.etree import ElementTree

from edx_assets.assets.plots import (
    LOADED,
    MISSING,
    NO_FILE,
    bars,
    by_hour,
    by_week,
    coverage,
    coverage_rows,
    last_days,
    spans,
    worst,
)


def test_bars_are_as_high_as_their_share_and_only_zero_is_blank() -> None:
    assert bars([0, 1, 4, 8, 800]) == " ▁▁▁█"
    assert bars([0, 2, 4, 6, 8]) == " ▂▄▆█"
    assert bars([0, 0]) == "  "
    assert bars([]) == ""


def test_hours_stand_over_their_numbers() -> None:
    rows = by_hour([0] * 12 + [10] + [0] * 11).splitlines()
    assert rows[1].startswith(" " * 12 + "█" + " " * 11 + "|")
    assert rows[2].index("12") == 12
    assert rows[2].index("18") == 18
    assert "10 an hour at most" in rows[1]


def test_weeks_without_events_keep_their_place_and_a_row_is_a_year() -> None:
    rows = by_week({"2014-02-03": 4, "2014-02-17": 8}).splitlines()
    assert rows[1] == "2014-02-03 |▄ █|"
    long = {str(date(2013, 1, 7) + timedelta(weeks=n)): 1 for n in range(60)}
    rows = by_week(long).splitlines()
    assert rows[1] == f"2013-01-07 |{'█' * 52}|"
    assert rows[2] == f"2014-01-06 |{'█' * 8}|"
    assert by_week({}) == "no events"


def covered() -> dict[date, str]:
    """500 days from 2013 on, one of them missing and one without a file."""
    days = {date(2013, 1, 1) + timedelta(days=n): LOADED for n in range(500)}
    return days | {date(2013, 1, 9): MISSING, date(2014, 5, 2): NO_FILE}


def test_coverage_has_years_by_their_worst_days_and_the_last_months_by_day() -> None:
    rows = coverage_rows(covered())
    assert rows[0] == ("2013", LOADED + MISSING + LOADED * 51)
    assert rows[1] == ("2014", LOADED * 20 + " " * 33)
    assert rows[2] == ("", "")
    assert [month for month, _marks in rows[3:]] == [
        *(f"2013-{n:02d}" for n in range(6, 13)),
        *(f"2014-{n:02d}" for n in range(1, 6)),
    ]
    assert rows[-1] == ("2014-05", LOADED + NO_FILE + LOADED * 13 + " " * 16)


def test_the_picture_is_an_svg_with_a_bar_for_each_run_of_marks() -> None:
    told = coverage(covered())
    start = "![days that are loaded, missing or late](data:image/svg+xml;base64,"
    assert told.startswith(start)
    image = ElementTree.fromstring(b64decode(told[len(start) : -1]))  # noqa: S314 - made here
    paths = image.findall("{http://www.w3.org/2000/svg}path")
    bars_of = [path.attrib["d"].count("M") - 1 for path in paths]  # one each stands in the legend
    # loaded: two in 2013, one in 2014, one each in the last months, two in the last of them
    assert bars_of == [2 + 1 + 11 + 2, 0, 1, 0, 1, 0]
    assert "M65 0h9v11h-9z" in paths[4].attrib["d"]  # the second week of the first row is missing
    assert {text.text for text in image.findall("{http://www.w3.org/2000/svg}text")} >= {
        "2013",
        "2014-05",
        "missing",
        "late: not here yet",
    }


def test_the_last_days_are_letters_and_short_enough_not_to_be_folded() -> None:
    rows = last_days(covered()).splitlines()
    assert rows[1:4] == [
        f"2014-03 |{'█' * 31}|",
        f"2014-04 |{'█' * 30} |",
        f"2014-05 |█░{'█' * 13}{' ' * 16}|",
    ]
    assert rows[4:-1] == ["█ loaded", "░ no file", "! missing"]
    every = {date(2014, 5, 1) + timedelta(days=n): mark for n, mark in enumerate("LRNHM-")}
    assert len(last_days(covered() | every)) < 1000
    assert last_days({}) == "no day is loaded yet"


def test_the_picture_of_many_years_is_small() -> None:
    silent = {
        date(2012, 9, 1) + timedelta(days=n): (LOADED if n % 3 == 0 else NO_FILE)
        for n in range(13 * 365)
    }
    assert len(coverage(silent)) < 12_000
    assert coverage({}) == "no day is loaded yet"


def test_the_worst_mark_of_a_week_is_shown() -> None:
    assert worst([LOADED, NO_FILE]) == LOADED
    assert worst([LOADED, MISSING, NO_FILE]) == MISSING
    assert worst([]) == " "


def test_spans_join_days_that_follow_each_other() -> None:
    days = [date(2014, 2, day) for day in (3, 4, 5, 9)]
    assert spans(days) == "2014-02-03 to 2014-02-05, 2014-02-09"
    assert spans(days, most=1) == "2014-02-03 to 2014-02-05, and 1 more spans"
    assert spans([]) == ""
