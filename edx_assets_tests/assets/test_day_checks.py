"""Checks of days: passed on good days, failed on bad, in runs of a day, of a range, and alone."""

from datetime import date, timedelta
from typing import Any

import pytest
from dagster import (
    AssetCheckSeverity,
)

from edx_assets.assets.day_checks import DAY_CHECKS, rejected_share, volume
from edx_assets.edx.collections import QUARANTINE, TRACKING
from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.ledger import IMPORTS, MASTER, MASTER_TRACKING
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.checks.evaluations import checks_alone, evaluation, verdicts
from edx_assets_tests.institution import Institution, event, failure_text

MASTER_ASSET = "edx/master_tracking"
DAY = date(2014, 5, 5)


def load(store: Store, day: date, lines: int, rejected: int = 0) -> None:
    """A day's entry in the ledger, as a load would leave it."""
    store.put(
        IMPORTS,
        {
            "_id": f"edx/{day}",
            "site": "edx",
            "date": str(day),
            "file": f"{day}.log",
            "state": "loaded",
            "lines": lines,
            "loaded": lines - rejected,
            "duplicates": 0,
            "rejected": rejected,
            "reasons": {"not_json": rejected} if rejected else {},
        },
    )


def weeks_before(store: Store, weeks: int, lines: int, rejected: int = 0) -> None:
    for week in range(1, weeks + 1):
        load(store, DAY - timedelta(weeks=week), lines, rejected)


def test_a_good_day_passes_each_check(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(second) for second in range(40)] + [event(1), b"{"])
    assert testx.run_day("2014-02-03").success
    for name in DAY_CHECKS:
        told = evaluation(testx, MASTER_ASSET, name, "2014-02-03")
        assert told is not None, name
        assert told.passed, told.description
    metadata = evaluation(testx, MASTER_ASSET, "lines_accounted_for").metadata
    assert {name: value.value for name, value in metadata.items()} == {
        "lines": 42,
        "loaded": 40,
        "duplicates": 1,
        "rejected": 1,
        "retired": 0,
        "records_held": 40,
        "lines_in_quarantine": 1,
    }


