"""The course export (`.xml.tar.gz`): the facts that a study needs, without the contents."""

import gzip
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree

from edx_assets.edx.documents import MAX_DEPTH
from edx_assets.edx.export_blocks import CATEGORIES, block_facts
from edx_assets.edx.secrets import without_secrets
from edx_assets.edx.values import read_json, storable

VERSION = 2
"""Of the facts: an export that was read for others is read again."""

_LARGEST = 4 * 1024 * 1024  # bytes of one file that is read; a policy has a few thousand
_KEPT = 8 * 1024 * 1024  # bytes of all files that are kept: the facts are one document
_KEPT_OF_BLOCKS = 4 * 1024 * 1024  # characters of the facts about blocks, as text
_KINDS = 1000  # folders that are counted by name
_HEADER = 32 * 1024 * 1024  # bytes read at once: a tar header says itself how long it is
_LEVELS = MAX_DEPTH - 1  # of a policy: the facts are a document
_READ = CATEGORIES | {"about", "course", "policies"}  # folders
_MOST, _MOST_TIMES = 1024 * 1024 * 1024, 100  # bytes, or times the file: what is unpacked at most


class ExportError(ValueError):
    """The file is not a course export; the message says why."""


class _Bounded:
    """An unpacked stream of which no more than `most` bytes are read: a bomb ends there."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream = stream
        self._most = most

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _HEADER:
            raise ExportError("a part of it says that it is larger than a course's can be")
        self._within(self._stream.tell() + size)
        return self._stream.read(size)

    def seek(self, place: int) -> int:
        self._within(place)
        return self._stream.seek(place)

    def tell(self) -> int:
        return self._stream.tell()

    def _within(self, place: int) -> None:
        # an archive may end before what is asked for
        if place > self._most + _HEADER:
            raise ExportError("it unpacks to far more than a course's export can hold")


def read_export(path: Path, most: int | None = None) -> dict[str, Any]:
    """The facts about a course from its export, as one document.

    `course`: the attributes of the course's root; `policy` and `grading_policy`: its policies
    (JSON); `about`: the texts of the course's about page by name (HTML); `blocks`: what the files
    of problems, split tests and videos say, each with `category` and `name` (see `block_facts`);
    `files`: the number of files of each kind (the folder they are in); `left_out`, where there are
    any: the files that could not be read, or are too large.

    Nothing is unpacked to disk, and links are not followed. At most `most` bytes are unpacked: by
    default a hundred times the file, or 1 GiB if that is more.

    Raises:
        ExportError: it is not a complete gzipped tar file, has no course.xml, or unpacks to more.
    """
    export = _Export()
    try:
        limit = most or max(_MOST, _MOST_TIMES * path.stat().st_size)
        with gzip.open(path, "rb") as unpacked:
            bounded = cast(BinaryIO, _Bounded(cast(BinaryIO, unpacked), limit))
            with tarfile.open(fileobj=bounded, mode="r:") as archive:
                for member in archive:
                    if member.isfile():
                        export.look_at(archive, member)
                    # it keeps them all otherwise; typeshed does not list it
                    archive.members.clear()  # type: ignore[attr-defined]
            _to_the_end(bounded)
    except ExportError:
        raise
    except Exception:  # tarfile, gzip and zlib have a dozen for damaged files
        raise ExportError("it is not a complete .tar.gz file") from None
    return without_secrets(export.facts())


def _to_the_end(stream: BinaryIO) -> None:
    """Read what is left, so that a file that is cut or damaged behind the last member is told."""
    try:
        while stream.read(_LARGEST):
            pass
    except gzip.BadGzipFile as error:
        if not str(error).startswith("Not a gzipped file"):  # other bytes behind it do no harm
            raise


class _Export:
    """What has been found in an export so far."""

    def __init__(self) -> None:
        self.course: dict[str, str] = {}
        self.roots: dict[str, dict[str, str]] = {}
        self.policies: dict[str, Any] = {}
        self.about: dict[str, str] = {}
        self.blocks: list[dict[str, Any]] = []
        self.kept_of_blocks = 0
        self.files: dict[str, int] = {}
        self.left_out: list[str] = []
        self.kept = 0

    def look_at(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Count a file, and read it if it holds facts."""
        parts = PurePosixPath(member.name.lstrip("/")).parts[1:]
        kind = parts[0] if len(parts) > 1 else "."
        if kind not in self.files and len(self.files) >= _KINDS:
            kind = "(others)"
        self.files[kind] = self.files.get(kind, 0) + 1
        if not (parts == ("course.xml",) or kind in _READ):
            return
        kept = 0 if kind in CATEGORIES else member.size
        has_room = member.size <= _LARGEST and self.kept + kept <= _KEPT
        stream = archive.extractfile(member) if has_room else None
        self.kept += kept if has_room else 0
        read = self._read_block if kind in CATEGORIES else self._read
        if stream is None or not read(kind, parts, stream.read()):
            self.left_out.append("/".join(parts)[:_KINDS])

    def _read(self, kind: str, parts: tuple[str, ...], content: bytes) -> bool:
        """Read a file's facts; whether it could be read."""
        if kind == "policies":
            try:
                text = content.decode("utf-8-sig", "replace")
                self.policies["/".join(parts[1:])] = read_json(text, _LEVELS)
            except ValueError:
                return False
        elif len(parts) == 2 and kind == "about":
            self.about[parts[1].removesuffix(".html")] = content.decode("utf-8", "replace")
        elif kind == "." or len(parts) == 2:
            attributes = _attributes(content)
            if attributes is None:
                return False
            if kind == ".":
                self.course |= attributes
            else:
                self.roots[parts[-1].removesuffix(".xml")] = attributes
        return True

    def _read_block(self, category: str, parts: tuple[str, ...], content: bytes) -> bool:
        """Read what a block's file says of it; whether it could be read, and there is room."""
        found = block_facts(category, content)
        if found is None:
            return False
        # edX writes a colon of a name as a folder
        name = ":".join(parts[1:]).removesuffix(".xml")
        block = {"category": category, "name": name, **found}
        self.kept_of_blocks += len(str(block))
        if self.kept_of_blocks > _KEPT_OF_BLOCKS:
            return False
        self.blocks.append(block)
        return True

    def facts(self) -> dict[str, Any]:
        """All of it as one document."""
        if "url_name" not in self.course:
            raise ExportError("it has no course.xml")
        run = self.course["url_name"]
        policy = self._policy(f"{run}/policy.json")
        of_course = policy.get(f"course/{run}", policy)
        facts = {
            "course": self.course | self.roots.get(run, {}),
            "about": self.about,
            "blocks": self.blocks,
            "files": self.files,
            "policy": of_course if isinstance(of_course, dict) else policy,
            "grading_policy": self._policy(f"{run}/grading_policy.json"),
            **({"left_out": sorted(self.left_out)[:_KINDS]} if self.left_out else {}),
        }
        return cast(dict[str, Any], storable(facts))

    def _policy(self, name: str) -> dict[str, Any]:
        """A policy; empty if the file is not there, or is no object."""
        policy = self.policies.get(name) or {}
        if isinstance(policy, dict):
            return policy
        self.left_out.append(f"policies/{name}")
        return {}


def _attributes(content: bytes) -> dict[str, str] | None:
    """The attributes of an XML file's root element; the rest is not looked at."""
    parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(["start"])
    try:
        parser.feed(content)
        started = next(parser.read_events(), None)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return dict(cast(Any, started)[1].attrib) if started else None
