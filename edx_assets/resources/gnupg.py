"""GnuPG: decrypting what edX encrypted, and saying plainly why it cannot be."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import gnupg
from dagster import ConfigurableResource
from pydantic import PrivateAttr

from edx_assets.settings import MissingSetting, load_settings, passphrase

_CAUSES = [
    (  # first: gpg then reports the secret key as missing as well
        r"BAD_PASSPHRASE|bad passphrase|MISSING_PASSPHRASE|no passphrase|Operation cancelled",
        "the passphrase does not fit the secret key",
        "correct EDX_GPG_PASSPHRASE or EDX_GPG_PASSPHRASE_FILE",
    ),
    (
        r"NO_SECKEY|no secret key",
        "it is encrypted for another key",
        "import the secret key whose public part edX has (gpg --import), or ask edX to encrypt"
        " for yours",
    ),
    (
        r"NODATA|no valid openpgp data|UNEXPECTED",
        "it is not GPG data",
        "download it again, and ask edX where that does not help",
    ),
]
_CUT = ("it is cut short or damaged", "download it again, and ask edX where that does not help")


class DecryptionError(Exception):
    """A file cannot be decrypted. The message names the cause and the remedy, and no content."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}: {remedy}")
        self.cause = cause
        self.remedy = remedy


class Gnupg(ConfigurableResource):
    """The GnuPG home that holds the institution's secret key; the passphrase comes by setting."""

    home: str | None = None
    _gpg: gnupg.GPG | None = PrivateAttr(default=None)

    def decrypt(self, source: Path | IO[bytes], target: Path) -> None:
        """Decrypt a file or a stream of bytes into the file `target`.

        Raises:
            DecryptionError: not GPG data, for another key, cut short, or a passphrase that does
                not fit; `target` may then hold a part and must be thrown away.
            MissingSetting: no home or no passphrase is set.
        """
        gpg = self.open()
        secret = passphrase(load_settings())
        arguments = ["--batch", "--no-tty", "--pinentry-mode", "loopback", "--yes"]
        if isinstance(source, Path):
            with source.open("rb") as stream:
                result = gpg.decrypt_file(
                    stream, passphrase=secret, output=str(target), extra_args=arguments
                )
        else:
            result = gpg.decrypt_file(
                source, passphrase=secret, output=str(target), extra_args=arguments
            )
        if not result.ok:
            raise DecryptionError(*_explain(f"{result.status} {result.stderr}"))

    def secret_keys(self) -> list[dict[str, Any]]:
        """The secret keys of the home as python-gnupg lists them (`keyid`, `expires`, `uids`).

        Raises:
            MissingSetting: EDX_GNUPG_HOME is not set.
        """
        return list(self.open().list_keys(secret=True))

    def open(self) -> gnupg.GPG:
        """The program, at this home.

        Raises:
            MissingSetting: EDX_GNUPG_HOME is not set.
            OSError, ValueError: there is no gpg, or the home is no folder.
        """
        if not self.home:
            raise MissingSetting("gnupg_home")
        if self._gpg is None:  # it asks gpg for its version first, a process each time
            self._gpg = gnupg.GPG(gnupghome=str(Path(self.home).expanduser()))
        return self._gpg


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put the name of the file at the head of a DecryptionError."""
    try:
        yield
    except DecryptionError as error:
        raise DecryptionError(f"{what}: {error.cause}", error.remedy) from None


def _explain(report: str) -> tuple[str, str]:
    for pattern, cause, remedy in _CAUSES:
        if re.search(pattern, report, re.IGNORECASE):
            return cause, remedy
    return _CUT
