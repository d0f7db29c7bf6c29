"""The doctor on GnuPG: keys, and for whom the newest files are."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from edx_assets.cli.doctor_gpg import gpg_findings
from edx_assets.cli.finding import Finding
from edx_assets.resources.delivered import Delivered
from edx_assets.resources.gnupg import Gnupg
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.homes import gnupg_home, gpg, new_key

NOWHERE = Delivery(None, "http://127.0.0.1:1", "events", "packages")


def look(
    home: str, delivery: Delivery = NOWHERE, newest: dict[str, Delivered] | None = None
) -> list[Finding]:
    return list(gpg_findings(Gnupg(home=home), delivery.buckets(), newest or {}))


def failed(findings: list[Finding]) -> str:
    """The text and the remedy of the only failure."""
    [found] = [finding for finding in findings if finding.state == "failed"]
    return f"{found.found} -> {found.remedy}"


def of(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(found.state, found.found) for found in findings]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty GnuPG home."""
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", PASSPHRASE)
    with gnupg_home() as made:
        yield made


def test_no_secret_key(home: str) -> None:
    assert failed(look(home)) == ("no secret key in EDX_GNUPG_HOME -> import it: gpg --import")


def test_a_key_that_expires_soon(home: str) -> None:
    fingerprint = new_key(home, PASSPHRASE, expires="10d")
    findings = look(home)
    expires = datetime.now(UTC).date() + timedelta(days=10)
    (state, found), decrypts = of(findings)
    assert (state, found[:28]) == ("warning", f"secret key {fingerprint[-16:]} ")
    assert date.fromisoformat(found[-10:]) in (expires, expires - timedelta(days=1))
    assert decrypts[0] == "ok"
    [remedy] = [finding.remedy for finding in findings if finding.found == found]
    assert "gpg --edit-key" in remedy


def test_a_key_that_expires_late(home: str) -> None:
    new_key(home, PASSPHRASE, expires="400d")
    assert [state for state, _found in of(look(home))] == ["ok", "ok"]


def test_an_expired_key_beside_a_good_one(home: str) -> None:
    expired = new_key(home, PASSPHRASE, expires="seconds=1")
    new_key(home, PASSPHRASE)
    time.sleep(1.2)
    findings = of(look(home))
    assert [state for state, _found in findings] == ["ok", "ok", "ok"]
    assert findings[0][1].startswith(f"secret key {expired[-16:]} expired ")
    assert findings[0][1].endswith("; it still decrypts older files")


def test_an_expired_key_alone(home: str) -> None:
    expired = new_key(home, PASSPHRASE, expires="seconds=1")
    time.sleep(1.2)
    told = failed(look(home))
    assert told.startswith(f"secret key {expired[-16:]} expired ")
    assert told.endswith("-> extend it: gpg --edit-key")


def test_a_subkey_that_expires_before_its_key(home: str) -> None:
    """Extending a key leaves its subkeys as they are, and those are what edX encrypts for."""
    fingerprint = new_key(home, PASSPHRASE, encrypts=False)
    gpg(home, PASSPHRASE, "--quick-add-key", fingerprint, "cv25519", "encrypt", "10d")
    assert [state for state, _found in of(look(home))] == ["warning", "ok"]
    gpg(home, PASSPHRASE, "--quick-add-key", fingerprint, "cv25519", "encrypt", "400d")
    assert [state for state, _found in of(look(home))] == ["ok", "ok"]


def test_a_key_that_does_not_encrypt(home: str) -> None:
    new_key(home, PASSPHRASE, encrypts=False)
    assert "nothing can be encrypted for secret key" in failed(look(home))


@pytest.mark.parametrize("size", [100, 100_000])
def test_the_newest_log_is_for_a_key_that_is_not_there(
    home: str, key: Any, delivery: Delivery, size: int
) -> None:
    new_key(home, PASSPHRASE)
    content = bytes(range(256)) * (size // 256 + 1)
    sent = key[0].encrypt(content, key[1], armor=False, always_trust=True).data
    told = failed(look(home, delivery, {"edx": delivery.put("a.log.gz.gpg", sent)}))
    [subkey] = [key[1][-16:]]
    assert told.startswith(
        f"the newest tracking log of edx is for key {subkey}, which is not among your secret keys"
    )
    assert "EDX_GNUPG_HOME" in told


def test_the_newest_log_is_for_a_subkey(home: str, delivery: Delivery) -> None:
    fingerprint = new_key(home, PASSPHRASE)
    sent = Gnupg(home=home).open().encrypt(b"x", fingerprint, armor=False, always_trust=True).data
    *_keys, (state, found) = of(look(home, delivery, {"edge": delivery.put("a.gpg", sent)}))
    assert state == "ok"
    assert fingerprint[-16:] not in found
    assert found.endswith("which is among your secret keys")


@pytest.mark.parametrize("content", [b"", b"x", b"<html>"])
def test_the_newest_log_is_no_gpg_data(home: str, delivery: Delivery, content: bytes) -> None:
    new_key(home, PASSPHRASE)
    *_keys, last = of(look(home, delivery, {"edx": delivery.put("a.gpg", content)}))
    assert last == ("warning", "the newest tracking log of edx is not GPG data")


def test_a_hidden_recipient(home: str, delivery: Delivery) -> None:
    fingerprint = new_key(home, PASSPHRASE)
    made = (
        Gnupg(home=home)
        .open()
        .encrypt(b"x", fingerprint, armor=False, always_trust=True, extra_args=["--throw-keyids"])
    )
    *_keys, last = of(look(home, delivery, {"edx": delivery.put("a.gpg", made.data)}))
    assert last == ("ok", "the newest tracking log of edx does not say for which key it is")
