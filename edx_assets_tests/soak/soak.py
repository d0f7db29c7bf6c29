"""A whole soak: simulate, correct an old file, compare everything with one clean backfill."""

import gzip
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest
import time_machine
from dagster import DagsterInstance

from edx_assets.local.embedded_store import embedded_store
from edx_assets_tests.institution import EVENTS, Institution
from edx_assets_tests.soak.comparison import databases, differences
from edx_assets_tests.soak.packages import make_package
from edx_assets_tests.soak.scenario import (
    COURSES,
    DAY,
    FIRST,
    SITES,
    courses_in,
    courses_of,
    log,
    month,
)
from edx_assets_tests.soak.simulation import DayReport, Simulation, backfill, courses_file

QUIET_DAYS = 5
"""Days after the last log in which what is late still comes, and silent days are known as such."""


@dataclass
class Verdict:
    """What a soak found; each list is empty where all is well.

    Attributes:
        doubled: runs without a cause.
        strayed: courses that moved though a corrected file had nothing to do with them, or that
            did not though it had.
        killed: how many runs' processes went in the middle.
        differences: where the databases are not those of a clean backfill.
    """

    doubled: list[str]
    strayed: list[str]
    differences: list[str]
    killed: int

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not (self.doubled or self.strayed or self.differences)


def soak(
    testx: Institution,
    store_uri: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    seed: int,
    show: Callable[[DayReport], None],
) -> Verdict:
    """Simulate so many days of logs, and a few more; compare with one clean backfill.

    Args:
        testx: an institution to which nothing has been delivered.
        store_uri: its store.
        folder: an empty folder.
        monkeypatch: for the settings.
        days: days of logs.
        seed: of everything that is drawn.
        show: is given what each day brought.
    """
    windows = folder / "courses.yaml"
    courses_file(windows, FIRST + 365 * DAY)
    monkeypatch.setenv("EDX_COURSES_FILE", str(windows))
    monkeypatch.setenv("EDX_START_DATE", str(FIRST))
    deliveries = month(days, seed, testx.encrypted, partial(make_package, testx.encrypted))
    today = FIRST + (days + QUIET_DAYS) * DAY
    with _shipped_instance(folder) as instance:
        simulation = Simulation(replace(testx, instance=instance), monkeypatch)
        for number, report in enumerate(simulation.run(deliveries, days + QUIET_DAYS)):
            show(report)
            if number == days * 2 // 3:
                courses_file(windows, FIRST + days // 3 * DAY)
        strayed = _correct(simulation, testx, seed, days, today, show)
    ours = databases(store_uri)
    end = datetime.combine(today, time(12), UTC)
    with _second(testx, folder, monkeypatch) as (other, uri), time_machine.travel(end):
        backfill(other, FIRST, _last_days(testx))
        theirs = databases(uri)
    return Verdict(simulation.doubled, strayed, differences(ours, theirs), simulation.killed)


def _correct(
    simulation: Simulation,
    testx: Institution,
    seed: int,
    days: int,
    today: date,
    show: Callable[[DayReport], None],
) -> list[str]:
    """Deliver a file anew that has not all courses in it: what moved and should not, or did not."""
    for number in range(days):
        day = FIRST + number * DAY
        versions = (log("edx", day, seed), log("edx", day, seed, True), log("edx", day, -seed))
        courses = courses_in(*versions)
        name = f"testx-edx-events-{day}.log.gz.gpg"
        if len(courses) < len(COURSES) and _is_there(testx, day, name):
            break
    else:
        raise ValueError("no day has a course that is not in its file: take another seed")
    report = DayReport(today, ["edx corrected"])
    with time_machine.travel(datetime.combine(today, time(8), UTC)):
        content = testx.encrypted(gzip.compress(versions[-1]))
        simulation.deliver([("edx", name, content)])
        simulation.settle(report)
    show(report)
    may = {_partition(course) for course in courses}
    over = {"T102": FIRST + days // 2 * DAY, "T103": FIRST + (days // 3 + 1) * DAY}
    must = {_partition(c) for c in courses_of("edx", day) if day < over.get(c, today)}
    moved = set(report.moved)
    return [f"{course} moved, and is not in {name}" for course in sorted(moved - may)] + [
        f"{course} did not move, and is in {name}" for course in sorted(must - moved)
    ]


def _partition(course: str) -> str:
    return f"course-v1:TestX+{course}+2014"


def _is_there(testx: Institution, day: date, name: str) -> bool:
    prefix = f"testx/edx/events/{day.year}/{name}"
    return bool(testx.s3.list_objects_v2(Bucket=EVENTS, Prefix=prefix).get("Contents"))


def _last_days(testx: Institution) -> dict[str, date]:
    """The day of each site's newest file."""
    keys = [item["Key"] for item in testx.s3.list_objects_v2(Bucket=EVENTS)["Contents"]]
    newest = {site: max(key for key in keys if f"/{site}/" in key) for site in SITES}
    return {
        site: date.fromisoformat(key.removesuffix(".log.gz.gpg")[-10:])
        for site, key in newest.items()
    }


@contextmanager
def _shipped_instance(folder: Path) -> Iterator[DagsterInstance]:
    """An instance as the project ships it: the one in memory has nothing for schedules."""
    home = folder / "dagster"
    home.mkdir()
    shutil.copy(str(files("edx_assets") / "dagster.yaml"), home)
    with DagsterInstance.from_config(str(home)) as instance:
        yield instance


@contextmanager
def _second(
    testx: Institution, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Institution, str]]:
    """The same institution, with an empty store, an empty storage and no runs."""
    with (
        embedded_store(folder / "second") as uri,
        DagsterInstance.ephemeral() as instance,
        monkeypatch.context() as patch,
    ):
        patch.setenv("EDX_MONGO_URI", uri)
        patch.setenv("EDX_STORAGE", str(folder / "second-files"))
        yield replace(testx, instance=instance), uri
