"""The proof of a release: its file is read again, and its classes are counted anew.

Nothing of how it was made is used here: neither the engine nor its tables.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from edx_assets.errors import FinalError
from edx_assets.exports.formats import Format


class NotAnonymousError(FinalError):
    """A release is not what it has to be, and is not handed out; the message says what is wrong."""


def prove(
    path: Path, form: Format, k: int, quasi: Sequence[str], columns: Sequence[str]
) -> dict[str, int]:
    """Count the classes of a release's file: how many of each kind, and the smallest.

    Three kinds: rows of a course that are alike in every quasi-identifier, learners with the same
    set of courses, and learners who are alike in all of their rows.

    Raises:
        NotAnonymousError: one has fewer than `k` learners, or the file has other columns, or a
            learner twice in a course.
    """
    of_course: Counter[tuple[Any, ...]] = Counter()
    of_learner: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in _rows(path, form):
        if list(row) != list(columns):
            raise NotAnonymousError("the release has other columns than it may have: report this")
        alike = (row["course_id"], *(row[name] for name in quasi))
        of_course[alike] += 1
        of_learner[row["learner"]].append(alike)
    taken = Counter(frozenset(row[0] for row in rows) for rows in of_learner.values())
    if sum(len(courses) * learners for courses, learners in taken.items()) != of_course.total():
        raise NotAnonymousError("the release has a learner twice in a course: report this")
    whole = Counter(frozenset(rows) for rows in of_learner.values())
    kinds: dict[str, Counter[Any]] = {
        "classes_of_courses": of_course,
        "sets_of_courses": taken,
        "classes_of_learners": whole,
    }
    for kind, counted in kinds.items():
        if counted and min(counted.values()) < k:
            raise NotAnonymousError(
                f"the release is not {k}-anonymous ({kind.replace('_', ' ')}), and is not handed"
                " out: report this"
            )
    found = {kind: len(counted) for kind, counted in kinds.items()}
    return found | {"smallest": min(whole.values(), default=0)}


def _rows(path: Path, form: Format) -> Iterator[dict[str, Any]]:
    if form == Format.PARQUET:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield from batch.to_pylist()
    elif form == Format.CSV:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield from csv.DictReader(text)
    else:
        with path.open("rb") as lines:
            yield from map(_object, lines)


def _object(line: bytes) -> dict[str, Any]:
    return dict(orjson.loads(line))
