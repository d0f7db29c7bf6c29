"""The doctor's checks of GnuPG: the keys, the passphrase, and whom edX really encrypts for."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edx_assets.cli.finding import Finding
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import Delivered
from edx_assets.resources.gnupg import (
    EXPIRY_WARNING,
    DecryptionError,
    Gnupg,
    key_expiry,
    key_ids,
    usable_until,
)

_HEAD = 4096  # bytes: what says whom a file is encrypted for comes first, 300 to 600 bytes a key


def gpg_findings(
    gnupg: Gnupg, buckets: Buckets, newest: Mapping[str, Delivered]
) -> Iterator[Finding]:
    """Check the keys, and hold them against each site's newest tracking log."""
    if shutil.which("gpg") is None:
        yield Finding("GPG", "failed", "no gpg on the PATH", "install GnuPG")
        return
    keys = gnupg.secret_keys()
    if not keys:
        yield Finding("GPG", "failed", "no secret key in EDX_GNUPG_HOME", "import it: gpg --import")
        return
    now = datetime.now(UTC)
    expiry = key_expiry(keys, now)
    for key in expiry.expired:  # edX can no longer encrypt for it
        ended = f"{_name(key)} expired {usable_until(key):%Y-%m-%d}"
        if expiry.good:
            yield Finding("GPG", "ok", f"{ended}; it still decrypts older files")
        else:
            yield Finding("GPG", "failed", ended, "extend it: gpg --edit-key")
    for key in expiry.good:
        end = usable_until(key)
        if end and end <= now + EXPIRY_WARNING:
            yield Finding(
                "GPG",
                "warning",
                f"{_name(key)} expires {end:%Y-%m-%d}",
                "extend it (gpg --edit-key) and send edX the public key",
            )
        else:
            until = f"expires {end:%Y-%m-%d}" if end else "never expires"
            yield Finding("GPG", "ok", f"{_name(key)} {until}")
        yield _decrypts(gnupg, _name(key), key["fingerprint"])
    for site, log in newest.items():
        yield _encrypted_for(
            gnupg, keys, f"the newest tracking log of {site}", buckets.head(log, _HEAD)
        )


def _name(key: dict[str, Any]) -> str:
    return f"secret key {key['keyid'][-16:]}"


def _decrypts(gnupg: Gnupg, name: str, fingerprint: str) -> Finding:
    sample = gnupg.open().encrypt(b"edx", fingerprint, always_trust=True, armor=False)
    if not sample.ok:
        return Finding(
            "GPG",
            "failed",
            f"nothing can be encrypted for {name}",
            "make a key with an encryption subkey",
        )
    gnupg.forget_passphrases()
    with TemporaryDirectory() as folder:
        try:
            gnupg.decrypt(BytesIO(bytes(sample.data)), Path(folder) / "sample")
        except DecryptionError as error:
            return Finding("GPG", "failed", f"{name}: {error.cause}", error.remedy)
    return Finding("GPG", "ok", f"{name} decrypts with the passphrase")


def _encrypted_for(gnupg: Gnupg, keys: list[dict[str, Any]], what: str, head: bytes) -> Finding:
    recipients = gnupg.recipients(head)
    if not recipients:
        return Finding("GPG", "warning", f"{what} is not GPG data", "ask edX for it again")
    named = ", ".join(recipients)
    if set(recipients) & key_ids(keys):
        return Finding("GPG", "ok", f"{what} is for key {named}, which is among your secret keys")
    if not any(key.strip("0") for key in recipients):
        return Finding("GPG", "ok", f"{what} does not say for which key it is")
    return Finding(
        "GPG",
        "failed",
        f"{what} is for key {named}, which is not among your secret keys",
        "import that secret key into EDX_GNUPG_HOME (gpg --import), or send edX the public key of"
        " yours",
    )
