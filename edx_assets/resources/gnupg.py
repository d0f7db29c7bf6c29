"""GnuPG: decrypting edX's files, and the expiry of keys.

What gpg's exit code and status lines mean belongs in `gpg_run`.
"""

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

from edx_assets.errors import FinalError, PassingError
from edx_assets.resources.gpg_run import (
    AGENT_ENDED,
    CORRECT_IT,
    recipients,
    run_gpg,
    trouble_of,
)
from edx_assets.settings import MissingSettingError, existing_folder, load_settings, passphrase

EXPIRY_WARNING = timedelta(days=60)
"""When to warn before a key expires: edX has taken weeks to install a new or extended key."""

MOST = 2**40
"""Bytes that no file of edX's decrypts to: whole packages have tens of GB."""

_USUAL = 2**30
"""Bytes that a file may decrypt to however small it is."""

_MOST_TIMES = 100
"""A larger file may decrypt to so many times its size: tables in gpg's format do to 20 times."""

_PROGRAM = "gpg"
_LONGEST = 1000
"""Characters of a passphrase that are passed on; gpg itself takes fewer."""

_ARGUMENTS = [
    *("--batch", "--no-tty", "--yes", "--pinentry-mode", "loopback"),
    "--skip-verify",  # gpg ends with 2 where a file is also signed, with a key that is not here
]


class _RemediedError(Exception):
    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}: {remedy}")
        self.cause = cause
        self.remedy = remedy


class DecryptionError(_RemediedError, FinalError):
    """A file cannot be decrypted. The message names the cause and the remedy, not the content."""


class GpgError(_RemediedError, PassingError):
    """This machine cannot decrypt now: its disk, its gpg or gpg's agent. The file may be good."""


class Gnupg(ConfigurableResource[Any]):
    """The GnuPG home with the institution's secret key; the passphrase comes from the settings."""

    home: str | None = None
    _gpg: gnupg.GPG | None = PrivateAttr(default=None)

    def decrypt(self, source: Path | IO[bytes], target: Path, most: int = MOST) -> None:
        """Decrypt a file or a stream of bytes into the file `target` (0600).

        An empty passphrase is for a key without a passphrase. A target that is not the whole
        content does not stay. `most` is how many bytes it may have: gpg's format compresses, and
        some hundred bytes can be a disk full.

        Raises:
            DecryptionError: not GPG data, encrypted for another key, cut short, not protected
                against changes, larger than `most`, or a passphrase that does not fit.
            GpgError: it is not the file's fault: no room, gpg's agent, gpg was killed or is not
                there.
            MissingSettingError: no home or no passphrase is set.
            InvalidSettingError: the home is not a folder that exists.
        """
        secret = passphrase(load_settings())
        if not self.home:
            raise MissingSettingError("gnupg_home")
        if len(secret) > _LONGEST or set(secret) & {"\n", "\r", "\0"}:
            raise DecryptionError("the passphrase has more than one line", CORRECT_IT)
        home = existing_folder("gnupg_home", self.home)
        target.touch(mode=0o600)  # gpg would follow the umask
        target.chmod(0o600)
        command = [
            _PROGRAM,
            "--homedir",
            str(home),
            *_ARGUMENTS,
            "--max-output",
            str(most),
            "--output",
            str(target),
            "--decrypt",
        ]
        whole = False
        try:
            with source.open("rb") if isinstance(source, Path) else nullcontext(source) as stream:
                run = run_gpg(command, secret.encode(), stream, _environment())
            whole = run.decrypted
        except FileNotFoundError as error:
            if error.filename != _PROGRAM:
                raise
            raise GpgError("gpg is not installed", "install GnuPG, or correct PATH") from None
        finally:
            if not whole:
                target.unlink(missing_ok=True)
        if not whole:
            trouble = trouble_of(run)
            if trouble.key_missing and key_ids(self.secret_keys()).intersection(recipients(run)):
                trouble = AGENT_ENDED  # it has the key, and could not be asked for it
            kind = GpgError if trouble.ours else DecryptionError
            raise kind(trouble.cause, trouble.remedy)

    def secret_keys(self) -> list[dict[str, Any]]:
        """The secret keys in the home as python-gnupg lists them (`keyid`, `expires`, `uids`).

        Raises:
            MissingSettingError: EDX_GNUPG_HOME is not set.
        """
        return list(self.open().list_keys(secret=True))

    def import_secret_key(self, file: Path) -> None:
        """Import the secret keys of a file; those that are there already stay.

        Raises:
            GpgError: there is none in it that gpg can import.
        """
        counts = self.open().import_keys(file.read_bytes())
        if not int(counts.sec_read or 0):
            remedy = "export it with `gpg --export-secret-keys --armor`, and name that file"
            raise GpgError(f"{file}: no secret key could be imported from it", remedy)

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
                env=_environment(),
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


def most_of(size: int) -> int:
    """Bytes that an encrypted file of this size may decrypt to."""
    return min(max(_USUAL, size * _MOST_TIMES), MOST)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put the name of the file at the beginning of a DecryptionError or GpgError."""
    try:
        yield
    except (DecryptionError, GpgError) as error:
        raise type(error)(f"{what}: {error.cause}", error.remedy) from None


def _environment() -> dict[str, str]:
    """The environment of gpg: its messages are parsed, in English."""
    return os.environ | {"LC_ALL": "C"}
