"""A package's files: where they are stored, and how a member is read from its zip and decrypted.

What their content means belongs in `course_files` and `loading.courses`.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edx_assets.edx.collections import OPT_IN
from edx_assets.errors import FinalError
from edx_assets.loading.ledger import CourseFiles, PackageMember
from edx_assets.resources.gnupg import Gnupg, naming
from edx_assets.resources.storage import Storage, digest_of


class DamagedPackageError(FinalError):
    """A database package cannot be read; the message names the file and the remedy."""


def package_key(day: str, kind: str = "package") -> str:
    """Storage key of a package, or of the e-mail opt-in list delivered with it."""
    return f"packages/{day}/{kind}.zip"


def courses_folder(day: str) -> str:
    """Storage key of a package's decrypted members."""
    return f"packages/{day}/courses"


@contextmanager
def course_file(
    storage: Storage, gnupg: Gnupg, files: CourseFiles, member: PackageMember
) -> Iterator[Path]:
    """A decrypted member of a package. It is decrypted on first use, and kept.

    Members are streamed from the zip through gpg into the storage, one at a time.

    Raises:
        DecryptionError, DamagedPackageError: it cannot be read; the message names it.
        GpgError: it cannot be decrypted now.
    """
    day = files["date"]
    key = f"{courses_folder(day)}/{files['site']}/{files['prefix']}/{member['table']}"
    if not _is_kept(storage, key):
        with (
            storage.reading(package_key(day)) as path,
            opened(path, files["file"]) as archive,
        ):
            _keep(storage, gnupg, archive, member["member"], key)
    with storage.reading(key) as path:
        yield path


@contextmanager
def opt_in_list(storage: Storage, gnupg: Gnupg, day: str, site: str) -> Iterator[Path | None]:
    """The decrypted e-mail opt-in list delivered with a package; None if there is none.

    Raises:
        DecryptionError, DamagedPackageError: it cannot be read; the message names it.
        GpgError: it cannot be decrypted now.
    """
    key = f"{courses_folder(day)}/{site}/{OPT_IN}.csv"
    if not _is_kept(storage, key):
        with storage.reading(package_key(day, OPT_IN)) as path, opened(path, OPT_IN) as archive:
            names = [name for name in archive.namelist() if name.endswith(".csv.gpg")]
            own = next((name for name in names if ("edge" in name) == (site == "edge")), None)
            if own is None:
                yield None
                return
            _keep(storage, gnupg, archive, own, key)
    with storage.reading(key) as path:
        yield path


def _is_kept(storage: Storage, key: str) -> bool:
    """Whether a decrypted member is in the storage, unchanged since it was decrypted."""
    note = storage.read_json(_note_key(key))
    return note is not None and storage.holds(key, note["size"], note["digest"])


def _keep(storage: Storage, gnupg: Gnupg, archive: zipfile.ZipFile, member: str, key: str) -> None:
    """Decrypt a member into the storage, and note what it is."""
    with (
        _member_stream(archive, member) as stream,
        naming(member),
        storage.writing(key) as target,
    ):
        gnupg.decrypt(stream, target)
        note = {"size": target.stat().st_size, "digest": digest_of(target)}
    storage.write_json(_note_key(key), note)


def _note_key(key: str) -> str:
    return f"{key}.decrypted.json"


@contextmanager
def opened(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """A package's zip, opened.

    Raises:
        DamagedPackageError: it is not a zip file.
    """
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise DamagedPackageError(
            f"{name} is not a zip file or is cut short: delete it from the storage and materialize"
            " packages/database_package again; if that does not help, ask edX for it"
        ) from None
    with archive:
        yield archive


@contextmanager
def _member_stream(archive: zipfile.ZipFile, member: str) -> Iterator[IO[bytes]]:
    try:
        with archive.open(member) as stream:
            yield stream
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise DamagedPackageError(
            f"{member} is damaged in its package: materialize packages/database_package again with"
            " `rebuild` on"
        ) from None
