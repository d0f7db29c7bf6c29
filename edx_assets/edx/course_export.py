"""The course export (`.xml.tar.gz`): the facts that a study needs, without the contents."""

import json
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from edx_assets.edx.secrets import without_secrets

_LARGEST = 4 * 1024 * 1024  # bytes of one file that is read; a policy has a few thousand


class ExportError(ValueError):
    """The file is not a course export; the message says why."""


def read_export(path: Path) -> dict[str, Any]:
    """The facts about a course from its export, as one document.

    `course`: the attributes of the course's root; `policy` and `grading_policy`: its policies
    (JSON); `about`: the texts of the course's about page by name (HTML); `files`: the number of
    files of each kind (the folder they are in).

    Raises:
        ExportError: it is not a complete gzipped tar file, or has no course.xml.
    """
    facts: dict[str, Any] = {"course": {}, "about": {}, "files": {}}
    policies: dict[str, Any] = {}
    roots: dict[str, dict[str, str]] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.isfile():
                    _look_at(archive, member, facts, policies, roots)
    except (tarfile.TarError, OSError, EOFError):
        raise ExportError("it is not a complete .tar.gz file") from None
    if "url_name" not in facts["course"]:
        raise ExportError("it has no course.xml")
    run = facts["course"]["url_name"]
    facts["course"] |= roots.get(run, {})
    policy = policies.get(f"{run}/policy.json") or {}
    facts["policy"] = policy.get(f"course/{run}", policy)
    facts["grading_policy"] = policies.get(f"{run}/grading_policy.json") or {}
    return without_secrets(facts)


def _look_at(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    facts: dict[str, Any],
    policies: dict[str, Any],
    roots: dict[str, dict[str, str]],
) -> None:
    parts = PurePosixPath(member.name).parts[1:]
    kind = parts[0] if len(parts) > 1 else "."
    facts["files"][kind] = facts["files"].get(kind, 0) + 1
    wanted = parts == ("course.xml",) or kind in ("about", "course", "policies")
    stream = archive.extractfile(member) if wanted and member.size <= _LARGEST else None
    if stream is None:
        return
    content = stream.read()
    if parts == ("course.xml",):
        facts["course"] |= _attributes(content)
    elif kind == "course" and len(parts) == 2:
        roots[parts[1].removesuffix(".xml")] = _attributes(content)
    elif kind == "about" and len(parts) == 2:
        facts["about"][parts[1].removesuffix(".html")] = content.decode("utf-8", "replace")
    elif kind == "policies":
        try:
            policies["/".join(parts[1:])] = json.loads(content)
        except ValueError:
            return


def _attributes(content: bytes) -> dict[str, str]:
    """The attributes of an XML file's root element."""
    try:
        root = ElementTree.fromstring(content)  # noqa: S314
    except ElementTree.ParseError:
        return {}
    return dict(root.attrib)
