"""The doctor: what is wrong is found with a remedy, and stops no other check."""

from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from edx_assets.resources import mongo
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings
from edx_assets_tests.cli.doctored import SUBJECTS, Doctor, examine, failed, of


def test_all_is_well(
    doctor: Doctor,
    store: Store,
    empty_mongo_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDX_MONGO_URI", empty_mongo_uri)
    findings = doctor()
    assert not [finding for finding in findings if finding.state == "failed"]
    assert of(findings, "S3") == [
        ("ok", "tracking logs of edx: newest 2014-03-09"),
        ("ok", "tracking logs of edge: newest 2014-03-02"),
        ("ok", "1 database packages, newest 2014-03-02"),
    ]
    (state, for_ever), decrypts, *logs = of(findings, "GPG")
    assert state == "ok"
    assert for_ever.endswith(" never expires")
    assert decrypts == ("ok", for_ever.replace("never expires", "decrypts with the passphrase"))
    for site, log in zip(("edx", "edge"), logs, strict=True):
        assert log == (
            "ok",
            f"the newest tracking log of {site} is for key {for_ever.split()[2]}, which is among"
            " your secret keys",
        )
    assert of(findings, "MongoDB") == [
        ("ok", f"connected, version {store.version()}"),
        ("ok", "names of databases have no prefix (EDX_DATABASE_PREFIX)"),
        ("ok", "writes, reads and deletes in tracking_logs"),
        ("ok", "replaces a collection in one step in tracking_logs"),
        ("ok", "writes, reads and deletes in a new database, as a course has"),
        ("ok", "replaces a collection in one step in a new database, as a course has"),
    ]
    assert of(findings, "storage") == [
        ("ok", f"{tmp_path / 'storage'} does not exist yet: the first run makes it")
    ]
    assert of(findings, "courses file") == [("ok", "1 courses")]


def test_an_empty_institution(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_COURSES_FILE", "")
    monkeypatch.setenv("EDX_PACKAGES_BUCKET", load_settings().events_bucket)
    findings = doctor()
    assert ("warning", "0 database packages") in of(findings, "S3")
    assert of(findings, "courses file")[0][0] == "ok"


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("EDX_ORG", "S3"),
        ("EDX_GNUPG_HOME", "GPG"),
        ("EDX_GPG_PASSPHRASE", "GPG"),
        ("EDX_MONGO_URI", "MongoDB"),
        ("EDX_STORAGE", "storage"),
    ],
)
def test_a_missing_setting(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, name: str, subject: str
) -> None:
    monkeypatch.delenv(name)
    assert f"{name} is not set" in failed(doctor(), subject)


def test_nothing_is_set_at_all() -> None:
    findings = examine()
    states = {finding.subject: finding.state for finding in findings}
    failing = dict.fromkeys(SUBJECTS, "failed")
    fine = ("courses file", "places", "own datasets", "settings")
    assert states == failing | dict.fromkeys(fine, "ok")
    assert all(finding.remedy for finding in findings if finding.state == "failed")


@pytest.mark.parametrize(
    ("name", "value", "subject", "words"),
    [
        ("EDX_ORG", "MITx", "S3", ["no folder for the institution MITx", "correct EDX_ORG"]),
        ("EDX_EVENTS_BUCKET", "not-there", "S3", ["NoSuchBucket", "check EDX_ORG, the bucket"]),
        ("EDX_PACKAGES_BUCKET", "not-there", "S3", ["s3://not-there/", "NoSuchBucket", "check"]),
        ("EDX_GNUPG_HOME", "/nowhere", "GPG", ["EDX_GNUPG_HOME: /nowhere does not exist"]),
        ("EDX_GPG_PASSPHRASE", "wrong", "GPG", ["passphrase does not fit", "EDX_GPG_PASSPHRASE"]),
        ("EDX_MONGO_URI", "mongodb://", "MongoDB", ["not a connection string", "EDX_MONGO_URI"]),
        ("EDX_MONGO_URI", "mongodb://127.0.0.1:1", "MongoDB", ["nothing listens", "check EDX"]),
        ("EDX_STORAGE", "/proc/storage", "storage", ["EDX_STORAGE: /proc/storage", "correct the"]),
        ("EDX_STORAGE", "/proc/version/x", "storage", ["EDX_STORAGE: /proc/version/x", "a file"]),
        ("EDX_COURSES_FILE", "/nowhere", "courses file", ["EDX_COURSES_FILE: /nowhere", "correct"]),
        ("EDX_COURSES_FILE", "/proc", "courses file", ["EDX_COURSES_FILE: /proc", "directory"]),
        (
            "EDX_GEOIP_DB",
            "/nowhere",
            "places",
            ["EDX_GEOIP_DB: /nowhere cannot be read", "correct"],
        ),
        ("EDX_DATASETS", "/nowhere", "own datasets", ["/nowhere does not exist", "correct"]),
        ("EDX_GEOIP_DB", "/proc/version", "places", ["is damaged or no MaxMind database"]),
        ("EDX_S3_ENDPOINT_URL", "127.0.0.1:9000", "S3", ["EDX_S3_ENDPOINT_URL", "http://"]),
        ("EDX_EVENTS_BUCKET", "s3://events", "S3", ["EDX_EVENTS_BUCKET", "the name alone"]),
        ("EDX_START_DATE", "2.9.2012", "settings", ["EDX_START_DATE", "YYYY-MM-DD"]),
        ("EDX_END_DATE", "2012-08-31", "settings", ["EDX_END_DATE", "before EDX_START_DATE"]),
        ("EDX_AUTOMATION", "sure", "settings", ["EDX_AUTOMATION", "true nor false"]),
        ("EDX_NOTICE_WEBHOOK", "chat/hook", "settings", ["EDX_NOTICE_WEBHOOK", "https://"]),
        ("EDX_UI_URL", "dagster", "settings", ["EDX_UI_URL", "https://"]),
        ("EDX_MONGO_URI", "mongodb://u:a/b@h", "MongoDB", ["EDX_MONGO_URI", "percent-encode"]),
        ("EDX_COURSES_FILE", "/proc/version", "courses file", ["no list `courses:`"]),
        ("PATH", "/nowhere", "GPG", ["no gpg on the PATH", "install"]),
    ],
)
def test_what_is_wrong_has_a_remedy(
    doctor: Doctor,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    subject: str,
    words: list[str],
) -> None:
    monkeypatch.setattr(mongo, "_PATIENCE_MS", 100)
    monkeypatch.setenv(name, value)
    told = failed(doctor(), subject)
    for word in words:
        assert word in told


