"""Days that are out of the ordinary: files gone or damaged on the way, courses without a name."""

import gzip
import json
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from dagster import AssetKey

from edx_assets.edx.courses import course_partition
from edx_assets.loading.ledger import COURSES, IMPORTS, MASTER_TRACKING
from edx_assets.resources.store import Store
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.resources.deviations import HOLDS_ANY_DEPTH

STAGES = ("edx/raw_log", "edx/daily_log", "edx/master_tracking")
LONG = "course-v1:TestX+" + "N" * 240 + "+2014"
UNUSUAL = "course-v1:TestX+Démo~...+2014"
BUCKET = "edx-course-data"


def of_course(second: int, course: str) -> dict[str, object]:
    return event(second, context={"course_id": course, "user_id": 7}, page="")


def states(store: Store) -> dict[str, str]:
    return {entry["_id"]: entry["state"] for entry in store.find(IMPORTS, {})}


def go(testx: Institution, day: str) -> None:
    """Take a day's file from S3, and everything from the storage."""
    key = f"testx/edx/events/2014/testx-edx-events-{day}.log.gz.gpg"
    testx.s3.delete_object(Bucket=BUCKET, Key=key)
    shutil.rmtree(testx.folder / "files")


def test_a_file_gone_from_s3_and_the_storage_keeps_its_records(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(1), event(2)])
    testx.deliver("2014-02-04", [event(3)])
    assert testx.run_day("2014-02-03").success
    go(testx, "2014-02-03")
    before = store.get(IMPORTS, "edx/2014-02-03")
    assert testx.run_day("2014-02-03").success
    assert store.get(IMPORTS, "edx/2014-02-03") == before
    assert store.count(MASTER_TRACKING) == 2


def test_a_file_gone_that_was_loaded_in_part_fails_its_day_and_nothing_is_deleted(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [event(1), event(2)])
    testx.deliver("2014-02-04", [event(3)])
    assert testx.run_day("2014-02-03").success
    entry = store.get(IMPORTS, "edx/2014-02-03") or {}
    store.put(IMPORTS, {**entry, "state": "loading"})
    go(testx, "2014-02-03")
    text = failure_text(testx.run_day("2014-02-03"))
    assert (
        "testx-edx-events-2014-02-03.log.gz.gpg was loaded in part and is no longer on S3" in text
    )
    assert store.count(MASTER_TRACKING) == 2


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _flipped(path: Path, where: int) -> None:
    content = bytearray(path.read_bytes())
    content[where] ^= 0b110  # of a block: a type that there is none of
    path.write_bytes(content)


def _another(path: Path) -> None:
    """As complete a file, of the same size, with other lines."""
    lines = gzip.decompress(path.read_bytes()).replace(b'"r": 0.', b'"r": 1.')
    size = path.stat().st_size
    path.write_bytes(gzip.compress(lines, mtime=0)[:size].ljust(size, b"\0"))


FLIPS = [partial(_flipped, where=where) for where in (0, 10, 200, -8)]


@pytest.mark.parametrize("damage", [_cut, _emptied, _another, *FLIPS])
def test_a_decrypted_file_that_has_changed_is_decrypted_again(
    testx: Institution, store: Store, damage: Callable[[Path], None]
) -> None:
    days = [f"2014-02-0{day}" for day in (3, 4, 5)]
    for day in days:
        testx.deliver(day, [event(n, r=random.random()) for n in range(50)])
    testx.run("edx/raw_log", "edx/daily_log", days=(days[0], days[-1]))
    damage(testx.folder / "files/events/edx/2014/2014-02-03.log.gz")
    assert testx.run(*STAGES, days=(days[0], days[-1])).success
    assert store.count(MASTER_TRACKING) == 150


@pytest.mark.parametrize("where", [0, 10, 200, -8], ids=["head", "block", "data", "sum"])
def test_a_decrypted_file_that_is_damaged_before_it_is_loaded_fails_its_day_alone_and_once(
    testx: Institution, store: Store, where: int
) -> None:
    for day in (3, 4, 5):
        testx.deliver(f"2014-02-0{day}", [event(n, r=random.random()) for n in range(500)])
    span = ("2014-02-03", "2014-02-05")
    testx.run("edx/raw_log", "edx/daily_log", days=span)
    _flipped(testx.folder / "files/events/edx/2014/2014-02-04.log.gz", where)
    result = testx.run("edx/master_tracking", days=span)
    text = failure_text(result)
    assert "2014-02-04.log.gz.gpg: its decrypted file in the storage was damaged" in text
    assert "1 of 3 days failed, the others are done" in text
    assert not any(each.is_step_up_for_retry for each in result.all_events)
    assert testx.run(*STAGES, days=span).success
    assert store.count(MASTER_TRACKING) == 1500
    assert set(states(store).values()) == {"loaded"}


