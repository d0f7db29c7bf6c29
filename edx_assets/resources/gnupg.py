"""GnuPG: decrypting edX's files, explaining failures, and the expiry of keys."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import gnupg
from dagster import ConfigurableResource
from pydantic import PrivateAttr

from edx_assets.errors import FinalError
from edx_assets.settings import MissingSettingError, existing_folder, load_settings, passphrase

EXPIRY_WARNING = timedelta(days=60)
"""When to warn before a key expires: edX has taken weeks to install a new or extended key."""

_CORRECT_IT = "correct EDX_GPG_PASSPHRASE or EDX_GPG_PASSPHRASE_FILE"
_DOWNLOAD_AGAIN = "download it again; if that does not help, ask edX for it"
_CUT = ("it is cut short or damaged", _DOWNLOAD_AGAIN)
_CAUSES = [
    # the key was right: whatever else gpg says is about the bytes after the damage
    (r"DECRYPTION_INFO", *_CUT),
    (
        r"(BAD|MISSING|NEED)_PASSPHRASE|(bad|no) passphrase|Operation cancelled",
        "the passphrase does not fit the secret key",
        _CORRECT_IT,
    ),
    (  # not gpg's words "No secret key": damaged files and wrong passphrases produce them as well
        r"NO_SECKEY",
        "it is encrypted for another key",
        "import the secret key whose public part edX has (gpg --import), or ask edX to encrypt"
        " for yours",
    ),
    (
        r"NODATA|no valid openpgp data|UNEXPECTED",
        "it is not GPG data",
        _DOWNLOAD_AGAIN,
    ),
]


class DecryptionError(FinalError):
    """A file cannot be decrypted. The message names the cause and the remedy, not the content."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}: {remedy}")
        self.cause = cause
        self.remedy = remedy


class Gnupg(ConfigurableResource[Any]):
    """The GnuPG home with the institution's secret key; the passphrase comes from the settings."""

    home: str | None = None
    _gpg: gnupg.GPG | None = PrivateAttr(default=None)

    def decrypt(self, source: Path | IO[bytes], target: Path) -> None:
        """Decrypt a file or a stream of bytes into the file `target` (0600).

        An empty passphrase is for a key without a passphrase.

        Raises:
            DecryptionError: not GPG data, encrypted for another key, cut short, or a passphrase
                that does not fit; `target` may then be incomplete and must be deleted.
            MissingSettingError: no home or no passphrase is set.
        """
        gpg = self.open()
        # python-gnupg writes Latin-1, but the terminal where the key was made has written UTF-8
        secret = passphrase(load_settings()).encode().decode(gpg.encoding)
        if not gpg.is_valid_passphrase(secret):
            raise DecryptionError("the passphrase has more than one line", _CORRECT_IT)
        target.touch(mode=0o600)  # gpg would follow the umask
        target.chmod(0o600)
        arguments = ["--batch", "--no-tty", "--pinentry-mode", "loopback", "--yes"]
        with source.open("rb") if isinstance(source, Path) else nullcontext(source) as stream:
            result = gpg.decrypt_file(
                stream, passphrase=secret or None, output=str(target), extra_args=arguments
            )
        if not result.ok:
            raise DecryptionError(*_explain(f"{result.status} {result.stderr}"))

    def secret_keys(self) -> list[dict[str, Any]]:
        """The secret keys in the home as python-gnupg lists them (`keyid`, `expires`, `uids`).

        Raises:
            MissingSettingError: EDX_GNUPG_HOME is not set.
        """
        return list(self.open().list_keys(secret=True))

    def recipients(self, head: bytes) -> list[str]:
        """The ids of the keys that a file is encrypted for, from its first bytes.

        Nothing is decrypted. None: it is not GPG data. An id of zeros: the recipient is hidden.
        """
        home = str(self.open().gnupghome)
        listed = subprocess.run(
            ["gpg", "--homedir", home, "--batch", "--no-tty", "--list-only", "--list-packets"],
            input=head,
            env=os.environ | {"LC_ALL": "C"},
            check=False,  # the file goes on after its first bytes
            capture_output=True,
        )
        found = re.findall(
            rb"^:pubkey enc packet:.*keyid ([0-9A-F]{16})", listed.stdout, re.MULTILINE
        )
        return [keyid.decode() for keyid in found]

    def open(self) -> gnupg.GPG:
        """The gpg program with this home.

        Raises:
            MissingSettingError: EDX_GNUPG_HOME is not set.
            InvalidSettingError: the home is not a folder that exists.
            OSError: gpg is not installed.
        """
        if not self.home:
            raise MissingSettingError("gnupg_home")
        folder = existing_folder("gnupg_home", self.home)
        if self._gpg is None:  # making one starts a process, to ask gpg for its version
            self._gpg = gnupg.GPG(
                gnupghome=str(folder),
                env=os.environ | {"LC_ALL": "C"},  # its messages are parsed, in English
            )
        return self._gpg

    def forget_passphrases(self) -> None:
        """Make gpg's agent forget its passphrases.

        It keeps a right one for some time; until then a wrong one would appear to be right.
        """
        home = str(self.open().gnupghome)
        command = ["gpgconf", "--homedir", home, "--reload", "gpg-agent"]
        subprocess.run(command, check=False, capture_output=True)


@dataclass(frozen=True)
class KeyExpiry:
    """Which secret keys edX can still encrypt for, and for how long.

    `first_end` is when the first of the good keys expires, None if none does. An expired key is not
    a problem if there is a good one: it still decrypts what was delivered before.
    """

    good: list[dict[str, Any]]
    expired: list[dict[str, Any]]
    first_end: datetime | None
    soon: bool


def key_expiry(keys: Iterable[dict[str, Any]], now: datetime) -> KeyExpiry:
    """The expiry of secret keys, as listed by `secret_keys`."""
    ends = [(key, usable_until(key)) for key in keys]
    good = [(key, end) for key, end in ends if end is None or end > now]
    first_end = min((end for _key, end in good if end), default=None)
    return KeyExpiry(
        good=[key for key, _end in good],
        expired=[key for key, end in ends if end and end <= now],
        first_end=first_end,
        soon=first_end is not None and first_end <= now + EXPIRY_WARNING,
    )


def key_ids(keys: Iterable[dict[str, Any]]) -> set[str]:
    """The ids of keys, as listed by `secret_keys`, and of their subkeys."""
    return {
        each[-16:] for key in keys for each in (key["keyid"], *(sub[0] for sub in key["subkeys"]))
    }


def usable_until(key: dict[str, Any]) -> datetime | None:
    """When a key can no longer be encrypted for: it or its last encrypting part expires.

    `key` is one of `secret_keys`. None means that it never expires.
    """
    parts = [key, *key.get("subkey_info", {}).values()]
    encrypting = [part["expires"] for part in parts if "e" in part["cap"]]
    last = max(map(int, encrypting)) if encrypting and all(encrypting) else None
    ends = [int(end) for end in (key["expires"], last) if end]
    return datetime.fromtimestamp(min(ends), UTC) if ends else None


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put the name of the file at the beginning of a DecryptionError."""
    try:
        yield
    except DecryptionError as error:
        raise DecryptionError(f"{what}: {error.cause}", error.remedy) from None


def _explain(report: str) -> tuple[str, str]:
    for pattern, cause, remedy in _CAUSES:
        if re.search(pattern, report, re.IGNORECASE):
            return cause, remedy
    return _CUT