def test_everything_is_wrong(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo, "_PATIENCE_MS", 100)
    for name, value in {
        "EDX_EVENTS_BUCKET": "not-there",
        "EDX_GPG_PASSPHRASE": "wrong",
        "EDX_MONGO_URI": "mongodb://127.0.0.1:1",
        "EDX_STORAGE": "/proc/storage",
        "EDX_COURSES_FILE": "/nowhere",
        "EDX_DATASETS": "/nowhere",
        "EDX_GEOIP_DB": "/nowhere",
        "EDX_START_DATE": "soon",
    }.items():
        monkeypatch.setenv(name, value)
    wrong = [finding.subject for finding in doctor() if finding.state == "failed"]
    assert wrong == SUBJECTS


def test_a_wrong_passphrase_after_the_right_one(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gpg's agent remembers the right one, and would go on decrypting for some time."""
    assert not [finding for finding in doctor() if finding.state == "failed"]
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", "wrong")
    assert "the passphrase does not fit" in failed(doctor(), "GPG")


def test_a_passphrase_file_that_is_not_there(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDX_GPG_PASSPHRASE")
    monkeypatch.setenv("EDX_GPG_PASSPHRASE_FILE", "/nowhere/passphrase")
    told = failed(doctor(), "GPG")
    assert "EDX_GPG_PASSPHRASE_FILE: /nowhere/passphrase cannot be read (No such file" in told


@pytest.mark.parametrize("content", ["courses: [", "courses:\n  - course_key: x\n", "\udcff"])
def test_a_courses_file_that_cannot_be_used(doctor: Doctor, tmp_path: Path, content: str) -> None:
    (tmp_path / "courses.yaml").write_text(content, errors="surrogateescape")
    assert failed(doctor(), "courses file")


def test_a_misspelt_setting(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_STORGE", "/srv/edx")
    findings = doctor()
    assert ("warning", "EDX_STORGE is no setting: is EDX_STORAGE meant?") in of(
        findings, "settings"
    )
    assert not [finding for finding in findings if finding.state == "failed"]


def test_a_storage_that_is_open_to_others(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage").chmod(0o755)
    assert f"chmod 700 {tmp_path / 'storage'}" in failed(doctor(), "storage")


def test_the_storage_is_told_by_kind_and_little_space_beside_it(
    doctor: Doctor, tmp_path: Path
) -> None:
    package = tmp_path / "storage/packages/2014-02-09/package.zip"
    package.parent.mkdir(parents=True)
    (tmp_path / "storage").chmod(0o700)
    with package.open("wb") as file:
        file.truncate(8 * 2**40)  # it takes no room, but counts
    _writable, kept, free = of(doctor(), "storage")
    assert kept == ("ok", "keeps 8,192.0 GiB (packages 8,192.0 GiB)")
    assert free[0] == "warning"
    assert "less than 819.2 GiB, 20 GiB or a tenth of what is kept" in free[1]


def test_the_check_leaves_nothing_behind(doctor: Doctor, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with MongoClient[dict[str, Any]](str(load_settings().mongo_uri.get_secret_value())) as client:  # type: ignore[union-attr]
        databases = client.list_database_names()
        doctor()
        assert set(client.list_database_names()) - {*databases} <= {"tracking_logs"}
        assert client["tracking_logs"].list_collection_names() == []
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "storage").mkdir(mode=0o700)
    assert of(doctor(), "storage")[0] == ("ok", f"{tmp_path / 'storage'} is writable")
    assert list((tmp_path / "storage").iterdir()) == []
