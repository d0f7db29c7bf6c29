"""Checks of the whole, and the overview: what is broken, what expires, what is late."""

import subprocess
from datetime import UTC, date, datetime, timedelta
from typing import Any

import gnupg
import pytest
from dagster import AssetCheckSeverity, AssetKey

from edx_assets.assets.overview import marks
from edx_assets.assets.plots import HALF, LATE, LOADED, MISSING, NO_FILE, REJECTED
from edx_assets.checks.overview import expiry_verdict, fresh
from edx_assets.loading.ledger import IMPORTS, MASTER_TRACKING, day_entries
from edx_assets.resources.gnupg import EXPIRY_WARNING, Gnupg
from edx_assets.resources.store import Store
from edx_assets_tests.checks.evaluations import evaluation, run_with_checks
from edx_assets_tests.institution import PASSPHRASE, Institution, event, gpg_key

OVERVIEW = "upkeep/overview"
STAGES = ("edx/raw_log", "edx/daily_log", "edx/master_tracking")
TODAY = date(2014, 3, 10)


def broken(testx: Institution) -> tuple[bool, str]:
    """Whether nothing is broken, and the list of what is."""
    assert run_with_checks(testx, OVERVIEW).success
    told = evaluation(testx, OVERVIEW, "failed_partitions")
    return told.passed, told.metadata["failed"].md_str


def overview(testx: Institution) -> dict[str, Any]:
    assert run_with_checks(testx, OVERVIEW).success
    event = testx.instance.get_latest_materialization_event(AssetKey(["upkeep", "overview"]))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_every_partition_that_stays_broken_is_listed_until_it_is_mended(
    testx: Institution,
) -> None:
    assert broken(testx) == (True, "none")
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver_raw("2014-02-04", b"not encrypted")
    testx.deliver("2014-02-06", [event(4)])
    assert not testx.run(*STAGES, days=("2014-02-03", "2014-02-06")).success
    testx.deliver_package("2014-03-02", {"no_course": b""})
    testx.run("packages/delivered")
    testx.s3.delete_object(Bucket="course-data", Key="testx-2014-03-02.zip")
    assert not testx.run("packages/database_package", partition="2014-03-02").success
    passed, listed = broken(testx)
    assert not passed
    assert listed.splitlines() == [
        "- `2014-02-04`: edx/daily_log, edx/master_tracking",
        "- `2014-03-02`: packages/database_package",
    ]
    told = evaluation(testx, OVERVIEW, "failed_partitions")
    assert told.severity == AssetCheckSeverity.ERROR

    testx.deliver("2014-02-04", [event(2)])
    assert testx.run_day("2014-02-04").success
    assert broken(testx)[1] == "- `2014-03-02`: packages/database_package"


