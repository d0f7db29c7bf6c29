"""Courses of a few learners, as files of `person_course`, and their release."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from edx_assets.datasets.definition import datasets
from edx_assets.datasets.engine import engine
from edx_assets.exports.release.columns import QUASI, USUAL
from edx_assets.exports.release.deidentify import Deidentified, Rules, deidentify
from edx_assets.exports.release.rows import Source

Learner = dict[str, Any]
Row = dict[str, Any]

KEY = b"k" * 32
_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
}


def rules(k: int, *quasi: str, joined: bool = True) -> Rules:
    return Rules(k, tuple(QUASI[name] for name in quasi or USUAL), joined)


def write_course(path: Path, learners: Sequence[Learner]) -> None:
    """A file of `person_course`, with null where nothing is told."""
    columns = datasets()["person_course"].columns
    given = {c.name: [each.get(c.name) for each in learners] for c in columns}
    pq.write_table(
        pa.table({c.name: pa.array(given[c.name], _TYPES[c.type]) for c in columns}), path
    )


def released(
    courses: dict[str, list[Learner]], kept: Rules, salt: str = "salt", key: bytes = KEY
) -> tuple[list[Row], Deidentified]:
    """The rows of a release, and what was done. A course whose name ends in @edge is on edge."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        sources = []
        for number, (course, learners) in enumerate(courses.items()):
            site = "edge" if course.endswith("@edge") else "edx"
            sources.append(Source(course, site, folder / f"{number}.parquet"))
            write_course(sources[-1].path, learners)
        target = folder / "made.parquet"
        with engine(folder) as session:
            done = deidentify(session, sources, kept, key, salt, target)
        return pq.read_table(target).to_pylist(), done


def smallest_classes(rows: Sequence[Row], quasi: Sequence[str]) -> tuple[int, int, int]:
    """The smallest class of a course, set of courses, and class of learners: slowly, in pairs.

    Each row and each learner is compared with every other.
    """

    def alike(one: Row, other: Row) -> bool:
        return all(one[name] == other[name] for name in ("course_id", *quasi))

    of_learner: dict[str, list[Row]] = {}
    for row in rows:
        of_learner.setdefault(row["learner"], []).append(row)
    people = list(of_learner.values())

    def as_one(some: list[Row], others: list[Row]) -> bool:
        return len(some) == len(others) and all(
            any(alike(one, other) for other in others) for one in some
        )

    def taken(some: list[Row]) -> Counter[str]:
        return Counter(row["course_id"] for row in some)

    return (
        min((sum(alike(one, other) for other in rows) for one in rows), default=0),
        min((sum(taken(a) == taken(b) for b in people) for a in people), default=0),
        min((sum(as_one(a, b) for b in people) for a in people), default=0),
    )
