"""Packages as they really come: odd cells, odd names, other courses' shapes."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from edx_assets.cli.status import status
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    DATABASE,
    PREFIX,
    collection,
    members,
    sort,
)


def load(testx: Institution, collection: str, course: str = COURSE) -> None:
    result = testx.run(f"course/{collection}", partition=course)
    assert result.success, failure_text(result)


def test_odd_cells_load_as_they_are_and_rows_that_cannot_be_right_do_not(
    testx: Institution, store: Store
) -> None:
    rows = [
        b"id\tuser_id\tbio\tyear_of_birth\tprofile_image_uploaded_at",
        b"1\t7\traw\rreturn and nul\0\t1980\t2015-09-31 00:00:00",
        b"1\t7\tthe same id again\tNULL\tNULL",
        b"2\t8\tlatin-1 \xe9\tunknown\tNULL",
        b"3\t9\ta raw\ttab\t1980\tNULL",
        b"4",
    ]
    testx.deliver_package("2014-02-09", members(auth_userprofile=b"\n".join(rows) + b"\n"))
    sort(testx, "2014-02-09")
    load(testx, "auth_userprofile")
    first, again, latin = collection(store, "auth_userprofile")
    assert first["bio"] == "raw\rreturn and nul\0"
    assert first["profile_image_uploaded_at"] == "2015-09-31 00:00:00"
    assert (again["id"], again["year_of_birth"]) == (1, None)
    assert (latin["bio"], latin["year_of_birth"]) == ("latin-1 \ufffd", "unknown")
    bad = sorted(store.find(Collection(DATABASE, "quarantine"), {}), key=lambda line: line["line"])
    assert [(line["line"], line["raw"]) for line in bad] == [(5, rows[4]), (6, rows[5])]
    entry = store.get(Collection(DATABASE, "_loads"), "auth_userprofile")
    assert entry is not None
    assert (entry["rows"], entry["documents"], entry["rejected"]) == (5, 3, 2)
    assert entry["untyped_cells"] == {"profile_image_uploaded_at": 1, "year_of_birth": 1}
    assert entry["mended_rows"] == {"not_utf8": 1}


def test_a_state_of_four_megabytes_with_doubled_backslashes_is_whole(
    testx: Institution, store: Store
) -> None:
    state = {"student_answers": {"x_2_1": 'say "a"\\n' * 400_000}}
    text = json.dumps(state)
    cells = ["1", "problem", "i4x://TestX/T101/problem/p", "7", text.replace("\\", "\\\\")]
    table = "id\tmodule_type\tmodule_id\tstudent_id\tstate\n" + "\t".join(cells) + "\n"
    testx.deliver_package("2014-02-09", members(courseware_studentmodule=table.encode()))
    sort(testx, "2014-02-09")
    load(testx, "courseware_studentmodule")
    [row] = collection(store, "courseware_studentmodule")
    assert row["state"] == text
    assert row["state_parsed"] == state


@pytest.mark.parametrize(
    ("course", "prefix", "database"),
    [
        ("course-v1:TestX+T-101.x+2014-A", "TestX-T-101.x-2014-A", "TestX_T-101_x_2014-A"),
        ("course-v1:TestX+T101+2014", "TestX-T101-2014-0123456789abcdef", "TestX_T101_2014"),
        ("ccx-v1:TestX+T101+2014+ccx@3", "TestX-T101-2014-ccx-3", "TestX_T101_2014_ccx_3"),
    ],
)
def test_a_course_is_told_by_its_files_content_whatever_their_names(
    testx: Institution, store: Store, course: str, prefix: str, database: str
) -> None:
    enrolments = f"id\tuser_id\tcourse_id\tmode\n1\t7\t{course}\thonor\n".encode()
    name = f"{prefix}-student_courseenrollment-prod-analytics.sql"
    testx.deliver_package("2014-02-09", {name: enrolments})
    assert sort(testx, "2014-02-09").success
    assert testx.instance.get_dynamic_partitions("courses") == [course]
    load(testx, "student_courseenrollment", course)
    assert store.count(Collection(database, "student_courseenrollment")) == 1


def test_a_flat_package_with_older_names_is_read_like_the_others(
    testx: Institution, store: Store
) -> None:
    post = b'{"_id": {"$oid": "50f1dd4ae05f6d2600000001"}, "author_id": "7"}\n'
    files = {
        f"{PREFIX}-auth_user-prod-edx-replica.sql": b"id\tusername\n7\tana\n",
        f"{PREFIX}.mongo": post,
    }
    testx.deliver_package("2014-02-09", files)
    sort(testx, "2014-02-09")
    load(testx, "auth_user")
    load(testx, "forum")
    assert collection(store, "auth_user") == [{"_id": 2, "id": 7, "username": "ana"}]
    assert [post["author_id"] for post in collection(store, "forum")] == [7]


def test_a_table_with_windows_line_ends_is_read_without_them(
    testx: Institution, store: Store
) -> None:
    table = b"id\tusername\tlast_login\r\n7\tana\t2014-02-03 10:00:00\r\n"
    testx.deliver_package("2014-02-09", members(auth_user=table))
    sort(testx, "2014-02-09")
    load(testx, "auth_user")
    [ana] = collection(store, "auth_user")
    assert ana["last_login"] == datetime(2014, 2, 3, 10, tzinfo=UTC)


def test_courses_that_would_share_a_database_do_not_hold_up_the_others(
    testx: Institution, store: Store
) -> None:
    files = {}
    for number in ("T.1", "T_1", "U1"):
        rows = f"id\tuser_id\tcourse_id\n1\t7\tTestX/{number}/2014\n".encode()
        files[f"TestX-{number}-2014-student_courseenrollment-prod-analytics.sql"] = rows
    testx.deliver_package("2014-02-09", files)
    for _again in range(2):
        text = failure_text(sort(testx, "2014-02-09"))
        assert "would both be the database TestX_T_1_2014" in text
    assert testx.instance.get_dynamic_partitions("courses") == [
        "course-v1:TestX+T.1+2014",
        "course-v1:TestX+U1+2014",
    ]
    load(testx, "student_courseenrollment", "course-v1:TestX+U1+2014")
    assert store.count(Collection("TestX_U1_2014", "student_courseenrollment")) == 1


@pytest.mark.parametrize("number", ["T" * 60, "Démo", "T~1", "T...1"])
def test_a_course_whose_key_makes_no_database_s_name_loads_like_any_other(
    testx: Institution, store: Store, number: str
) -> None:
    course = f"course-v1:TestX+{number}+2014"
    rows = f"id\tuser_id\tcourse_id\n1\t7\t{course}\n".encode()
    prefix = f"TestX-{number}-2014".replace("é", "_")
    tables = ("student_courseenrollment", "wiki_article")
    files = {f"{prefix}-{table}-prod-analytics.sql": rows for table in tables}
    testx.deliver_package("2014-02-09", files)
    assert sort(testx, "2014-02-09").success
    [partition] = testx.instance.get_dynamic_partitions("courses")
    load(testx, "student_courseenrollment", partition)
    [told] = status(store)["courses"]
    assert told["course_key"] == course
    assert store.count(Collection(told["database"], "student_courseenrollment")) == 1
    del files[f"{prefix}-student_courseenrollment-prod-analytics.sql"]
    testx.deliver_package("2014-02-16", files)  # the name alone tells the course
    assert sort(testx, "2014-02-16").success
    load(testx, "wiki_article", partition)
    assert store.count(Collection(told["database"], "wiki_article")) == 1


def test_members_whose_names_edx_cut_are_of_the_course_in_their_content(
    testx: Institution, store: Store
) -> None:
    number = "N" * 190
    course, whole = f"course-v1:TestX+{number}+2014", f"TestX-{number}-2014"
    md5 = hashlib.md5(b"prod-analytics", usedforsecurity=False).hexdigest()
    header = b"id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n"
    row = f"1\t7\t{course}\t2014-01-05 10:00:00\t1\thonor\n".encode()
    left = f"{whole}-student_courseenrollment"[:200]  # of every table's name
    testx.deliver_package("2014-02-09", {f"{left}-{md5}.sql": header + row})
    assert sort(testx, "2014-02-09").success
    assert testx.instance.get_dynamic_partitions("courses") == [course]
    load(testx, "student_courseenrollment", course)
    [told] = status(store)["courses"]
    assert store.count(Collection(told["database"], "student_courseenrollment")) == 1
    testx.deliver_package("2014-02-16", {f"{left}-{md5}.sql": b"id\tmood\n1\tgood\n"})
    assert sort(testx, "2014-02-16").success
    refused = status(store)["packages"][1]["refused_members"]
    assert ["cannot be told" in text for text in refused] == [True]
