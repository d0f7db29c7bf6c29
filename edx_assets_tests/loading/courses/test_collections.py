"""A course's database: packages sorted, collections loaded, tracking extracted and bound."""

import io
import json
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from edx_assets.edx.collections import TRACKING
from edx_assets.loading.ledger import COURSES, IMPORTS, MASTER_TRACKING, PACKAGES
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, event, failure_text

COURSE, DATABASE = "course-v1:TestX+T101+2014", "TestX_T101_2014"
PREFIX = "TestX-T101-2014"
VIDEO = "i4x://TestX/T101/video/v1"


def structure(**dates: str) -> dict[str, Any]:
    """A chapter, a sequential, a vertical, and below a conditional a video."""

    def block(category: str, *children: str, **metadata: Any) -> dict[str, Any]:
        return {"category": category, "children": list(children), "metadata": metadata}

    def key(category: str, name: str) -> str:
        return f"i4x://TestX/T101/{category}/{name}"

    return {
        key("course", "2014"): block("course", key("chapter", "c1"), display_name="T", **dates),
        key("chapter", "c1"): block("chapter", key("sequential", "s1"), display_name="C"),
        key("sequential", "s1"): block(
            "sequential", key("html", "h0"), key("vertical", "u1"), display_name="S"
        ),
        key("html", "h0"): block("html"),
        key("vertical", "u1"): block("vertical", key("conditional", "x1"), display_name="U"),
        key("conditional", "x1"): block("conditional", VIDEO),
        VIDEO: block("video", display_name="V", youtube_id_1_0="abc"),
    }


def members(**changes: bytes | None) -> dict[str, bytes]:
    """A package's files of the course, by collection; None leaves one out."""
    post = {"_id": {"$oid": "50f1dd4ae05f6d2600000001"}, "created_at": {"$date": 1358028106904}}
    files: dict[str, bytes | None] = {
        "course_structure": json.dumps(
            structure(start="2014-02-03T00:00:00Z", end="2014-02-10T12:00:00Z")
        ).encode(),
        "forum": json.dumps(post).encode() + b"\n",
        "auth_user": b"id\tusername\n7\tana\n8\tb\\tob\n",
        "auth_userprofile": b"id\tuser_id\tbio\n1\t7\ta\\nb\n",
        "student_courseenrollment": (
            b"id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n"
            b"1\t7\tTestX/T101/2014\t2014-01-05 10:00:00\t1\thonor\n"
        ),
        "certificates_generatedcertificate": b"id\tuser_id\tgrade\n",
        "user_id_map": b"hash_id\tid\tusername\nabc\t7\tana\n",
        **changes,
    }
    names = {
        "course_structure": f"{PREFIX}-course_structure-prod-analytics.json",
        "forum": f"{PREFIX}-prod.mongo",
    }
    return {
        names.get(name, f"{PREFIX}-{name}-prod-analytics.sql"): content
        for name, content in files.items()
        if content is not None
    }


def sort(testx: Institution, day: str) -> Any:
    testx.run("packages/delivered")
    return testx.run("packages/database_package", "packages/course_files", partition=day)


def collection(store: Store, name: str) -> list[dict[str, Any]]:
    return sorted(
        store.find(Collection(DATABASE, name), {}), key=lambda document: str(document["_id"])
    )


COLLECTIONS = (
    "course_structure",
    "forum",
    "student_courseenrollment",
    "certificates_generatedcertificate",
    "auth_user",
    "user_id_map",
    "auth_userprofile",
)


def load_all(testx: Institution) -> Any:
    return testx.run(*(f"course/{name}" for name in COLLECTIONS), partition=COURSE)


def test_a_package_reveals_its_courses_and_fills_their_collections(
    testx: Institution, store: Store
) -> None:
    testx.deliver_package("2014-02-09", members())
    assert sort(testx, "2014-02-09").success
    assert testx.instance.get_dynamic_partitions("courses") == [COURSE]
    assert load_all(testx).success
    assert set(store.collections(DATABASE)) >= set(COLLECTIONS)
    assert collection(store, "auth_user") == [
        {"_id": 2, "id": 7, "username": "ana"},
        {"_id": 3, "id": 8, "username": "b\tob"},
    ]
    assert collection(store, "user_id_map")[0]["user_id"] == 7
    assert collection(store, "certificates_generatedcertificate") == []
    enrolment = collection(store, "student_courseenrollment")[0]
    assert enrolment["created"] == datetime(2014, 1, 5, 10, tzinfo=UTC)
    post = collection(store, "forum")[0]
    assert post["_id"] == ObjectId("50f1dd4ae05f6d2600000001")
    assert post["created_at"] == datetime(2013, 1, 12, 22, 1, 46, 904000, tzinfo=UTC)
    blocks = {block["_id"]: block for block in collection(store, "course_structure")}
    assert len(blocks) == 6
    assert blocks[VIDEO]["parent_data"] == {
        "course_order": 0,
        "course_id": "i4x://TestX/T101/course/2014",
        "course_display_name": "T",
        "chapter_order": 0,
        "chapter_id": "i4x://TestX/T101/chapter/c1",
        "chapter_display_name": "C",
        "sequential_order": 1,
        "sequential_id": "i4x://TestX/T101/sequential/s1",
        "sequential_display_name": "S",
        "vertical_order": 0,
        "vertical_id": "i4x://TestX/T101/vertical/u1",
        "vertical_display_name": "U",
    }