def test_a_course_that_no_database_can_be_named_after_is_told_and_fails_no_day(
    testx: Institution, store: Store
) -> None:
    for day, n in (("2014-02-03", 0), ("2014-02-04", 10)):
        lines = [of_course(n, LONG), of_course(n + 1, UNUSUAL), event(n + 2)]
        testx.deliver(day, lines)
    assert testx.run(*STAGES, days=("2014-02-03", "2014-02-04")).success
    assert {course["_id"] for course in store.find(COURSES, {})} == {
        "course-v1:TestX+T101+2014",
        course_partition(UNUSUAL, "edx"),
    }
    [told] = (store.get(IMPORTS, "edx/2014-02-03") or {})["courses_refused"]
    assert told == f"{LONG[:60]}… has 261 characters, and edX's keys 255 at most"
    kept = testx.instance.get_latest_materialization_event(AssetKey(["edx", "master_tracking"]))
    assert kept
    assert kept.asset_materialization
    assert kept.asset_materialization.metadata["courses_refused"].value == told


def test_a_course_that_clashes_with_another_holds_up_no_third(
    testx: Institution, store: Store
) -> None:
    testx.deliver("2014-02-03", [of_course(1, "course-v1:TestX+A_1+1")])
    testx.deliver(
        "2014-02-04", [of_course(2, "course-v1:TestX+A.1+1"), of_course(3, "course-v1:ZetaX+Z+1")]
    )
    assert testx.run(*STAGES, days=("2014-02-03", "2014-02-04")).success
    assert {course["_id"] for course in store.find(COURSES, {})} == {
        "course-v1:TestX+A_1+1",
        "course-v1:ZetaX+Z+1",
    }
    [told] = (store.get(IMPORTS, "edx/2014-02-04") or {})["courses_refused"]
    assert "course-v1:TestX+A.1+1 and course-v1:TestX+A_1+1 would both be" in told


def test_a_log_in_the_folder_of_the_next_year_is_its_days(testx: Institution, store: Store) -> None:
    testx.deliver("2014-12-30", [event(1)])
    name = "testx-edx-events-2014-12-31.log.gz.gpg"
    testx.deliver("2014-12-31", [event(2)])
    there = f"testx/edx/events/2014/{name}"
    content = testx.s3.get_object(Bucket=BUCKET, Key=there)["Body"].read()
    testx.s3.delete_object(Bucket=BUCKET, Key=there)
    testx.s3.put_object(Bucket=BUCKET, Key=f"testx/edx/events/2015/{name}", Body=content)
    assert testx.run_day("2014-12-31").success
    assert states(store) == {"edx/2014-12-31": "loaded"}


def test_lines_that_repeat_one_of_the_same_file_are_named(testx: Institution, store: Store) -> None:
    one, two, three = event(1), event(2), event(3)
    testx.deliver("2014-02-03", [one])
    testx.deliver("2014-02-04", [two, one, two, three, one, two])
    assert testx.run(*STAGES, days=("2014-02-03", "2014-02-04")).success
    entry = store.get(IMPORTS, "edx/2014-02-04") or {}
    assert (entry["lines"], entry["loaded"], entry["duplicates"]) == (6, 2, 4)
    assert (entry["repeated"], entry["repeated_lines"]) == (3, [3, 5, 6])


def test_an_implicit_event_that_is_too_deep_for_the_database_is_refused_alone(
    testx: Institution, store: Store, server: str
) -> None:
    deep = f'{{"course_id": "TestX/T101/2014", "x": {"[" * 190}{"]" * 190}}}'
    implicit = {"event_type": "/courses/TestX/T101/2014/info", "event_source": "server"}
    lines = [json.dumps(event(second, **implicit)).encode() for second in range(3)]
    odd = json.dumps(event(3, **implicit, context="@")).replace('"@"', deep).encode()
    testx.deliver("2014-02-03", [*lines, odd])
    assert testx.run_day("2014-02-03").success
    entry = store.get(IMPORTS, "edx/2014-02-03") or {}
    refused = server not in HOLDS_ANY_DEPTH
    assert (entry["loaded"], entry["rejected"]) == ((3, 1) if refused else (4, 0))
    assert entry["reasons"] == ({"refused_by_database_15": 1} if refused else {})
