"""Packages that the settings do not keep: removed with their members, unless they are needed."""

import fcntl

import pytest

from edx_assets.loading.ledger import PACKAGES
from edx_assets.resources.store import Store
from edx_assets_tests.institution import PACKAGES as BUCKET
from edx_assets_tests.institution import Institution, failure_text
from edx_assets_tests.loading.courses.course_package import COURSE, members
from edx_assets_tests.loading.kept.tidied import age, there, tidied

FEW = members(
    auth_user=None,
    auth_userprofile=None,
    certificates_generatedcertificate=None,
    student_courseenrollment=None,
)
STAGES = ("packages/database_package", "packages/course_files")
LOADED = ("course/course_structure", "course/forum")
DAYS = ("2014-02-09", "2014-02-16", "2014-02-23")


def zips(testx: Institution) -> set[str]:
    return {key for key in there(testx) if key.endswith(".zip")}


def whole(*days: str) -> set[str]:
    return {f"packages/{day}/package.zip" for day in days}


@pytest.fixture
def sorted_(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> Institution:
    """An institution with three packages of one course, sorted and loaded days ago; one is kept."""
    monkeypatch.setenv("EDX_KEEP_PACKAGES", "1")
    for day in DAYS:
        testx.deliver_package(day, FEW)
    testx.deliver_opt_in(DAYS[0], b"email\n")
    assert testx.run("packages/delivered").success
    for day in DAYS:
        assert testx.run(*STAGES, partition=day).success
    age(testx, days=3)
    return testx


def test_the_newest_stay_and_the_others_go_with_all_that_was_decrypted(
    sorted_: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sorted_.run(*LOADED, partition=COURSE).success
    before = there(sorted_)
    monkeypatch.setenv("EDX_KEEP_PACKAGES", "2")
    told = tidied(sorted_)
    assert zips(sorted_) == whole(*DAYS[1:])
    of_first = {key for key in before if key.startswith(f"packages/{DAYS[0]}/")}
    assert there(sorted_) == before - of_first
    assert told["removed_by_kind"]["packages"]["files"] == 2
    assert told["removed_by_kind"]["decrypted_members"]["files"] == len(of_first) - 2 > 0
    monkeypatch.setenv("EDX_KEEP_PACKAGES", "3")
    assert tidied(sorted_)["removed_files"] == 0
    notes = [path.name for path in (sorted_.folder / f"files/packages/{DAYS[0]}").rglob("*.json")]
    assert notes == ["raw.json"]


def test_a_removed_package_is_made_again(sorted_: Institution) -> None:
    tidied(sorted_)
    assert zips(sorted_) == whole(DAYS[2])
    older = {"course__forum": {"config": {"package": DAYS[1]}}}
    text = failure_text(sorted_.run("course/forum", partition=COURSE, config=older))
    assert f"materialize packages/database_package for {DAYS[1]} again" in text
    rebuilt = {"packages__course_files": {"config": {"rebuild": True}}}
    text = failure_text(sorted_.run("packages/course_files", partition=DAYS[1], config=rebuilt))
    assert f"materialize packages/database_package for {DAYS[1]} again" in text
    assert sorted_.run("packages/course_files", partition=DAYS[1]).success  # sorted as it is
    assert sorted_.run(*STAGES, partition=DAYS[1]).success
    assert zips(sorted_) == whole(*DAYS[1:])
    assert sorted_.run("course/forum", partition=COURSE, config=older).success
    told = tidied(sorted_)  # it has just been used
    assert told["kept_though_old"] == {"packages: in use": 1}
    assert zips(sorted_) == whole(*DAYS[1:])


def test_the_newest_of_a_course_is_kept(sorted_: Institution) -> None:
    other = {
        name.replace("T101", "T202"): content.replace(b"T101", b"T202")
        for name, content in FEW.items()
    }
    sorted_.deliver_package(DAYS[0], FEW | other)
    assert sorted_.run(*STAGES, partition=DAYS[0]).success
    age(sorted_, days=3)
    told = tidied(sorted_)
    assert zips(sorted_) >= whole(DAYS[0], DAYS[2])
    assert told["kept_though_old"] == {"packages: the newest of a course": 2}


def test_what_is_not_sorted_or_not_on_s3_or_in_use_is_kept(
    sorted_: Institution, store: Store
) -> None:
    entry = store.get(PACKAGES, DAYS[0])
    assert entry is not None
    store.put(PACKAGES, entry | {"state": "sorting"})
    sorted_.s3.delete_object(Bucket=BUCKET, Key=f"testx-{DAYS[1]}.zip")
    told = tidied(sorted_)
    assert told["kept_though_old"] == {"packages: not sorted": 2, "packages: not on S3": 1}
    store.put(PACKAGES, entry)
    with (sorted_.folder / f"files/packages/{DAYS[0]}/package.zip").open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        told = tidied(sorted_)
    assert told["kept_though_old"] == {"packages: in use": 1, "packages: not on S3": 1}
    assert told["removed_files"] == 0
    sorted_.deliver_package(DAYS[0], FEW | {"x.txt": b""})  # a newer one, which is not loaded
    assert tidied(sorted_)["kept_though_old"]["packages: not sorted"] == 2
    assert zips(sorted_) >= whole(*DAYS)


def test_a_package_is_downloaded_again_if_only_its_opt_in_list_is_gone(
    sorted_: Institution,
) -> None:
    opt_in = sorted_.folder / f"files/packages/{DAYS[0]}/email_opt_in.zip"
    opt_in.unlink()
    assert sorted_.run("packages/database_package", partition=DAYS[0]).success
    assert opt_in.exists()


def test_decrypted_members_go_and_are_decrypted_again(
    sorted_: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDX_KEEP_PACKAGES")
    monkeypatch.setenv("EDX_KEEP_DECRYPTED_DAYS", "2")
    assert sorted_.run(*LOADED, partition=COURSE).success
    used = {key for key in there(sorted_) if DAYS[2] in key}
    tidied(sorted_)  # those of the newest package have just been used
    assert there(sorted_) == used | zips(sorted_)
    age(sorted_, days=3)
    tidied(sorted_)
    assert there(sorted_) == zips(sorted_)
    assert len(zips(sorted_)) == 4
    assert sorted_.run(*LOADED, partition=COURSE).success  # nothing has changed
    assert there(sorted_) == zips(sorted_)
    rebuilt = {"course__forum": {"config": {"rebuild": True}}}
    assert sorted_.run("course/forum", partition=COURSE, config=rebuilt).success
    assert len(there(sorted_)) == 5
