"""Delivery as edX does it: gzip, GPG, zip, and the names and folders on S3."""

import gzip
import io
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import gnupg

PASSPHRASE = "sample institution"  # noqa: S105 - it guards a key made for the sample
EVENTS, PACKAGES = "edx-course-data", "course-data"
ORG_FOLDER = "mcgillx"


class Delivery:
    """Writes encrypted objects as files below a folder of buckets.

    Args:
        folder: the institution's folder; its key pair is made in `gnupg/`.
    """

    def __init__(self, folder: Path) -> None:
        self._buckets = folder / "buckets"
        (folder / "passphrase").touch(mode=0o600)
        (folder / "passphrase").write_text(PASSPHRASE + "\n")
        self._gpg, self._fingerprint = _make_key(folder / "gnupg")

    def events(self, site: str, day: str, name: str, lines: list[bytes], end: bytes) -> None:
        """A day's tracking log; `end` is what follows its last line."""
        content = b"\n".join(lines) + (end if lines else b"")
        key = f"{ORG_FOLDER}/{site}/events/{day[:4]}/{name}"
        packed = gzip.compress(content, compresslevel=6, mtime=0)
        self._write(EVENTS, key, self._encrypted(packed))

    def package(self, day: str, members: dict[str, bytes]) -> str:
        """A database package of members by name (without `.gpg`); its base name."""
        name = f"{ORG_FOLDER}-{day}"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for member, content in members.items():
                archive.writestr(f"{name}/{member}.gpg", self._encrypted(content))
        self._write(PACKAGES, f"{name}.zip", buffer.getvalue())
        return f"{name}.zip"

    def _encrypted(self, content: bytes) -> bytes:
        done = self._gpg.encrypt(content, self._fingerprint, armor=False, always_trust=True)
        if not done.ok:
            raise RuntimeError(f"gpg cannot encrypt the sample: {done.status}")
        return bytes(done.data)

    def _write(self, bucket: str, key: str, content: bytes) -> None:
        path = self._buckets / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _make_key(home: Path) -> tuple[gnupg.GPG, str]:
    """A key pair in a new GnuPG home: made at a short path, for the agent's socket has a limit."""
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as short:
        gpg = gnupg.GPG(gnupghome=short)
        request = gpg.gen_key_input(
            key_type="RSA",
            key_length=2048,
            name_real="McGillX data czar",
            name_email="czar@mcgillx.example",
            passphrase=PASSPHRASE,
        )
        fingerprint = str(gpg.gen_key(request).fingerprint or "")
        if not fingerprint:
            raise RuntimeError("gpg cannot make a key: is GnuPG 2.2 or newer installed?")
        subprocess.run(["gpgconf", "--homedir", short, "--kill", "all"], check=False)
        shutil.copytree(short, home, ignore=shutil.ignore_patterns("S.*", "*.lock", ".#*"))
    home.chmod(0o700)
    return gnupg.GPG(gnupghome=str(home)), fingerprint
