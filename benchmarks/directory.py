"""Opening a weekly package for each member of a course, beside a plain opening of the zip."""

from pathlib import Path
from zipfile import ZipFile

from benchmarks.measure import Measure, in_turns, median, ratio, spread
from benchmarks.plan import Plan
from benchmarks.report import Row
from edx_assets.loading.packages.archive import opened

COURSES = 100
MEMBERS = 45  # of a course
TIMES = 5  # less processor time; the first opening reads the directory


def write_package(path: Path) -> Path:
    """A zip with the members of all courses, which are as good as empty."""
    with ZipFile(path, "w") as package:
        for course in range(COURSES):
            for member in range(MEMBERS):
                package.writestr(f"x/X-C{course}-1T-table{member:02d}-prod-analytics.sql.gpg", b"x")
    return path


def ours(path: Path) -> Measure:
    """Open it as the stages do, once for each member of a course."""
    measure = Measure(events=MEMBERS)
    with measure.running():
        for _ in range(MEMBERS):
            with opened(path, path.name) as archive:
                _counted(len(archive.members))
    return measure


def plain(path: Path) -> Measure:
    """Open it with the standard library as often."""
    measure = Measure(events=MEMBERS)
    with measure.running():
        for _ in range(MEMBERS):
            with ZipFile(path) as package:
                _counted(len(package.infolist()))
    return measure


def _counted(members: int) -> None:
    if members != COURSES * MEMBERS:
        raise RuntimeError(f"a package of {COURSES * MEMBERS} members was read as one of {members}")


def rows(plan: Plan) -> list[Row]:
    """The processor time of both, and how many times less ours is."""
    path = write_package(plan.work / "package.zip")
    found = in_turns(plan.repeats, {"ours": (ours, path), "plain": (plain, path)})
    stage = f"a course of {MEMBERS} members, of a package of {COURSES * MEMBERS:,}"
    times = ratio(found["ours"], found["plain"], by="core_rate")
    note = spread(found["ours"], found["plain"], by="core_rate")
    return [
        Row(stage, "opening it for each", median(found["ours"], "cpu"), "CPU s"),
        Row(stage, "plain openings", median(found["plain"], "cpu"), "CPU s"),
        Row(stage, "of plain openings", times, "times", TIMES, note=note),
    ]
