"""The rows of courses, de-identified, in a file: k-anonymous, with a random id for each learner.

It knows the engine and files alone; where courses come from belongs in `folders`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from edx_assets.datasets.engine import literal
from edx_assets.exports.release.columns import HIDDEN, Quasi, plain
from edx_assets.exports.release.rows import Source, name_learners, read_rows
from edx_assets.exports.release.search import Levels, release_classes
from edx_assets.exports.release.sets import thin

_TWO_DIGITS = """
CREATE MACRO two_digits(number) AS try_cast(
    CASE
        WHEN number < 100 THEN round(number)
        ELSE round(number / 10 ** (floor(log10(number)) - 1)) * 10 ** (floor(log10(number)) - 1)
    END AS BIGINT
)
"""
"""Null where it is no number, or too large for one."""


@dataclass(frozen=True)
class Rules:
    """What a release has to keep: `k`, the quasi-identifiers, whether a learner's rows are joined.

    Rows that are not joined have an id each, and a class is then one of a course alone.
    """

    k: int
    quasi: tuple[Quasi, ...]
    joined: bool = True


@dataclass(frozen=True)
class Deidentified:
    """What was done: rows of staff, rows dropped and why, and the levels of each stage.

    After the last stage, all values of a row are hidden.
    """

    staff: int
    dropped_for_courses: int
    dropped_for_class: int
    stages: list[Levels]


def deidentify(
    database: DuckDBPyConnection, sources: Sequence[Source], rules: Rules, key: bytes, salt: str,
    target: Path,
) -> Deidentified:  # fmt: skip
    """Write the released rows of courses to a Parquet file, and return what was done.

    The same sources, rules, key and salt give the same bytes. The tables `rows` and `released` stay
    in the engine.
    """
    database.execute(_TWO_DIGITS)
    staff = read_rows(database, sources, rules.quasi, rules.joined)
    name_learners(database, key, salt)
    for_courses = thin(database, rules.k)
    stages = release_classes(database, rules.quasi, rules.k)
    for_class = thin(database, rules.k)
    database.execute("INSERT INTO released SELECT person, course, ? FROM codes", [len(stages)])
    columns = [f"{_value(at, each, stages)} AS {each.name}" for at, each in enumerate(rules.quasi)]
    columns += [
        f"{_shown(column.name, value, rules, stages)} AS {column.name}"
        for column, value in plain(rules.quasi)
    ]
    database.execute(
        f"COPY (SELECT course AS course_id, learner, {', '.join(columns)}"
        " FROM released JOIN rows USING (person, course) JOIN learners USING (person)"
        f" ORDER BY course_id, learner) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    return Deidentified(staff, for_courses, for_class, stages)


def _value(at: int, quasi: Quasi, stages: Sequence[Levels]) -> str:
    """A quasi-identifier, as fine as the stage of its row has it."""
    cases = " ".join(
        f"WHEN {number} THEN {quasi.levels[levels[at]].value}"
        for number, levels in enumerate(stages)
        if levels[at] < quasi.top
    )
    hidden = literal(HIDDEN)
    return f"CASE stage {cases} ELSE {hidden} END" if cases else hidden


def _shown(name: str, value: str, rules: Rules, stages: Sequence[Levels]) -> str:
    """A column, emptied where it would tell a quasi-identifier that is hidden."""
    hidden = {
        number
        for at, quasi in enumerate(rules.quasi)
        if name in quasi.betrays
        for number in range(len(stages) + 1)
        if number == len(stages) or stages[number][at] == quasi.top
    }
    if not hidden:
        return value
    return f"CASE WHEN stage NOT IN ({', '.join(map(str, sorted(hidden)))}) THEN {value} END"
