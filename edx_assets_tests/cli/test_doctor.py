"""The doctor: what is wrong is found with a remedy, and stops no other check."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edx_assets.cli.doctor import Finding, diagnose
from edx_assets.definitions import build_resources
from edx_assets.local.embedded_store import embedded_store
from edx_assets.resources import mongo
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.homes import gnupg_home, gpg, new_key

SUBJECTS = ["S3", "GPG", "MongoDB", "storage", "courses file"]
COURSES = "courses:\n  - course_key: course-v1:McGillX+CHEM181x+1T2014\n"

Doctor = Callable[[], list[Finding]]


@pytest.fixture(scope="module")
def one_mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store for what is not about the store."""
    with embedded_store(tmp_path_factory.mktemp("mongo")) as uri:
        yield uri


@pytest.fixture
def doctor(
    delivery: Delivery,
    key: Any,
    one_mongo_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Doctor:
    """The doctor of an institution where all is well, but for what a test changes."""
    log = "mcgillx/{site}/events/2014/mcgillx-{site}-events-2014-03-0{day}.log.gz.gpg"
    for site, day in (("edx", 1), ("edx", 9), ("edge", 2)):
        delivery.put(log.format(site=site, day=day))
    delivery.put_package("mcgillx-2014-03-02.zip")
    (tmp_path / "courses.yaml").write_text(COURSES)
    for name, value in {
        "EDX_ORG": "McGillX",
        "EDX_EVENTS_BUCKET": delivery.events,
        "EDX_PACKAGES_BUCKET": delivery.packages,
        "EDX_S3_ENDPOINT_URL": delivery.endpoint,
        "EDX_STORAGE": str(tmp_path / "storage"),
        "EDX_GNUPG_HOME": key[0].gnupghome,
        "EDX_GPG_PASSPHRASE": PASSPHRASE,
        "EDX_MONGO_URI": one_mongo_uri,
        "EDX_COURSES_FILE": str(tmp_path / "courses.yaml"),
    }.items():
        monkeypatch.setenv(name, value)
    return examine


def examine() -> list[Finding]:
    settings = load_settings()
    resources = build_resources(settings)
    findings = list(
        diagnose(
            settings,
            resources["buckets"],
            resources["gnupg"],
            resources["storage"],
            resources["mongo"].store,
        )
    )
    assert list(dict.fromkeys(finding.subject for finding in findings)) == SUBJECTS
    for finding in findings:
        assert PASSPHRASE not in f"{finding}"
        assert "None" not in finding.found
    return findings


def failed(findings: list[Finding], subject: str) -> str:
    """The text and the remedy of the only failure, which is of the subject."""
    [found] = [finding for finding in findings if finding.state == "failed"]
    assert found.subject == subject
    return f"{found.found} -> {found.remedy}"


def of(findings: list[Finding], subject: str) -> list[tuple[str, str]]:
    return [(found.state, found.found) for found in findings if found.subject == subject]


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
    (state, for_ever), decrypts = of(findings, "GPG")
    assert state == "ok"
    assert for_ever.endswith(" never expires")
    assert decrypts == ("ok", for_ever.replace("never expires", "decrypts with the passphrase"))
    reached, writes, replaces = of(findings, "MongoDB")
    assert reached == ("ok", f"reached, version {store.version()}")
    assert writes == ("ok", "writes, reads and deletes")
    assert replaces[0] == "ok"
    assert of(findings, "storage")[0] == ("ok", f"{tmp_path / 'storage'} can be written to")
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
    assert states == dict.fromkeys(SUBJECTS[:4], "failed") | {"courses file": "ok"}
    assert all(finding.remedy for finding in findings if finding.state == "failed")


@pytest.mark.parametrize(
    ("name", "value", "subject", "words"),
    [
        ("EDX_ORG", "MITx", "S3", ["no folder of the institution MITx", "correct EDX_ORG"]),
        ("EDX_EVENTS_BUCKET", "not-there", "S3", ["NoSuchBucket", "check EDX_ORG, the bucket"]),
        ("EDX_PACKAGES_BUCKET", "not-there", "S3", ["s3://not-there/", "NoSuchBucket", "check"]),
        ("EDX_GNUPG_HOME", "/nowhere", "GPG", ["/nowhere", "correct the setting"]),
        ("EDX_GPG_PASSPHRASE", "wrong", "GPG", ["passphrase does not fit", "EDX_GPG_PASSPHRASE"]),
        ("EDX_MONGO_URI", "mongodb://", "MongoDB", ["not a connection string", "EDX_MONGO_URI"]),
        ("EDX_MONGO_URI", "mongodb://127.0.0.1:1", "MongoDB", ["ServerSelection", "check EDX"]),
        ("EDX_STORAGE", "/proc/storage", "storage", ["/proc/storage", "correct the setting"]),
        ("EDX_COURSES_FILE", "/nowhere", "courses file", ["/nowhere", "correct the setting"]),
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
    assert told.startswith("No such file or directory: /nowhere/passphrase -> correct")


@pytest.mark.parametrize("content", ["courses: [", "courses:\n  - course_key: x\n", "\udcff"])
def test_a_courses_file_that_cannot_be_used(doctor: Doctor, tmp_path: Path, content: str) -> None:
    (tmp_path / "courses.yaml").write_text(content, errors="surrogateescape")
    assert failed(doctor(), "courses file")


def test_a_storage_that_is_open_to_others(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage").chmod(0o755)
    assert f"chmod 700 {tmp_path / 'storage'}" in failed(doctor(), "storage")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty GnuPG home, which the setting names."""
    with gnupg_home() as made:
        monkeypatch.setenv("EDX_GNUPG_HOME", made)
        yield made


def test_no_secret_key(doctor: Doctor, home: str) -> None:
    assert failed(doctor(), "GPG") == ("no secret key in EDX_GNUPG_HOME -> import it: gpg --import")


def test_a_key_that_expires_soon(doctor: Doctor, home: str) -> None:
    fingerprint = new_key(home, PASSPHRASE, expires="10d")
    findings = doctor()
    expires = datetime.now(UTC).date() + timedelta(days=10)
    (state, found), decrypts = of(findings, "GPG")
    assert (state, found[:28]) == ("warning", f"secret key {fingerprint[-16:]} ")
    assert date.fromisoformat(found[-10:]) in (expires, expires - timedelta(days=1))
    assert decrypts[0] == "ok"
    [remedy] = [finding.remedy for finding in findings if finding.found == found]
    assert "gpg --edit-key" in remedy


def test_a_key_that_expires_late(doctor: Doctor, home: str) -> None:
    new_key(home, PASSPHRASE, expires="400d")
    assert [state for state, _found in of(doctor(), "GPG")] == ["ok", "ok"]


def test_an_expired_key_beside_a_good_one(doctor: Doctor, home: str) -> None:
    expired = new_key(home, PASSPHRASE, expires="seconds=1")
    new_key(home, PASSPHRASE)
    time.sleep(1.2)
    findings = of(doctor(), "GPG")
    assert [state for state, _found in findings] == ["ok", "ok", "ok"]
    assert findings[0][1].startswith(f"secret key {expired[-16:]} expired ")
    assert findings[0][1].endswith("; it still decrypts what came before")


def test_an_expired_key_alone(doctor: Doctor, home: str) -> None:
    expired = new_key(home, PASSPHRASE, expires="seconds=1")
    time.sleep(1.2)
    told = failed(doctor(), "GPG")
    assert told.startswith(f"secret key {expired[-16:]} expired ")
    assert told.endswith("-> extend it: gpg --edit-key")


def test_a_subkey_that_expires_before_its_key(doctor: Doctor, home: str) -> None:
    """Extending a key leaves its subkeys as they are, and those are what edX encrypts for."""
    fingerprint = new_key(home, PASSPHRASE, encrypts=False)
    gpg(home, PASSPHRASE, "--quick-add-key", fingerprint, "cv25519", "encrypt", "10d")
    assert [state for state, _found in of(doctor(), "GPG")] == ["warning", "ok"]
    gpg(home, PASSPHRASE, "--quick-add-key", fingerprint, "cv25519", "encrypt", "400d")
    assert [state for state, _found in of(doctor(), "GPG")] == ["ok", "ok"]


def test_a_key_that_does_not_encrypt(doctor: Doctor, home: str) -> None:
    new_key(home, PASSPHRASE, encrypts=False)
    assert "nothing can be encrypted for secret key" in failed(doctor(), "GPG")


def test_the_check_writes_nothing_readable(doctor: Doctor, tmp_path: Path, key: Any) -> None:
    doctor()
    assert list((tmp_path / "storage").iterdir()) == []
    content = key[0].encrypt(b"edx", key[1], armor=False, always_trust=True).data
    Gnupg(home=key[0].gnupghome).decrypt(io.BytesIO(content), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == b"edx"
