"""The sample's files decrypted and its lines judged, without the project's own code."""

import gzip
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gnupg

Manifest = dict[str, Any]
Contents = dict[str, bytes]
_PREFIX = re.compile(
    rb"\0+|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d localhost |tracking\.log-\d{8}\.gz:"
    rb"|\d{4}-\d\d-\d\d [\d:,]+ INFO 20 \[tracking\] \[user None\] \[ip None\] logger\.py:41 - "
)


@contextmanager
def opened(folder: Path) -> Iterator[gnupg.GPG]:
    """The institution's key, at a path short enough for gpg-agent's socket."""
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as short:
        shutil.copytree(folder / "gnupg", short, dirs_exist_ok=True)
        yield gnupg.GPG(gnupghome=short)
        subprocess.run(["gpgconf", "--homedir", short, "--kill", "gpg-agent"], check=False)


def decrypted(folder: Path) -> Contents:
    """Every delivered file, decrypted, by its object's path; a package's files by member."""
    found: Contents = {}
    passphrase = (folder / "passphrase").read_text()
    with opened(folder) as gpg:

        def plain(content: bytes) -> bytes:
            result = gpg.decrypt(content, passphrase=passphrase)
            assert result.ok, result.status
            return bytes(result.data)

        for path in sorted((folder / "buckets").rglob("*")):
            key = path.relative_to(folder / "buckets").as_posix()
            if path.suffix == ".gpg":
                found[key] = gzip.decompress(plain(path.read_bytes()))
            elif path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        found[f"{key}/{name}"] = plain(archive.read(name))
    return found


def log_key(file: dict[str, Any]) -> str:
    year = file["date"][:4]
    return f"edx-course-data/mcgillx/{file['site']}/events/{year}/{file['file']}"


def verdict(line: bytes) -> tuple[str, Any]:
    """The fate of a line: `event` with the event, else the reason for its rejection."""
    payload = _PREFIX.sub(b"", line, count=1) if _PREFIX.match(line) else line
    if not payload.strip():
        return "blank", None
    if payload.startswith(b"#"):
        return "comment", None
    try:
        event = json.loads(payload)
    except ValueError:
        return "not_json", None
    if not isinstance(event, dict):
        return "not_an_event", None
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", event.get("time") or ""):
        return "no_time", None
    return "event", (payload, event)
