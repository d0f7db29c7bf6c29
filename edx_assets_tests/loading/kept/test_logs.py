"""Tracking logs that the settings do not keep: removed, unless something needs them."""

import fcntl
import os
from pathlib import Path

import pytest

from edx_assets.loading.ledger import IMPORTS, MASTER_TRACKING
from edx_assets.resources.store import Store
from edx_assets_tests.institution import EVENTS, Institution, event, failure_text
from edx_assets_tests.loading.kept.tidied import age, there, tidied

DAY = "2014-02-03"
RAW, DECRYPTED = f"events/edx/2014/{DAY}.log.gz.gpg", f"events/edx/2014/{DAY}.log.gz"
STAGES = ("edx/raw_log", "edx/daily_log", "edx/master_tracking")
ON_S3 = f"testx/edx/events/2014/testx-edx-events-{DAY}.log.gz.gpg"


@pytest.fixture
def loaded(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> Institution:
    """An institution with a day that was loaded three days ago; files are kept for two."""
    monkeypatch.setenv("EDX_KEEP_RAW_DAYS", "2")
    monkeypatch.setenv("EDX_KEEP_DECRYPTED_DAYS", "2")
    testx.deliver(DAY, [event(1), event(2)])
    testx.deliver("2014-02-05", [event(3)])
    assert testx.run_day(DAY).success
    age(testx, days=3)
    return testx


def test_what_is_old_and_loaded_is_removed_and_told(loaded: Institution, store: Store) -> None:
    sizes = [(loaded.folder / "files" / key).stat().st_size for key in (RAW, DECRYPTED)]
    told = tidied(loaded)
    assert there(loaded) == set()
    assert told["removed_by_kind"] == {
        "raw_logs": {"files": 1, "bytes": sizes[0]},
        "decrypted_logs": {"files": 1, "bytes": sizes[1]},
    }
    assert (told["removed_files"], told["removed_bytes"]) == (2, sum(sizes))
    assert told["kept_though_old"] == {}
    assert told["kept_bytes_by_kind"]["raw_logs"] == 0
    assert told["kept_bytes"] == sum(told["kept_bytes_by_kind"].values()) > 0
    assert told["free_bytes"] > 0
    assert store.count(MASTER_TRACKING) == 2
    assert tidied(loaded)["removed_files"] == 0


def test_without_a_setting_or_within_its_days_a_kind_is_kept(
    loaded: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_KEEP_RAW_DAYS", "4")
    monkeypatch.delenv("EDX_KEEP_DECRYPTED_DAYS")
    tidied(loaded)
    assert there(loaded) == {RAW, DECRYPTED}
    monkeypatch.setenv("EDX_KEEP_DECRYPTED_DAYS", "2")
    tidied(loaded)
    assert there(loaded) == {RAW}


def test_a_removed_day_is_made_again_and_its_checks_stay_green(
    loaded: Institution, store: Store
) -> None:
    before = store.get(IMPORTS, f"edx/{DAY}")
    tidied(loaded)
    assert loaded.run("upkeep/overview").success
    ran = loaded.run_day(DAY)
    assert ran.success
    assert all(check.passed for check in ran.get_asset_check_evaluations())
    assert len(ran.get_asset_check_evaluations()) > 0
    assert there(loaded) == {RAW, DECRYPTED}
    assert store.get(IMPORTS, f"edx/{DAY}") == before  # it was not loaded again
    age(loaded, days=3)
    tidied(loaded)
    rebuilt = {"edx_tracking_logs": {"config": {"rebuild": True}}}
    assert loaded.run(*STAGES, partition=DAY, config=rebuilt).success
    after = store.get(IMPORTS, f"edx/{DAY}")
    assert before is not None
    assert after is not None
    assert after["token"] != before["token"]
    assert store.count(MASTER_TRACKING) == 2


def test_a_stage_alone_says_what_to_materialize_and_changes_nothing(
    loaded: Institution, store: Store
) -> None:
    before = store.get(IMPORTS, f"edx/{DAY}")
    tidied(loaded)
    text = failure_text(loaded.run("edx/daily_log", partition=DAY))
    assert f"{DAY}.log.gz.gpg is not in the storage: materialize edx/raw_log for {DAY}" in text
    assert loaded.run("edx/master_tracking", partition=DAY).success  # loaded as it is
    rebuilt = {"edx_tracking_logs": {"config": {"rebuild": True}}}
    ran = loaded.run("edx/master_tracking", partition=DAY, config=rebuilt)
    assert f"{DAY}.log.gz is not in the storage: materialize edx/raw_log and" in failure_text(ran)
    assert store.get(IMPORTS, f"edx/{DAY}") == before
    assert store.count(MASTER_TRACKING) == 2


def test_a_removed_day_that_s3_has_no_longer_stays_loaded(
    loaded: Institution, store: Store
) -> None:
    before = store.get(IMPORTS, f"edx/{DAY}")
    tidied(loaded)
    loaded.s3.delete_object(Bucket=EVENTS, Key=ON_S3)
    assert loaded.run_day(DAY).success
    assert store.get(IMPORTS, f"edx/{DAY}") == before
    assert store.count(MASTER_TRACKING) == 2


def test_the_decrypted_file_alone_is_enough_once_s3_has_none(
    loaded: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDX_KEEP_DECRYPTED_DAYS")
    tidied(loaded)
    assert there(loaded) == {DECRYPTED}
    loaded.s3.delete_object(Bucket=EVENTS, Key=ON_S3)
    entry = store.get(IMPORTS, f"edx/{DAY}")
    assert entry is not None
    store.put(IMPORTS, entry | {"version": 0})  # an upgrade has to load it again
    assert loaded.run_day(DAY).success
    assert store.count(MASTER_TRACKING) == 2


def test_a_day_that_is_to_be_loaded_keeps_its_files(loaded: Institution, store: Store) -> None:
    entry = store.get(IMPORTS, f"edx/{DAY}")
    assert entry is not None

    def all_kept() -> bool:
        told = tidied(loaded)["kept_though_old"]
        both = {"decrypted_logs: not loaded": 1, "raw_logs: not loaded": 1}
        return there(loaded) == {RAW, DECRYPTED} and told == both

    for change in ({"state": "loading"}, {"version": 1}, {"etag": "of an older file"}):
        store.put(IMPORTS, entry | change)
        assert all_kept()
    store.delete(IMPORTS, {"_id": entry["_id"]})
    assert all_kept()
    store.put(IMPORTS, entry)
    loaded.deliver(DAY, [event(1), event(2), event(4)])
    assert loaded.run("edx/raw_log", "edx/daily_log", partition=DAY).success
    age(loaded, days=3)
    assert all_kept()


def test_the_last_copy_is_kept(loaded: Institution) -> None:
    loaded.s3.delete_object(Bucket=EVENTS, Key=ON_S3)
    assert tidied(loaded)["kept_though_old"] == {"raw_logs: not on S3": 1}
    assert there(loaded) == {RAW}  # from which it can be decrypted again


def test_a_file_that_s3_has_in_a_newer_version_is_kept(loaded: Institution) -> None:
    loaded.deliver(DAY, [event(1), event(2), event(4)])
    assert tidied(loaded)["kept_though_old"] == {"raw_logs: not loaded": 1}


def test_what_a_run_has_open_or_goes_on_to_use_is_kept(loaded: Institution) -> None:
    with (loaded.folder / "files" / RAW).open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        assert tidied(loaded)["kept_though_old"] == {"raw_logs: in use": 1}
    assert there(loaded) == {RAW}
    assert loaded.run("edx/raw_log", partition=DAY).success  # which leaves the file as it is
    assert tidied(loaded)["removed_files"] == 0
    assert there(loaded) == {RAW}


def test_s3_that_is_down_fails_it_and_nothing_is_removed(
    loaded: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edx_assets.assets.stages.sleep", lambda _seconds: None)
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.delenv("EDX_KEEP_DECRYPTED_DAYS")
    assert "S3 answered" in failure_text(loaded.run("upkeep/kept_files"))
    assert there(loaded) == {RAW, DECRYPTED}


def test_a_wrong_setting_removes_nothing(
    loaded: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_KEEP_RAW_DAYS", "0")
    assert "EDX_KEEP_RAW_DAYS is not a whole number from 1 on" in failure_text(
        loaded.run("upkeep/kept_files")
    )
    assert there(loaded) == {RAW, DECRYPTED}


def test_what_a_killed_run_left_is_told_without_any_setting(
    testx: Institution, tmp_path: Path
) -> None:
    left = tmp_path / "files" / ".writing-abc"
    left.mkdir(parents=True)
    (left / "2014-02-03.log.gz").write_bytes(b"half")
    os.utime(left, (0, 0))
    told = tidied(testx)
    assert told["removed_by_kind"] == {"unfinished": {"files": 1, "bytes": 4}}
    assert not left.exists()