def test_in_a_range_each_day_has_its_own_verdict_and_a_bad_file_takes_none_from_the_others(
    testx: Institution,
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver_raw("2014-02-04", b"not encrypted")
    testx.deliver("2014-02-05", [event(3), b"{"])
    stages = [f"edx/{stage}" for stage in ("raw_log", "daily_log", "master_tracking")]
    ran = testx.run(*stages, days=("2014-02-03", "2014-02-05"))
    assert not ran.success
    assert verdicts(testx, ran.run_id) == {
        ("lines_accounted_for", "2014-02-03"): True,
        ("rejected_share", "2014-02-03"): True,
        ("volume", "2014-02-03"): True,
        ("lines_accounted_for", "2014-02-05"): True,
        ("rejected_share", "2014-02-05"): False,
        ("volume", "2014-02-05"): True,
    }
    bad = evaluation(testx, MASTER_ASSET, "rejected_share", "2014-02-05")
    assert (bad.severity, bad.blocking) == (AssetCheckSeverity.WARN, False)


@pytest.mark.parametrize(
    ("collection", "query"),
    [(TRACKING, {"load_file": "testx-edx-events-2014-02-03.log.gz.gpg"}), (QUARANTINE, {})],
)
def test_records_gone_behind_the_ledger_fail_the_day(
    testx: Institution, store: Store, collection: str, query: dict[str, Any]
) -> None:
    testx.deliver("2014-02-03", [event(1), event(2), b"{"])
    testx.run_day("2014-02-03")
    assert checks_alone(testx, "2014-02-03").success
    held = store.count(MASTER_TRACKING)
    assert store.delete(Collection(MASTER, collection), query) > 0
    ran = checks_alone(testx, "2014-02-03")
    assert "2014-02-03, lines_accounted_for" in failure_text(ran)
    told = evaluation(testx, MASTER_ASSET, "lines_accounted_for", "2014-02-03")
    assert (told.passed, told.blocking, told.severity) == (False, True, AssetCheckSeverity.ERROR)
    assert held == 2  # checks alone load nothing
    entry = store.get(IMPORTS, "edx/2014-02-03")
    assert entry is not None
    assert entry["state"] == "loading"  # no course relies on it


def test_materializing_the_day_again_mends_it(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-03", [event(1), event(2)])
    testx.run_day("2014-02-03")
    store.delete(MASTER_TRACKING, {"load_file": "testx-edx-events-2014-02-03.log.gz.gpg"})
    assert not checks_alone(testx, "2014-02-03").success
    assert testx.run_day("2014-02-03").success
    assert evaluation(testx, MASTER_ASSET, "lines_accounted_for", "2014-02-03").passed


def test_a_day_that_is_not_loaded_or_half_loaded_is_not_accounted_for(
    testx: Institution, store: Store
) -> None:
    assert "not loaded" in failure_text(checks_alone(testx, "2014-02-03"))
    entry = {"_id": "edx/2014-02-03", "state": "loading", "file": "f", "replaces": []}
    store.put(IMPORTS, entry)
    assert "half loaded" in failure_text(checks_alone(testx, "2014-02-03"))


@pytest.mark.parametrize(
    ("weeks", "usual", "rejected", "passed"),
    [
        (0, 0, 50, True),  # 5% of 1000, nothing to compare with
        (0, 0, 51, False),
        (8, 0, 10, True),
        (8, 0, 11, False),  # 1.1% where there were none
        (3, 0, 20, True),  # too few days to compare with
        (4, 0, 20, False),
        (8, 10, 40, True),  # four times the usual
        (8, 10, 41, False),
        (8, 30, 51, False),  # never over 5%
    ],
)
def test_the_rejected_are_held_against_the_weekdays_history(
    store: Store, weeks: int, usual: int, rejected: int, passed: bool
) -> None:
    weeks_before(store, weeks, 1000, usual)
    load(store, DAY, 1000, rejected)
    assert rejected_share(store, SiteDay("edx", DAY)).passed is passed


@pytest.mark.parametrize(
    ("weeks", "usual", "lines", "passed"),
    [
        (8, 900, 300, True),
        (8, 900, 299, False),
        (8, 900, 2700, True),
        (8, 900, 2701, False),
        (3, 900, 0, True),  # too few days to compare with
        (4, 900, 0, False),
        (8, 30, 0, True),  # a site where little happens
        (8, 0, 9000, True),  # a weekday that is usually silent
        (8, 90, 270, True),
        (8, 99, 300, False),
    ],
)
def test_the_volume_is_held_against_the_weekdays_history(
    store: Store, weeks: int, usual: int, lines: int, passed: bool
) -> None:
    weeks_before(store, weeks, usual)
    load(store, DAY, lines)
    for other in range(1, 7):  # the other weekdays are no history of this one
        load(store, DAY - timedelta(days=other), 100_000)
    assert volume(store, SiteDay("edx", DAY)).passed is passed


@pytest.mark.parametrize(
    ("lately", "lines", "passed"),
    [
        (300, 200, True),  # courses have ended: the days before have few events too
        (300, 99, False),
        (3000, 3000, True),  # courses have begun
        (3000, 9001, False),
    ],
)
def test_the_volume_may_be_that_of_the_days_before(
    store: Store, lately: int, lines: int, passed: bool
) -> None:
    weeks_before(store, 8, 900)
    for other in range(1, 7):
        load(store, DAY - timedelta(days=other), lately)
    load(store, DAY, lines)
    told = volume(store, SiteDay("edx", DAY))
    assert told.passed is passed
    assert f"of the 7 days before {lately}" in (told.description or "")


def test_nothing_of_a_learner_is_in_what_the_checks_tell(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1, username="zoe_the_learner"), b'{"zoe_the_learner": '])
    testx.run_day("2014-02-03")
    for name in DAY_CHECKS:
        assert "zoe" not in str(evaluation(testx, MASTER_ASSET, name, "2014-02-03"))
