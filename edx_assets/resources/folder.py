"""A folder on disk that holds what edX has delivered: which days and packages are in it.

What the files hold is not looked at, but for the lists of members of tars.
"""

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any

from edx_assets.edx.file_names import SiteDay, package_day
from edx_assets.edx.kept_names import KeptLog, kept_log, kept_part, kept_tar
from edx_assets.errors import FinalError

_OPT_IN = "email-opt-in-"


class FolderError(FinalError):
    """A file of the folder cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Part:
    """A server's encrypted log of a day: a file, or a member of a tar at an offset in bytes."""

    server: str
    path: Path
    size: int
    offset: int = 0
    member: str = ""

    @property
    def name(self) -> str:
        """As messages name it."""
        return f"{self.path.name}: {self.member}" if self.member else str(self.path)

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Its bytes.

        Raises:
            FolderError: the tar ends before it does.
        """
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < self.offset + self.size:
                raise FolderError(f"{self.name} is cut short: copy {self.path.name} again")
            file.seek(self.offset)
            yield BufferedReader(_Slice(file, self.size))


class _Slice(RawIOBase):
    """So many bytes of a file, from where it stands."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._file.read(min(len(buffer), self._left))
        buffer[: len(read)] = read
        self._left -= len(read)
        return len(read)


@dataclass(frozen=True)
class WholeLog:
    """A file that is a day's whole log."""

    path: Path
    kept: KeptLog


@dataclass
class Found:
    """What a folder has of an institution."""

    logs: dict[SiteDay, list[WholeLog]] = field(default_factory=dict)
    parts: dict[SiteDay, dict[str, Part]] = field(default_factory=dict)
    packages: dict[date, Path] = field(default_factory=dict)
    opt_in: dict[date, Path] = field(default_factory=dict)
    of_others: list[str] = field(default_factory=list)
    """Files of other institutions."""
    unreadable: list[str] = field(default_factory=list)
    """What is said of tars that cannot be read."""


def look_into(folder: Path, org: str) -> Found:
    """What a folder, and the folders in it, have of an institution (in any case of its name).

    Of the parts of a day, each server's is that of the newest tar: a tar has all of the earlier
    ones.
    """
    found = Found()
    tars: list[tuple[date, Path]] = []
    for inner, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(inner) / name
            if log := kept_log(name):
                if _is_of(found, path, log.org, org):
                    found.logs.setdefault(log.day, []).append(WholeLog(path, log))
            elif tar := kept_tar(name):
                if _is_of(found, path, tar[1], org):
                    tars.append((tar[0], path))
            elif part := kept_part(str(path)):
                if _is_of(found, path, part.org, org):
                    found.parts.setdefault(part.day, {})[part.server] = Part(
                        part.server, path, path.stat().st_size
                    )
            elif day := package_day(name.removeprefix(_OPT_IN), org):
                kind = found.opt_in if _is_opt_in(path) else found.packages
                kind.setdefault(day, path)
    for _date, path in sorted(tars):
        _look_into_tar(found, path, org)
    return found


def _look_into_tar(found: Found, path: Path, org: str) -> None:
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                part = kept_part(member.name) if member.isreg() else None
                if part and part.org.lower() == org.lower():
                    of_day = found.parts.setdefault(part.day, {})
                    place = (member.size, member.offset_data, member.name)
                    of_day[part.server] = Part(part.server, path, *place)
    except (tarfile.TarError, EOFError, OSError):
        found.unreadable.append(
            f"{path.name} cannot be read to its end: copy it again; what could be read is used"
        )


def _is_opt_in(path: Path) -> bool:
    return path.name.startswith(_OPT_IN) or path.parent.name == "email-opt-in"


def _is_of(found: Found, path: Path, named: str, org: str) -> bool:
    if named.lower() == org.lower():
        return True
    found.of_others.append(path.name)
    return False
