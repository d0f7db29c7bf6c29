"""A day from S3 to the master collection: counts, reruns, corrections, and what bad input gets."""

import gzip
import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from dagster import AssetKey

from edx_assets.loading.ledger import DUPLICATES, IMPORTS, MASTER_QUARANTINE, MASTER_TRACKING
from edx_assets.resources.store import Store
from edx_assets_tests.institution import (
    PASSPHRASE,
    Institution,
    event,
    failure_text,
    gpg_key,
)


def records(store: Store, **query: Any) -> list[dict[str, Any]]:
    return sorted(store.find(MASTER_TRACKING, query), key=lambda record: record["time"])


def entry(store: Store, day: str, site: str = "edx") -> dict[str, Any]:
    found = store.get(IMPORTS, f"{site}/{day}")
    assert found is not None
    return found


def counts(store: Store, day: str) -> tuple[int, int, int, int]:
    told = entry(store, day)
    assert told["state"] == "loaded"
    return told["lines"], told["loaded"], told["duplicates"], told["rejected"]


def materialized(testx: Institution, asset: str) -> set[str]:
    return testx.instance.get_materialized_partitions(AssetKey(asset.split("/")))


def test_every_line_is_loaded_a_duplicate_or_in_quarantine(
    testx: Institution, store: Store
) -> None:
    truncated = b'{"username": "ana", "event_type": "pa'
    testx.deliver("2014-02-03", [event(1), event(2), event(1), truncated, b"", b"[1, 2]"])
    assert testx.run_day("2014-02-03").success
    assert counts(store, "2014-02-03") == (6, 2, 1, 3)
    assert [record["timestamp"].second for record in records(store)] == [1, 2]
    record = records(store)[0]
    assert record["course_id"] == "course-v1:TestX+T101+2014"
    assert record["load_file"] == "testx-edx-events-2014-02-03.log.gz.gpg"
    kept = sorted(store.find(MASTER_QUARANTINE, {}), key=lambda line: line["line"])
    assert [(line["line"], line["reason"], line["raw"]) for line in kept] == [
        (4, "not_json", truncated + b"\n"),
        (5, "blank", b"\n"),
        (6, "not_an_event", b"[1, 2]\n"),
    ]


