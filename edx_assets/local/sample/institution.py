"""Making the sample institution: everything below one folder, including its manifest."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import yaml

from edx_assets.local.sample.calendar import Calendar
from edx_assets.local.sample.courses import Course
from edx_assets.local.sample.delivery import deliver_logs, deliver_packages, new_key
from edx_assets.local.sample.history import make_history
from edx_assets.local.sample.logs import make_logs
from edx_assets.local.sample.manifest import Manifest, make_manifest
from edx_assets.local.sample.packages import make_packages
from edx_assets.local.sample.people import NOTABLE

_MADE = ("manifest.json", "buckets", "gnupg", "passphrase", "courses.yaml")


def make_institution(
    folder: Path,
    *,
    seed: int = 1,
    learners: int = 60,
    weeks: int = 5,
    progress: Callable[[str], None] | None = None,
) -> Manifest:
    """Write the institution McGillX below a folder, and return its manifest.

    The folder then contains `gnupg/` and `passphrase`, the key pair; `buckets/`, with one folder
    per bucket; `courses.yaml`, the courses file; and `manifest.json`. The same parameters give the
    same content; the key pair, and therefore the encrypted bytes, are new each time. An existing
    institution with the same parameters is kept; an unfinished one, or one with other parameters,
    is made again. Nothing else in the folder is touched.

    Args:
        folder: created if it does not exist.
        seed: of all random choices.
        learners: number on edx, at least 5; the number of events grows with it.
        weeks: number of delivered weeks, at least 2.
        progress: called with a message for each step.

    Raises:
        ValueError: too few learners or weeks.
        EncryptionError: gpg failed.
    """
    if learners < NOTABLE or weeks < 2:
        raise ValueError(f"a sample needs at least {NOTABLE} learners and 2 weeks")
    tell = progress or (lambda text: None)
    parameters = {"seed": seed, "learners": learners, "weeks": weeks}
    if (there := _read_manifest(folder)) and there["parameters"] == parameters:
        tell(f"{folder} already contains this institution")
        return there
    _clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    calendar = Calendar(weeks)
    history = make_history(seed, learners, calendar)
    tell(f"{len(history.events)} events of {learners} learners in {weeks} weeks")
    packages = make_packages(history, calendar)
    files = make_logs(Random(f"{seed}/logs"), history.events, calendar)
    with new_key(folder) as key:
        tell("a GPG key pair")
        deliver_logs(folder, key, files)
        tell(f"{sum(file.name is not None for file in files)} tracking logs")
        deliver_packages(folder, key, packages)
        tell(f"{len(packages)} database packages")
    (folder / "courses.yaml").write_text(_courses_file(history.courses), encoding="utf-8")
    manifest = make_manifest(parameters, calendar, history.courses, files, packages)
    unfinished = folder / "manifest.json.part"
    unfinished.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    unfinished.replace(folder / "manifest.json")  # last: it means that all is complete
    return manifest


def _read_manifest(folder: Path) -> Manifest | None:
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _clear(folder: Path) -> None:
    """Remove what an earlier run left, the manifest first."""
    for name in _MADE:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _courses_file(courses: list[Course]) -> str:
    entries = [
        {
            "course_key": course.key,
            "spellings": [course.spelled],
            "enrolment_start": course.listed[0],
            "course_end": course.listed[1],
        }
        for course in courses
        if course.listed
    ]
    head = "# course_end is the last day of the course, and counts until its midnight (UTC)\n"
    return head + yaml.safe_dump({"courses": entries}, sort_keys=False)