def test_a_partition_that_was_good_and_failed_again_is_listed(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    assert testx.run_day("2014-02-03").success
    testx.deliver_raw("2014-02-03", b"not encrypted")
    assert not testx.run_day("2014-02-03").success
    assert broken(testx)[1] == "- `2014-02-03`: edx/daily_log, edx/master_tracking"


def test_a_day_whose_blocking_check_failed_is_listed(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-03", [event(1), event(2)])
    assert testx.run_day("2014-02-03").success
    entry = store.get(IMPORTS, "edx/2014-02-03")
    assert entry is not None
    # a line more than was loaded: the load itself, which compares files, has nothing to say
    store.put(IMPORTS, entry | {"lines": 3})
    assert not testx.run_day("2014-02-03").success
    assert broken(testx)[1] == "- `2014-02-03`: check lines_accounted_for"


@pytest.mark.parametrize(
    ("left", "passed", "severity"),
    [
        (EXPIRY_WARNING + timedelta(days=1), True, AssetCheckSeverity.WARN),
        (EXPIRY_WARNING - timedelta(days=1), False, AssetCheckSeverity.WARN),
        (timedelta(hours=1), False, AssetCheckSeverity.WARN),
        (-timedelta(hours=1), False, AssetCheckSeverity.ERROR),
    ],
)
def test_a_key_is_warned_of_before_it_expires(
    left: timedelta, passed: bool, severity: AssetCheckSeverity
) -> None:
    with gpg_key() as (gpg, fingerprint):
        expire(gpg, fingerprint)
        end = int(gpg.list_keys(secret=True)[0]["expires"])
        home = Gnupg(home=str(gpg.gnupghome))
        told = expiry_verdict(home, datetime.fromtimestamp(end, UTC) - left)
        assert (told.passed, told.severity) == (passed, severity)


def test_a_key_without_an_end_is_good_and_a_home_without_a_key_is_not(
    testx: Institution,
) -> None:
    run_with_checks(testx, OVERVIEW)
    told = evaluation(testx, OVERVIEW, "gpg_key_expiry")
    assert told.passed
    assert told.description == "no key expires"
    with gpg_key() as (gpg, fingerprint):
        gpg.delete_keys(fingerprint, secret=True, expect_passphrase=False)
        told = expiry_verdict(Gnupg(home=str(gpg.gnupghome)), datetime.now(UTC))
    assert (told.passed, told.severity) == (False, AssetCheckSeverity.ERROR)


def expire(gpg: gnupg.GPG, fingerprint: str) -> None:
    """Let the key and its parts expire in a year."""
    for parts in ([], ["*"]):
        home = ["--homedir", str(gpg.gnupghome), "--pinentry-mode", "loopback"]
        asked = ["--batch", "--passphrase-fd", "0", "--quick-set-expire"]
        subprocess.run(
            ["gpg", *home, *asked, fingerprint, "1y", *parts],
            input=PASSPHRASE.encode(),
            check=True,
            capture_output=True,
        )


def load(store: Store, day: date, site: str = "edx", **fields: Any) -> None:
    entry = {"state": "loaded", "lines": 100, "loaded": 100, "rejected": 0, **fields}
    store.put(IMPORTS, {"_id": f"{site}/{day}", "site": site, "date": str(day), **entry})


@pytest.mark.parametrize(
    ("days_old", "last", "passed"),
    [
        (3, None, True),
        (4, None, False),
        (9, date(2014, 3, 1), True),  # the logs have ended
        (10, date(2014, 3, 1), False),
    ],
)
def test_the_newest_loaded_day_is_recent(
    store: Store, days_old: int, last: date | None, passed: bool
) -> None:
    load(store, TODAY - timedelta(days=days_old))
    load(store, TODAY - timedelta(days=40))
    load(store, TODAY, site="edge")
    load(store, TODAY - timedelta(days=1), state="no_file")
    assert fresh(store, "edx", last, TODAY).passed is passed


def test_a_site_without_logs_is_fresh_enough(store: Store) -> None:
    load(store, TODAY - timedelta(days=40))
    assert fresh(store, "edge", None, TODAY).passed


def test_old_logs_fail_in_the_overview_of_a_real_run(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    run_with_checks(testx, OVERVIEW)
    assert evaluation(testx, OVERVIEW, "edx_fresh").passed is False
    assert evaluation(testx, OVERVIEW, "edge_fresh").passed is True


def test_each_day_is_marked_for_what_it_is(store: Store) -> None:
    day = TODAY - timedelta(days=8)
    load(store, day)
    load(store, day + timedelta(days=1), state="no_file")
    load(store, day + timedelta(days=2), state="loading")
    load(store, day + timedelta(days=3), rejected=2)
    found = marks(day_entries(store), None, TODAY)
    assert "".join(found.values()) == LOADED + NO_FILE + HALF + REJECTED + MISSING + LATE * 3
    assert min(found) == day
    assert max(found) == TODAY - timedelta(days=1)
    assert marks([], None, TODAY) == {}


def test_the_overview_shows_what_is_loaded_missing_and_broken(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_END_DATE", "2014-02-06")
    testx.deliver("2014-02-03", [event(1), event(2)])
    testx.deliver_raw("2014-02-04", b"not encrypted")
    testx.deliver("2014-02-06", [event(4)])
    testx.run(*STAGES, days=("2014-02-03", "2014-02-06"))
    told = overview(testx)
    assert told["records"] == store.count(MASTER_TRACKING) == told["records_by_the_ledger"] == 3
    assert told["courses"] == 1
    assert "2014-02 |  █!░█ " in told["last_days_edx"]
    assert told["coverage_edx"].startswith("![days that are loaded, missing or late](data:image/")
    assert told["coverage_edge"] == "no day is loaded yet"
    assert told["missing_edx"] == "1 days: 2014-02-04"
    assert told["failed_partitions"] == "- `2014-02-04`: edx/daily_log, edx/master_tracking"
    assert "ana" not in str(told)