def test_the_window_is_the_structures_and_its_last_day_counts_whole(
    testx: Institution, store: Store
) -> None:
    lines = [
        event(1, time="2014-02-02T23:59:59.999999+00:00"),
        event(1, time="2014-02-03T00:00:00+00:00"),
        event(1, time="2014-02-10T23:59:59.999999Z"),
        event(1, time="2014-02-11T00:00:00"),
        event(9, context={"course_id": "TestX/Other/2014"}),
    ]
    testx.deliver("2014-02-11", lines)
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-11")
    sort(testx, "2014-02-09")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    times = sorted(record["time"] for record in collection(store, TRACKING))
    assert times == ["2014-02-03T00:00:00+00:00", "2014-02-10T23:59:59.999999Z"]


def test_the_courses_file_sets_the_window_and_knows_other_spellings(
    testx: Institution, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    courses = tmp_path / "courses.yaml"
    courses.write_text(
        "courses:\n"
        f"  - course_key: {COURSE}\n"
        "    spellings: [TestX/T101/Typo]\n"
        "    enrolment_start: 2014-02-05\n"
        "    course_end: 2014-02-06\n"
    )
    monkeypatch.setenv("EDX_COURSES_FILE", str(courses))
    lines = [
        event(1, time=f"2014-02-{day:02d}T12:00:00", context={"course_id": f"TestX/T101/{run}"})
        for day in (4, 5, 6, 7)
        for run in ("2014", "Typo", "2015")
    ]
    testx.deliver("2014-02-08", lines)
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-08")
    sort(testx, "2014-02-09")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    found = sorted(
        (record["time"][8:10], record["course_id"]) for record in collection(store, TRACKING)
    )
    typo = "course-v1:TestX+T101+Typo"
    assert found == [("05", COURSE), ("05", typo), ("06", COURSE), ("06", typo)]


def test_a_courses_file_that_is_not_there_is_named(
    testx: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    monkeypatch.setenv("EDX_COURSES_FILE", "/nowhere/courses.yaml")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    text = failure_text(result)
    assert text.startswith("dagster._core.definitions.events.Failure")
    assert "/nowhere/courses.yaml" in text


def test_events_are_bound_to_their_block_in_either_spelling(
    testx: Institution, store: Store
) -> None:
    lines = [
        event(1, event=json.dumps({"id": "i4x-TestX-T101-video-v1"}), event_type="play_video"),
        event(2, event={"id": "block-v1:TestX+T101+2014+type@video+block@v1"}),
        event(3, event={"id": "i4x-TestX-T101-video-gone"}),
        event(4),
    ]
    testx.deliver("2014-02-03", lines)
    testx.deliver_package("2014-02-09", members())
    testx.run_day("2014-02-03")
    sort(testx, "2014-02-09")
    result = testx.run("course/course_structure", "course/tracking", partition=COURSE)
    assert result.success, failure_text(result)
    by_second = {record["timestamp"].second: record for record in collection(store, TRACKING)}
    place = next(b for b in collection(store, "course_structure") if b["_id"] == VIDEO)
    for second in (1, 2):
        assert by_second[second]["parent_data"] == place["parent_data"]
        assert by_second[second]["metadata"] == {"display_name": "V", "youtube_id_1_0": "abc"}
    assert "parent_data" not in by_second[3]
    assert "parent_data" not in by_second[4]
    master = {record["_id"]: record for record in store.find(MASTER_TRACKING, {})}
    for record in by_second.values():
        own = {k: v for k, v in record.items() if k not in ("parent_data", "metadata")}
        assert own == master[record["_id"]]


def test_tracking_without_a_structure_says_what_to_do(testx: Institution) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    text = failure_text(testx.run("course/tracking", partition=COURSE))
    assert "materialize course/course_structure first" in text


def test_collections_come_from_the_newest_package_and_are_never_kept_from_an_older(
    testx: Institution, store: Store
) -> None:
    testx.deliver_package("2014-02-09", members())
    testx.deliver_package("2014-02-16", members(auth_user=b"id\tusername\n9\tzoe\n", forum=None))
    for day in ("2014-02-16", "2014-02-09"):
        assert sort(testx, day).success
        assert load_all(testx).success
    assert [user["id"] for user in collection(store, "auth_user")] == [9]
    assert collection(store, "forum") == []
    assert "forum" in store.collections(DATABASE)


def test_a_row_that_cannot_be_right_goes_to_quarantine(testx: Institution, store: Store) -> None:
    users = b"id\tusername\n7\tana\n8\n9\tzoe\n"
    testx.deliver_package("2014-02-09", members(auth_user=users))
    sort(testx, "2014-02-09")
    for _again in range(2):
        assert load_all(testx).success
        assert len(collection(store, "auth_user")) == 2
        [bad] = collection(store, "quarantine")
        assert (bad["collection"], bad["line"]) == ("auth_user", 3)
        assert (bad["reason"], bad["raw"]) == ("wrong_number_of_fields", b"8")


def test_a_file_that_is_no_structure_leaves_the_collection_as_it_was(
    testx: Institution, store: Store
) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    load_all(testx)
    before = collection(store, "course_structure")
    testx.deliver_package("2014-02-16", members(course_structure=b'{"half": '))
    assert sort(testx, "2014-02-16").success
    text = failure_text(testx.run("course/course_structure", partition=COURSE))
    assert f"{PREFIX} course_structure: it is not JSON" in text
    assert collection(store, "course_structure") == before


@pytest.mark.parametrize("table", ["auth_user", "student_courseenrollment"])
def test_a_member_that_cannot_be_decrypted_fails_by_name(
    testx: Institution, store: Store, table: str
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"x/{PREFIX}-{table}-prod-analytics.sql.gpg", b"no gpg")
    testx.s3.put_object(Bucket="course-data", Key="testx-2014-02-09.zip", Body=buffer.getvalue())
    result = sort(testx, "2014-02-09")
    if table == "auth_user":  # the course is told by the name alone, and its files are for later
        assert result.success
        result = testx.run("course/auth_user", partition=COURSE)
    else:
        assert store.count(PACKAGES) == 0
    text = failure_text(result)
    assert f"{PREFIX}-{table}-prod-analytics.sql.gpg: it is not GPG data" in text


def test_a_package_that_is_no_zip_fails_by_name(testx: Institution) -> None:
    testx.s3.put_object(Bucket="course-data", Key="testx-2014-02-09.zip", Body=b"PK no")
    assert "testx-2014-02-09.zip is no zip file" in failure_text(sort(testx, "2014-02-09"))


def test_the_same_package_again_changes_nothing(testx: Institution, store: Store) -> None:
    testx.deliver_package("2014-02-09", members())
    sort(testx, "2014-02-09")
    load_all(testx)
    before = {name: collection(store, name) for name in COLLECTIONS}
    assert sort(testx, "2014-02-09").success
    assert load_all(testx).success
    assert {name: collection(store, name) for name in COLLECTIONS} == before


def test_courses_that_would_share_a_database_are_refused(testx: Institution, store: Store) -> None:
    testx.deliver(
        "2014-02-03",
        [
            event(1, context={"course_id": "TestX/T.1/2014"}),
            event(2, context={"course_id": "TestX/T_1/2014"}),
        ],
    )
    assert testx.run_day("2014-02-03").success
    [told] = (store.get(IMPORTS, "edx/2014-02-03") or {})["courses_refused"]
    assert "would both be the database TestX_T_1_2014" in told
    assert store.count(COURSES) == 1


def test_an_edge_copy_has_a_database_of_its_own(testx: Institution, store: Store) -> None:
    edge = {
        name.replace("prod-analytics", "prod-edge-analytics").replace("-prod.", "-edge."): content
        for name, content in members().items()
    }
    testx.deliver_package("2014-02-09", members() | edge)
    sort(testx, "2014-02-09")
    assert testx.instance.get_dynamic_partitions("courses") == [COURSE, f"{COURSE}@edge"]
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver("2014-02-03", [event(2), event(3)], site="edge")
    testx.run_day("2014-02-03")
    testx.run_day("2014-02-03", site="edge")
    for partition in (COURSE, f"{COURSE}@edge"):
        result = testx.run("course/course_structure", "course/tracking", partition=partition)
        assert result.success
    assert store.count(Collection(DATABASE, TRACKING)) == 1
    assert store.count(Collection(f"{DATABASE}_edge", TRACKING)) == 2


def test_decrypted_files_are_for_the_owner_alone(testx: Institution, tmp_path: Path) -> None:
    testx.deliver_package("2014-02-09", members())
    testx.deliver("2014-02-03", [event(1)])
    sort(testx, "2014-02-09")
    testx.run_day("2014-02-03")
    testx.run("course/auth_user", partition=COURSE)
    found = subprocess.run(
        ["find", str(tmp_path / "files"), "-perm", "/077"], capture_output=True, check=True
    )
    assert found.stdout == b""
    files = list((tmp_path / "files").rglob("auth_user"))
    assert len(files) == 1
