"""Packages with a bad piece: it is refused by name, and everything else is sorted and loads."""

from collections.abc import Callable
from typing import Any

import pytest

from edx_assets.loading.ledger import PACKAGE_COURSES, PACKAGES
from edx_assets.loading.packages import course_keys
from edx_assets.resources.store import Store
from edx_assets_tests.institution import PACKAGES as BUCKET
from edx_assets_tests.institution import Institution, failure_text
from edx_assets_tests.loading.courses.course_package import (
    COURSE,
    PREFIX,
    collection,
    members,
    sort,
)
from edx_assets_tests.loading.packages import zips

DAY = "2014-02-09"
OTHER = "course-v1:TestX+U1+2014"
OTHER_FILE = "TestX-U1-2014-student_courseenrollment-prod-analytics.sql"
HEADER = b"id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n"


def rows(course: str) -> bytes:
    return HEADER + f"1\t7\t{course}\t2014-01-01 00:00:00\t1\thonor\n".encode()


def path_of(name: str) -> str:
    return f"testx-{DAY}/{name}.gpg"


def packed(testx: Institution, files: dict[str, bytes]) -> bytearray:
    return zips.zipped({path_of(name): testx.encrypted(content) for name, content in files.items()})


def deliver(testx: Institution, zip_: bytearray) -> Any:
    testx.s3.put_object(Bucket=BUCKET, Key=f"testx-{DAY}.zip", Body=bytes(zip_))
    return sort(testx, DAY)


def metadata(result: Any) -> Any:
    [told] = result.asset_materializations_for_node("packages__course_files")
    return told.metadata


@pytest.mark.parametrize(
    ("table", "damage"),
    [
        ("auth_user", lambda zip_, name: zips.with_method(zip_, name, 9)),
        ("auth_user", zips.with_version),
        ("student_courseenrollment", zips.with_password),
        ("student_courseenrollment", zips.with_broken_entry),
    ],
)
def test_a_member_that_cannot_be_read_is_refused_by_name_and_alone(
    testx: Institution, store: Store, table: str, damage: Callable[[bytearray, str], None]
) -> None:
    name = f"{PREFIX}-{table}-prod-analytics.sql"
    zip_ = packed(testx, members() | {OTHER_FILE: rows(OTHER)})
    damage(zip_, path_of(name))
    result = deliver(testx, zip_)
    told = metadata(result)
    assert told["courses"].value == 2
    text = str(told["refused_members"].value)
    assert text.count("\n") == 0
    assert name[3:] in text
    assert "ask edX" in text
    entry = store.get(PACKAGES, DAY)
    assert entry is not None
    assert entry["refused_members"] == [text]
    assert testx.run("course/course_structure", "course/auth_userprofile", partition=COURSE).success
    assert testx.run("course/student_courseenrollment", partition=OTHER).success


def test_what_a_refused_member_would_be_loaded_into_stays_as_it_was(
    testx: Institution, store: Store
) -> None:
    name = f"{PREFIX}-auth_user-prod-analytics.sql"
    testx.deliver_package("2014-02-02", members())
    sort(testx, "2014-02-02")
    assert testx.run("course/auth_user", partition=COURSE).success
    before = collection(store, "auth_user")
    zip_ = packed(testx, members())
    zips.with_broken_content(zip_, path_of(name))
    assert deliver(testx, zip_).success
    for _again in range(2):
        text = failure_text(testx.run("course/auth_user", partition=COURSE))
        assert f"{path_of(name)} is damaged in its package" in text
    assert collection(store, "auth_user") == before


def test_content_that_is_damaged_is_told_where_it_is_read_for_the_course(
    testx: Institution, store: Store
) -> None:
    damaged = f"{PREFIX}-course_structure-prod-analytics.json"
    zip_ = packed(testx, members() | {OTHER_FILE: rows(OTHER)})
    zips.with_broken_content(zip_, path_of(damaged))
    told = metadata(deliver(testx, zip_))
    assert told["courses"].value == 2  # the enrolments have the key as well
    assert f"{damaged}.gpg is damaged" in str(told["refused_members"].value)


