"""A course's window against the days that are loaded: whether it has ended, and which days lack."""

from datetime import date

import pytest

from edx_assets.edx.courses import Window, day_start
from edx_assets.loading.courses.window_files import has_ended, missing_days

TODAY = date(2014, 3, 1)


@pytest.mark.parametrize(
    ("start", "end", "today", "ended", "missing"),
    [
        ("2014-02-03", "2014-02-05", "2014-02-05", True, 0),
        ("2014-02-03", "2014-02-05T12:00:00", "2014-02-05", False, 0),
        ("2014-02-03", "2014-02-05T12:00:00", "2014-02-06", True, 0),
        ("2014-02-02", "2014-02-08", "2014-02-07", False, 2),
        ("2014-02-02", "2014-02-08", "2014-02-08", True, 3),
        (None, "2014-02-05", "2014-03-01", True, 0),
        ("2014-02-05", None, "2014-02-08", False, 2),
        ("2014-03-05", "2014-04-05", "2014-02-08", False, 0),
    ],
)
def test_a_window_has_ended_and_lacks_days(
    start: str | None, end: str | None, today: str, ended: bool, missing: int
) -> None:
    window, day = Window(day_start(start), day_start(end)), date.fromisoformat(today)
    assert has_ended(window, day) is ended
    assert missing_days({"2014-02-03", "2014-02-04", "2014-02-05"}, window, day) == missing


@pytest.mark.parametrize(
    ("first", "last", "missing"),
    [
        ("2014-02-01", "2014-02-09", 5),
        ("2014-02-03", "2014-02-09", 3),
        ("2014-02-03", "2014-02-05", 0),
        ("2014-02-05", "2014-02-06", 1),
        ("2014-03-01", "2014-03-02", 0),
    ],
)
def test_a_window_lacks_no_day_of_which_there_are_no_logs(
    first: str, last: str, missing: int
) -> None:
    window = Window(day_start("2014-01-01"), day_start("2014-02-09"))
    dates = {"2014-02-03", "2014-02-04", "2014-02-05"}
    log_days = date.fromisoformat(first), date.fromisoformat(last)
    assert missing_days(dates, window, date(2014, 3, 1), log_days) == missing


def test_a_window_open_at_its_start_lacks_nothing_where_nothing_is_loaded() -> None:
    assert missing_days(set(), Window(), TODAY) == 0
