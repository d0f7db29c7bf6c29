"""A course's database: packages sorted, collections loaded."""

import io
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bson import ObjectId

from edx_assets.edx.collections import TRACKING
from edx_assets.loading.ledger import COURSES, IMPORTS, PACKAGES
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, event, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COLLECTIONS,
    COURSE,
    DATABASE,
    PREFIX,
    VIDEO,
    collection,
    load_all,
    members,
    sort,
)


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
    assert "testx-2014-02-09.zip is not a zip file" in failure_text(sort(testx, "2014-02-09"))


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
