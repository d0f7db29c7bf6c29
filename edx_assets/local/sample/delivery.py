"""Delivery as edX does it: a key pair, gzip, GPG and zip, and object names on S3."""

import gzip
import io
import os
import secrets
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import gnupg

from edx_assets.local.sample.calendar import ORG
from edx_assets.local.sample.logs import DayFile
from edx_assets.local.sample.packages import Package

EVENTS_BUCKET, PACKAGES_BUCKET = "edx-course-data", "course-data"
_AT_ONCE = 2  # gpg processes


class EncryptionError(RuntimeError):
    """gpg could not create the key pair or encrypt with it; the message says which."""


@dataclass(frozen=True)
class Key:
    """A key pair in a GnuPG home."""

    gpg: gnupg.GPG
    fingerprint: str

    def encrypted(self, content: bytes) -> bytes:
        """Content encrypted for this key, in binary form, as edX sends it.

        Raises:
            EncryptionError: gpg failed.
        """
        done = self.gpg.encrypt(content, self.fingerprint, armor=False, always_trust=True)
        if not done.ok:
            raise EncryptionError(f"gpg did not encrypt: {done.status}")
        return bytes(done.data)

    def decrypted(self, content: bytes, passphrase: str) -> bytes | None:
        """What was encrypted for this key; None if it cannot be decrypted, or is not whole."""
        done = self.gpg.decrypt(content, passphrase=passphrase, always_trust=True)
        return bytes(done.data) if done.ok else None


@contextmanager
def new_key(folder: Path) -> Iterator[Key]:
    """A new key pair; its home is moved to `gnupg/` in the folder at the end.

    Until then it has a short path: the path of gpg-agent's socket must not be longer than about
    100 characters. The passphrase is in the file `passphrase` in the folder.

    Raises:
        EncryptionError: gpg cannot create it.
    """
    passphrase = secrets.token_urlsafe(18)
    _write_private(folder / "passphrase", passphrase.encode())
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as short:
        # the passphrase is 144 random bits: stretching it would only slow down decryption
        Path(short, "gpg-agent.conf").write_text("s2k-count 65536\n")
        try:
            gpg = gnupg.GPG(gnupghome=short)
            made = gpg.gen_key(
                gpg.gen_key_input(
                    key_type="EDDSA",
                    key_curve="ed25519",
                    subkey_type="ECDH",
                    subkey_curve="cv25519",
                    name_real="McGillX data czar",
                    name_email="czar@mcgillx.example",
                    expire_date=0,
                    passphrase=passphrase,
                )
            )
            if not made.fingerprint:
                raise EncryptionError("gpg cannot create a key pair: it needs GnuPG 2.2 or newer")
            yield Key(gpg, str(made.fingerprint))
        finally:
            subprocess.run(["gpgconf", "--homedir", short, "--kill", "gpg-agent"], check=False)
        left_behind = shutil.ignore_patterns("S.*", "*.lock", ".#*")
        shutil.copytree(short, folder / "gnupg", ignore=left_behind)
    _make_private(folder / "gnupg")


@contextmanager
def made_key(folder: Path) -> Iterator[Key]:
    """The key pair that `new_key` has made in a folder, from a copy with a short path.

    Raises:
        EncryptionError: it is not there, or gpg cannot read it.
    """
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as short:
        try:
            if (folder / "gnupg").is_dir():
                left_behind = shutil.ignore_patterns("S.*", "*.lock", ".#*")
                shutil.copytree(folder / "gnupg", short, ignore=left_behind, dirs_exist_ok=True)
            gpg = gnupg.GPG(gnupghome=short)
            keys = gpg.list_keys(secret=True)
            if not keys:
                raise EncryptionError(f"gpg finds no key of the demo's in {folder / 'gnupg'}")
            yield Key(gpg, str(keys[0]["fingerprint"]))
        finally:
            subprocess.run(["gpgconf", "--homedir", short, "--kill", "gpg-agent"], check=False)


def deliver_logs(folder: Path, key: Key, files: list[DayFile]) -> None:
    """Write each existing daily log, gzipped and encrypted, into its bucket's folder."""

    def deliver(file: DayFile) -> None:
        if file.name:
            place = f"{EVENTS_BUCKET}/{log_key(file.site, file.day, file.name)}"
            _write(folder / "buckets" / place, key.encrypted(packed(file.content())))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(deliver, files))


def log_key(site: str, day: date, name: str) -> str:
    """The key of a tracking log in its bucket."""
    return f"{ORG}/{site}/events/{day.year}/{name}"


def packed(log: bytes) -> bytes:
    """A tracking log as it is before its encryption."""
    return gzip.compress(log, compresslevel=6, mtime=0)


def deliver_packages(folder: Path, key: Key, packages: list[Package]) -> None:
    """Write each package: a zip of individually encrypted files."""
    for package in packages:
        name = package_name(package.day)
        buffer = io.BytesIO()
        with ThreadPoolExecutor(_AT_ONCE) as pool, zipfile.ZipFile(buffer, "w") as archive:
            encrypted = pool.map(key.encrypted, package.members.values())
            for member, content in zip(package.members, encrypted, strict=True):
                entry = f"{name.removesuffix('.zip')}/{member}.gpg"
                archive.writestr(zipfile.ZipInfo(entry, package.day.timetuple()[:6]), content)
        _write(folder / "buckets" / PACKAGES_BUCKET / name, buffer.getvalue())


def package_name(day: date) -> str:
    """Base name of a package."""
    return f"{ORG}-{day}.zip"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _make_private(home: Path) -> None:
    home.chmod(0o700)
    for path in home.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