def test_a_course_that_cannot_be_told_is_refused_alone(testx: Institution, store: Store) -> None:
    name = f"{PREFIX}-student_courseenrollment-prod-analytics.sql"
    zip_ = packed(testx, {name: rows(COURSE), OTHER_FILE: rows(OTHER)})
    zips.with_broken_content(zip_, path_of(name))
    text = failure_text(deliver(testx, zip_))
    assert f"the course of the files {PREFIX}-… cannot be told: {path_of(name)} is damaged" in text
    assert [entry["partition"] for entry in store.find(PACKAGE_COURSES, {})] == [OTHER]
    assert testx.instance.get_dynamic_partitions("courses") == [OTHER]
    assert deliver(testx, packed(testx, {name: rows(COURSE), OTHER_FILE: rows(OTHER)})).success
    assert store.count(PACKAGE_COURSES) == 2


def test_one_member_for_another_key_is_refused_alone(testx: Institution, store: Store) -> None:
    name = path_of("TestX-T101-2014-student_courseenrollment-prod-analytics.sql")
    good = {path_of(OTHER_FILE): testx.encrypted(rows(OTHER))}
    text = failure_text(deliver(testx, zips.zipped({name: b"no gpg"} | good)))
    assert f"{name}: it is not GPG data" in text
    assert [entry["partition"] for entry in store.find(PACKAGE_COURSES, {})] == [OTHER]


def test_two_groups_that_name_one_course_are_both_named_and_refused(
    testx: Institution, store: Store
) -> None:
    files = {
        f"TestX-{letter}-1-student_courseenrollment-prod-analytics.sql": rows(f"TestX/{course}/1")
        for letter, course in (("A", "B"), ("B", "B"), ("C", "C"))
    }
    text = failure_text(deliver(testx, packed(testx, files)))
    assert "course-v1:TestX+B+1 is the course of two groups of files" in text
    assert "TestX-A-1-… and TestX-B-1-…" in text
    [sorted_] = store.find(PACKAGE_COURSES, {})
    assert sorted_["partition"] == "course-v1:TestX+C+1"


@pytest.mark.parametrize("alike", [True, False])
def test_two_members_for_one_table_are_refused_unless_they_are_alike(
    testx: Institution, store: Store, alike: bool
) -> None:
    name = f"{PREFIX}-auth_user-prod-analytics.sql"
    content = {path_of(each): testx.encrypted(text) for each, text in members().items()}
    second = content[path_of(name)] if alike else testx.encrypted(b"id\tusername\n9\tzoe\n")
    result = deliver(testx, zips.zipped(content | {f"testx-{DAY}/ora/{name}.gpg": second}))
    assert result.success
    loaded = testx.run("course/auth_user", partition=COURSE)
    if alike:
        assert len(collection(store, "auth_user")) == 2
        return
    text = failure_text(loaded)
    assert f"{path_of(name)}, testx-{DAY}/ora/{name}.gpg: two different files" in text


def test_odd_paths_in_a_zip_lead_nowhere(testx: Institution, store: Store) -> None:
    content = testx.encrypted(rows(OTHER))
    other = "student_courseenrollment-prod-analytics.sql.gpg"
    paths = [
        f"/../../../..-{other}",
        f"C:\\x\\TestX-V1-2014-{other}",
        f"/abs/../TestX-U1-2014-{other}",
    ]
    paths += [
        f"x/{'y' * 300}-{other}",
        "X-Y-Z-..-prod-analytics.sql.gpg",
        f"a/b/c/d/{'..'}-{other}",
    ]
    zip_ = zips.zipped(dict.fromkeys(paths, content))
    outside = {path for path in testx.folder.rglob("*") if "files" not in path.parts}
    text = failure_text(deliver(testx, zip_))
    assert "TestX-U1-2014-… and TestX-V1-2014-…" in text
    entry = store.get(PACKAGES, DAY)
    assert entry is not None
    assert len(entry["not_of_a_course"]) == 4
    after = {path for path in testx.folder.rglob("*") if "files" not in path.parts}
    assert {path for path in after - outside if "course-data" not in str(path)} == set()


def test_a_member_that_nobody_foresaw_is_refused_by_name_and_alone(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_blocks(_content: bytes) -> None:
        raise KeyError("zoe_the_learner")

    monkeypatch.setattr(course_keys, "read_blocks", read_blocks)
    result = deliver(testx, packed(testx, members() | {OTHER_FILE: rows(OTHER)}))
    assert result.success
    told = metadata(result)
    assert told["courses"].value == 2
    text = str(told["refused_members"].value)
    assert text.startswith(f"testx-{DAY}/{PREFIX}-course_structure-prod-analytics.json.gpg: not fo")
    assert "KeyError at " in text
    assert "zoe" not in text