def test_a_course_appears_as_a_partition_once_its_events_are_loaded(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    assert testx.instance.get_dynamic_partitions("courses") == ["course-v1:TestX+T101+2014"]


def test_running_a_day_again_changes_nothing(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-03", [event(1), event(2), event(2), b"{"])
    testx.run_day("2014-02-03")
    before = records(store), entry(store, "2014-02-03"), list(store.find(MASTER_QUARANTINE, {}))
    testx.deliver("2014-02-03", [event(1), event(2), event(2), b"{"])  # encrypted anew: other bytes
    assert testx.run_day("2014-02-03").success
    after = records(store), entry(store, "2014-02-03"), list(store.find(MASTER_QUARANTINE, {}))
    assert [record["_id"] for record in after[0]] == [record["_id"] for record in before[0]]
    assert counts(store, "2014-02-03") == (4, 2, 1, 1)
    assert after[2] == before[2]
    assert testx.run_day("2014-02-03").success
    assert records(store) == after[0]
    assert entry(store, "2014-02-03") == after[1]


def test_a_corrected_file_replaces_what_the_old_one_brought(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(1), event(2), b"{"])
    testx.run_day("2014-02-03")
    testx.deliver("2014-02-03", [event(2), event(3)])
    assert testx.run_day("2014-02-03").success
    assert [record["timestamp"].second for record in records(store)] == [2, 3]
    assert counts(store, "2014-02-03") == (2, 2, 0, 0)
    assert store.count(MASTER_QUARANTINE) == 0


def test_a_corrected_file_under_another_name_replaces_it_too(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    testx.s3.delete_object(
        Bucket="edx-course-data", Key="testx/edx/events/2014/testx-edx-events-2014-02-03.log.gz.gpg"
    )
    testx.deliver("2014-02-03", [event(2)], name="testx-prod-events-2014-02-03.log.gz.gpg")
    assert testx.run_day("2014-02-03").success
    assert [record["timestamp"].second for record in records(store)] == [2]


def test_a_record_stays_while_any_file_holds_its_line(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-03", [event(1), event(2)])
    testx.deliver("2014-02-04", [event(2), event(2), event(3)])
    testx.run_day("2014-02-03")
    testx.run_day("2014-02-04")
    assert counts(store, "2014-02-04") == (3, 1, 2, 0)
    testx.deliver("2014-02-03", [event(1)])
    assert testx.run_day("2014-02-03").success
    assert [record["timestamp"].second for record in records(store)] == [1, 2, 3]
    assert counts(store, "2014-02-03") == (1, 1, 0, 0)
    assert counts(store, "2014-02-04") == (3, 2, 1, 0)
    assert store.count(DUPLICATES) == 0
    assert testx.run_day("2014-02-04").success
    assert counts(store, "2014-02-04") == (3, 2, 1, 0)


def test_a_load_that_was_cut_off_is_done_again_exactly(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-03", [event(n) for n in range(50)] + [b"{"])
    testx.run_day("2014-02-03")
    whole = entry(store, "2014-02-03")
    # as a killed load leaves it: some records there, others not, the ledger at `loading`
    some = [record["_id"] for record in records(store)[::2]]
    store.delete(MASTER_TRACKING, {"_id": {"$in": some}})
    store.put(IMPORTS, {**whole, "state": "loading"})
    assert testx.run_day("2014-02-03").success
    assert counts(store, "2014-02-03") == (51, 50, 0, 1)
    assert len(records(store)) == 50


def test_records_lost_from_the_collection_are_noticed_and_loaded_again(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(n) for n in range(5)])
    testx.run_day("2014-02-03")
    store.delete(MASTER_TRACKING, {"_id": records(store)[0]["_id"]})
    assert testx.run_day("2014-02-03").success
    assert len(records(store)) == 5


def test_a_day_without_a_file_is_empty_where_later_days_have_one(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-05", [event(1)])
    assert testx.run_day("2014-02-03").success
    assert entry(store, "2014-02-03")["state"] == "no_file"
    assert materialized(testx, "edx/master_tracking") == {"2014-02-03"}


def test_a_day_whose_file_is_not_there_yet_fails_and_says_so(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    text = failure_text(testx.run_day("2014-02-04"))
    assert "S3 has no tracking log of edx for 2014-02-04, nor for any later day" in text
    assert materialized(testx, "edx/raw_log") == set()


def test_a_file_that_comes_late_fills_its_empty_day(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-05", [event(1)])
    testx.run_day("2014-02-03")
    testx.deliver("2014-02-03", [event(2)])
    assert testx.run_day("2014-02-03").success
    assert counts(store, "2014-02-03") == (1, 1, 0, 0)


@pytest.mark.parametrize("name", ["prod", "ex", "edx"])
def test_the_site_edx_goes_by_three_names(testx: Institution, store: Store, name: str) -> None:
    testx.deliver("2014-02-03", [event(1)], name=f"testx-{name}-events-2014-02-03.log.gz.gpg")
    assert testx.run_day("2014-02-03").success
    assert records(store)[0]["site"] == "edx"


def _for_another_key(testx: Institution) -> bytes:
    with gpg_key() as (gpg, fingerprint):
        return bytes(gpg.encrypt(b"x", fingerprint, armor=False, always_trust=True).data)


BAD: dict[str, tuple[Callable[[Institution], bytes], str, str]] = {
    "not GPG": (lambda testx: b"just text", "not GPG data", "download it again"),
    "another key": (_for_another_key, "encrypted for another key", "gpg --import"),
    "cut short": (
        lambda testx: testx.encrypted(gzip.compress(b"{}\n" * 9999))[:-20],
        "cut short or damaged",
        "download it again",
    ),
    "no gzip inside": (
        lambda testx: testx.encrypted(b"plain text"),
        "does not decrypt to a complete gzip file",
        "ask edX",
    ),
    "half a gzip inside": (
        lambda testx: testx.encrypted(gzip.compress(bytes(range(256)) * 99)[:-40]),
        "does not decrypt to a complete gzip file",
        "ask edX",
    ),
    "a gzip inside with a block of no type": (
        lambda testx: testx.encrypted(gzip.compress(b"")[:10] + b"\x07" * 20),
        "does not decrypt to a complete gzip file",
        "ask edX",
    ),
}


@pytest.mark.parametrize("kind", list(BAD))
def test_a_bad_file_fails_its_day_and_leaves_what_was_loaded(
    testx: Institution, store: Store, kind: str
) -> None:
    make, cause, remedy = BAD[kind]
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    before = records(store), entry(store, "2014-02-03")
    testx.deliver_raw("2014-02-03", make(testx))
    text = failure_text(testx.run_day("2014-02-03"))
    assert "testx-edx-events-2014-02-03.log.gz.gpg" in text
    assert cause in text
    assert remedy in text
    assert (records(store), entry(store, "2014-02-03")) == before


def test_a_wrong_passphrase_fails_the_day_and_is_not_repeated(
    testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", "wrong and secret")
    subprocess.run(["gpgconf", "--homedir", str(testx.gpg.gnupghome), "--kill", "all"], check=True)
    text = failure_text(testx.run_day("2014-02-03"))
    assert "the passphrase does not fit the secret key" in text
    assert "EDX_GPG_PASSPHRASE" in text
    assert "wrong and secret" not in text
    assert PASSPHRASE not in text


def test_in_a_range_a_bad_day_fails_alone(testx: Institution, store: Store) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver_raw("2014-02-04", b"just text")
    testx.deliver("2014-02-05", [event(2)])
    stages = ("edx/raw_log", "edx/daily_log", "edx/master_tracking")
    result = testx.run(*stages, days=("2014-02-03", "2014-02-05"))
    assert "1 of 3 days failed, the others are done" in failure_text(result)
    assert materialized(testx, "edx/raw_log") == {"2014-02-03", "2014-02-04", "2014-02-05"}
    assert materialized(testx, "edx/master_tracking") == {"2014-02-03", "2014-02-05"}
    assert len(records(store)) == 2


def test_a_stage_alone_says_which_one_must_come_before(testx: Institution) -> None:
    text = failure_text(testx.run("edx/daily_log", partition="2014-02-03"))
    assert "edx/raw_log is not materialized for 2014-02-03: materialize it first" in text


def test_a_missing_setting_is_named(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDX_ORG")
    assert "EDX_ORG is not set" in failure_text(testx.run_day("2014-02-03"))


def test_the_same_line_under_a_log_prefix_is_a_duplicate(testx: Institution, store: Store) -> None:
    line = json.dumps(event(1)).encode()
    testx.deliver("2014-02-03", [line, b"Feb  3 10:00:48 localhost " + line])
    testx.run_day("2014-02-03")
    assert counts(store, "2014-02-03") == (2, 1, 1, 0)


def test_no_learner_is_in_what_dagster_keeps(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1, username="secret-learner"), b'{"username": "secret-lea'])
    result = testx.run_day("2014-02-03")
    assert result.success
    kept = [testx.instance.all_logs(result.run_id)]
    assert "secret-lea" not in repr(kept)


@pytest.mark.parametrize("site", ["edge"])
def test_edge_has_a_chain_of_its_own(testx: Institution, store: Store, site: str) -> None:
    testx.deliver("2014-02-03", [event(1)], site=site)
    assert testx.run_day("2014-02-03", site=site).success
    assert records(store)[0]["site"] == "edge"
    assert testx.instance.get_dynamic_partitions("courses") == ["course-v1:TestX+T101+2014@edge"]


def test_a_file_that_went_from_the_storage_fails_its_day_alone(
    testx: Institution, store: Store
) -> None:
    for day, second in (("2014-02-03", 1), ("2014-02-04", 2)):
        testx.deliver(day, [event(second)])
        testx.run("edx/raw_log", partition=day)
    (testx.folder / "files/events/edx/2014/2014-02-03.log.gz.gpg").unlink()
    days = ("2014-02-03", "2014-02-04")
    text = failure_text(testx.run("edx/daily_log", "edx/master_tracking", days=days))
    assert "2014-02-03.log.gz.gpg is not in the storage: materialize edx/raw_log for 2014" in text
    assert materialized(testx, "edx/master_tracking") == {"2014-02-04"}
