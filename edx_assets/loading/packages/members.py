"""A package's files: where they are stored, and how a member is read from its zip and decrypted.

The zip itself belongs in `archive`, what the content means in `course_files` and
`loading.courses`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edx_assets.edx.collections import OPT_IN
from edx_assets.edx.file_names import opt_in_site
from edx_assets.loading.entries import CourseFiles, PackageMember
from edx_assets.loading.packages.archive import DamagedPackageError, member_stream, opened
from edx_assets.loading.stage import StageMissingError
from edx_assets.resources.gnupg import Gnupg, most_of, naming
from edx_assets.resources.storage import Storage
from edx_assets.resources.stored import digest_of

_NOTE = ".decrypted.json"
_STORED = re.compile(r"packages/([0-9]{4}-[0-9]{2}-[0-9]{2})/(courses/)?.+")


def package_key(day: str, kind: str = "package") -> str:
    """Storage key of a package, or of the e-mail opt-in list delivered with it."""
    return f"packages/{day}/{kind}.zip"


def courses_folder(day: str) -> str:
    """Storage key of a package's decrypted members."""
    return f"packages/{day}/courses"


def note_key(key: str) -> str:
    """Storage key of what is noted of a decrypted member, given by its own key."""
    return f"{key}{_NOTE}"


def package_of_key(key: str) -> tuple[str, bool] | None:
    """The package that a storage key belongs to, and whether it is of a decrypted member.

    None if it is of neither a zip nor a member: of a note, say.
    """
    found = _STORED.fullmatch(key)
    if not found or not (found[2] or key.endswith(".zip")) or key.endswith(_NOTE):
        return None
    return found[1], bool(found[2])


def zip_of(day: str, member: str) -> str:
    """The storage key of the zip that a decrypted member, given by its own key, came in."""
    return package_key(day, OPT_IN if member.endswith(f"/{OPT_IN}.csv") else "package")


@contextmanager
def package_file(storage: Storage, day: str, kind: str = "package") -> Iterator[Path]:
    """A package as it was downloaded, or the e-mail opt-in list delivered with it.

    Raises:
        StageMissingError: it has been removed from the storage.
    """
    key = package_key(day, kind)
    if not storage.use(key):
        raise StageMissingError(
            f"{key} is not in the storage: materialize packages/database_package for {day} again,"
            " which downloads it"
        )
    with storage.reading(key, again=True) as path:  # for the members and courses to come
        yield path


@contextmanager
def course_file(
    storage: Storage, gnupg: Gnupg, files: CourseFiles, member: PackageMember
) -> Iterator[Path]:
    """A decrypted member of a package. It is decrypted on first use, and kept.

    Members are streamed from the zip through gpg into the storage, one at a time.

    Raises:
        DecryptionError, DamagedPackageError: it cannot be read; the message names it.
        GpgError: it cannot be decrypted now.
        StageMissingError: neither it nor its package is in the storage.
    """
    if why := member.get("refused"):
        raise DamagedPackageError(why)
    key = _member_key(files, member["table"])
    if not _is_kept(storage, key):
        with package_file(storage, files["date"]) as source:
            _decrypt(storage, gnupg, source, files["file"], member["member"], key)
    with storage.reading(key) as path:
        yield path


def remove_decrypted(storage: Storage, files: CourseFiles, table: str) -> None:
    """Remove a decrypted member of a package; where it is needed again, it is decrypted again."""
    key = _member_key(files, table)
    storage.delete(key)
    storage.delete(note_key(key))


@contextmanager
def opt_in_list(storage: Storage, gnupg: Gnupg, day: str, site: str) -> Iterator[Path | None]:
    """The decrypted e-mail opt-in list delivered with a package; None if there is none.

    Raises:
        DecryptionError, DamagedPackageError: it cannot be read; the message names it.
        GpgError: it cannot be decrypted now.
        StageMissingError: neither it nor the zip that it came in is in the storage.
    """
    key = _opt_in_key(day, site)
    if not _is_kept(storage, key):
        with package_file(storage, day, OPT_IN) as source:
            with opened(source, OPT_IN) as archive:
                names = [*(info.filename for info in archive.members), *archive.lost]
            own = next((name for name in names if opt_in_site(name) == site), None)
            if own is not None:
                _decrypt(storage, gnupg, source, OPT_IN, own, key)
        if own is None:
            yield None
            return
    with storage.reading(key) as path:
        yield path


def _member_key(files: CourseFiles, table: str) -> str:
    if table == OPT_IN:
        return _opt_in_key(files["date"], files["site"])
    return f"{courses_folder(files['date'])}/{files['site']}/{files['prefix']}/{table}"


def _opt_in_key(day: str, site: str) -> str:
    return f"{courses_folder(day)}/{site}/{OPT_IN}.csv"


def _is_kept(storage: Storage, key: str) -> bool:
    """Whether a decrypted member is in the storage, unchanged since it was decrypted."""
    note = storage.read_json(note_key(key))
    return (
        note is not None and storage.holds(key, note["size"], note["digest"]) and storage.use(key)
    )


def _decrypt(
    storage: Storage, gnupg: Gnupg, source: Path, package: str, member: str, key: str
) -> None:
    # the storage is outermost: what comes of a damaged stream must not be kept
    with (
        storage.writing(key) as target,
        opened(source, package) as archive,
    ):
        info = next((each for each in archive.members if each.filename == member), None)
        if info is None:
            raise DamagedPackageError(
                archive.lost.get(member)
                or f"{member} is not in its package: materialize packages/course_files again with"
                " `rebuild` on"
            )
        with member_stream(archive, info) as stream, naming(member):
            gnupg.decrypt(stream, target, most_of(info.file_size))
        note = {"size": target.stat().st_size, "digest": digest_of(target)}
    storage.write_json(note_key(key), note)
