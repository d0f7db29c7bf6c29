"""The benchmark suite: it runs, and its report is of the promised shape. No time is asserted."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import orjson
import pytest

from benchmarks.backfill import Run, Step, _took
from benchmarks.generator import DAY, lines
from benchmarks.report import Row
from edx_assets.edx.events import RejectedError, line_reader

ROOT = Path(__file__).parents[1]
# simeon is installed from PyPI, and Dagster's daemon takes a minute to look at a backfill
STAGES = [
    "transform",
    "tables",
    "directory",
    "load",
    "ceiling",
    "retired",
    "memory",
    "by_hand",
    "extraction",
    "lock",
    "growth",
    "decade",
    "datasets",
]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of the suite at its smallest."""
    folder = tmp_path_factory.mktemp("build")
    sizes = ["--events", "400", "--repeats", "1", "--growth", "600,900", "--growth-day", "100"]
    sizes += ["--course-events", "5000", "--decade", "90,8,6", "--lock-turns", "2"]
    command = [sys.executable, "-m", "benchmarks", "--only", ",".join(STAGES), *sizes]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*command, "--build", str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_figure_is_told_with_its_target(build: Path) -> None:
    rows = json.loads((build / "bench.json").read_text())
    for row in rows:
        assert set(row) - {"note"} == {"stage", "figure", "value", "unit", "target", "met"}
        assert isinstance(row["value"], int | float) or row["note"], row
        assert (row["met"] is None) == (row["target"] is None or row["value"] is None), row
    ratios = {(row["stage"], row["figure"]) for row in rows if row["unit"] == "times"}
    assert {
        ("transform, plain log", "of the plain transform"),
        ("transform, real mix", "of bare gunzip"),
        ("transform, two files on two cores", "of one file on one"),
        ("table of 10 columns", "of bare split"),
        ("a course of 45 members, of a package of 4,500", "of plain openings"),
        ("load", "of bare insert_many"),
        ("memory of a load", "of ten times the file"),
        ("extraction of a course", "of bare find and insert"),
        ("what person_course has from events", "of pandas"),
        ("datasets of a course", "of five times those of a fifth"),
        ("by hand", "our load, of the pipe's"),
    } <= ratios


def test_the_table_and_the_plot_are_written(build: Path) -> None:
    rows = json.loads((build / "bench.json").read_text())
    table = [line for line in (build / "bench.md").read_text().splitlines() if line[:1] == "|"]
    assert len(table) == len(rows) + 2
    sizes = json.loads((build / "growth.json").read_text())
    assert [each["records"] for each in sizes] == sorted(each["records"] for each in sizes)
    assert (build / "growth.svg").read_text().count("<polyline") == len(sizes[0]["seconds"])


def test_nothing_is_left_but_the_reports(build: Path) -> None:
    left = {path.name for path in build.iterdir()}
    assert left == {"bench.json", "bench.md", "growth.json", "growth.svg"}


@pytest.mark.parametrize("kind", ["real", "plain"])
def test_the_same_seed_gives_the_same_log(kind: str) -> None:
    first, again, other = (b"".join(lines(500, kind, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_the_real_mix_is_as_counted() -> None:
    read = line_reader("x.log.gz", "edx", DAY)
    told: Counter[str] = Counter()
    size = 0
    for line in lines(20_000):
        size += len(line)
        try:
            _document, record = read(line)
        except RejectedError as rejected:
            told[rejected.reason] += 1
            continue
        told["implicit"] += record["event_type"].startswith("/")
        told["cut"] += len(record["event"]) == 512 and isinstance(record["event"], str)
        told["browser"] += record["event_source"] == "browser"
        told["course"] += "course_id" in record
        delivered = orjson.loads(line.lstrip(b"\0"))["context"]["course_id"]
        told["old"] += "/" in delivered
    assert 0.85 < told["implicit"] / 20_000 < 0.87
    assert 0.002 < told["cut"] / 20_000 < 0.005
    assert 0.05 < told["browser"] / 20_000 < 0.14
    assert told["course"] > 18_000
    assert told["old"] > 2_000
    assert 0 < told["not_json"] < 20
    assert 800 < size / 20_000 < 1000


def test_a_target_is_met_from_its_own_side() -> None:
    assert Row("load", "rate", 2.0, "times", 2.0).met is True
    assert Row("load", "rate", 1.9, "times", 2.0).met is False
    assert Row("memory", "peak", 301, "MB", 300, at_most=True).met is False
    assert Row("memory", "peak", 1, "MB").met is None
    assert Row("simeon", "ratio", None, "times", 20).met is None


def test_the_parts_of_a_backfill_are_its_span() -> None:
    steps = [
        Step("a", "raw_log", "2014-02-03", 1012.0, 2.0, 0),
        Step("a", "master_tracking", "2014-02-03", 1020.0, 5.0, 10),
        Step("b", "master_tracking", "2014-02-04", 1040.0, 8.0, 10),
    ]
    runs = [Run("a", 1004.0, 1021.0), Run("b", 1005.0, 1043.0)]
    took = _took(steps, runs, span=60.0, days=2)
    assert took.inside == 15.0
    assert took.by_day == 1.5  # from 1012 to 1015, over two days
    assert took.by_run == (6.0 + 1.0 + 11.0 + 3.0) / 2
    assert took.by_backfill == 60.0 - 15.0 - 3.0 - 21.0
    assert took.large == 8.0
