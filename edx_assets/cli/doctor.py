"""`edx-assets doctor`: checks that everything a run needs works, and says what to do if not.

The findings are printed in `main`.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edx_assets.edx.courses import read_courses_file
from edx_assets.edx.file_names import SITES
from edx_assets.errors import EdxAssetsError
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.gnupg import (
    EXPIRY_WARNING,
    DecryptionError,
    Gnupg,
    GpgError,
    key_expiry,
    usable_until,
)
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import NO_RENAME, Store
from edx_assets.settings import MissingSettingError, Settings

_OLDEST_MONGODB = (5, 0)
_LITTLE_SPACE = 20 * 2**30  # bytes: a weekly package can be tens of GB


@dataclass(frozen=True)
class Finding:
    """The result of one check: `ok`, `warning` or `failed`, what was found, and what to do."""

    subject: str
    state: str
    found: str
    remedy: str = ""


Check = Callable[[], Iterator[Finding]]


def diagnose(
    settings: Settings, buckets: Buckets, gnupg: Gnupg, storage: Storage, store: Callable[[], Store]
) -> Iterator[Finding]:
    """Yield every check's findings as they are made; expected errors become findings too."""
    checks: dict[str, Check] = {
        "S3": lambda: _s3(buckets),
        "GPG": lambda: _gpg(gnupg),
        "MongoDB": lambda: _mongodb(store()),
        "storage": lambda: _storage(storage),
        "courses file": lambda: _courses_file(settings.courses_file),
    }
    for subject, check in checks.items():
        try:
            yield from check()
        except MissingSettingError as error:
            yield Finding(subject, "failed", str(error), "see the table of settings in the README")
        except EdxAssetsError as error:
            yield Finding(subject, "failed", str(error))
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            remedy = "correct the setting or the path's permissions"
            yield Finding(subject, "failed", f"{error.strerror or error}{where}", remedy)
        except ValueError as error:  # python-gnupg: the home is not a folder
            yield Finding(subject, "failed", str(error), "correct the setting")


def _s3(buckets: Buckets) -> Iterator[Finding]:
    folders = buckets.check()
    if not folders:
        yield Finding(
            "S3",
            "failed",
            f"s3://{buckets.events_bucket} has no folder for the institution {buckets.org}",
            "correct EDX_ORG or EDX_EVENTS_BUCKET",
        )
        return
    this_year = datetime.now(UTC).year
    for site in SITES:
        newest = next(
            (
                day
                for year in range(this_year, 2011, -1)
                for day in sorted((day for _item, day in buckets.events_files(site, year)))[-1:]
            ),
            None,
        )
        yield Finding(
            "S3", "ok", f"tracking logs of {site}: {f'newest {newest}' if newest else 'none'}"
        )
    packages = buckets.packages()
    newest_package = f", newest {max(packages)}" if packages else ""
    yield Finding(
        "S3",
        "ok" if packages else "warning",
        f"{len(packages)} database packages{newest_package}",
        "" if packages else "if there should be some, correct EDX_PACKAGES_BUCKET",
    )


def _gpg(gnupg: Gnupg) -> Iterator[Finding]:
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
        except (DecryptionError, GpgError) as error:
            return Finding("GPG", "failed", f"{name}: {error.cause}", error.remedy)
    return Finding("GPG", "ok", f"{name} decrypts with the passphrase")


def _mongodb(store: Store) -> Iterator[Finding]:
    version = store.version()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if len(numbers) == 2 and numbers < _OLDEST_MONGODB:
        yield Finding("MongoDB", "failed", f"version {version}", "5.0 or newer is needed")
    else:
        yield Finding("MongoDB", "ok", f"connected, version {version}")
    store.check()
    yield Finding("MongoDB", "ok", "writes, reads and deletes")
    if store.renames:
        yield Finding("MongoDB", "ok", "replaces a collection in one step")
    else:
        found, remedy = NO_RENAME.split(": ")
        yield Finding("MongoDB", "failed", found, remedy)


def _storage(storage: Storage) -> Iterator[Finding]:
    folder = storage.check()
    yield Finding("storage", "ok", f"{folder} is writable")
    if folder.stat().st_mode & 0o077:
        yield Finding(
            "storage", "failed", f"{folder} is accessible to others", f"chmod 700 {folder}"
        )
    free = shutil.disk_usage(folder).free
    yield Finding(
        "storage",
        "ok" if free > _LITTLE_SPACE else "warning",
        f"{free / 2**30:.0f} GiB free",
        "" if free > _LITTLE_SPACE else "make room: a weekly package can be tens of GB",
    )


def _courses_file(path: Path | None) -> Iterator[Finding]:
    if path is None:
        yield Finding("courses file", "ok", "none: windows come from the courses' own dates")
        return
    entries = read_courses_file(path.read_text(encoding="utf-8"))
    yield Finding("courses file", "ok", f"{len(entries)} courses")
