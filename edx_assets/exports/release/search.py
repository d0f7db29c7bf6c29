"""How far each quasi-identifier is coarsened, and for whom: by stages, each for who is left.

A class is what persons are alike in: the courses they took and, in each, every quasi-identifier.
A stage looks for the levels at which least is lost, and releases the classes of `k` or more.
"""

from collections.abc import Iterable, Iterator, Sequence

from duckdb import DuckDBPyConnection

from edx_assets.exports.release.columns import Quasi
from edx_assets.exports.release.rows import code

Levels = tuple[int, ...]
"""A level for each chosen quasi-identifier, from 0; the number of its levels means hidden."""

_STAGES = 12
"""At most: what is left after so many are few, and all their values are hidden."""


def release_classes(database: DuckDBPyConnection, quasi: Sequence[Quasi], k: int) -> list[Levels]:
    """Move the rows of `codes` whose class is large enough into the table `released`, by stages.

    Each row there has the number of its stage; the levels of each stage are returned. The rows
    that stay in `codes` can only be released with all values hidden.
    """
    database.execute("CREATE TABLE released (person BIGINT, course VARCHAR, stage INTEGER)")
    top = tuple(each.top for each in quasi)
    stages: list[Levels] = []
    while len(stages) < _STAGES:
        levels = _best(database, top, k)
        if levels is None:
            break
        database.execute(
            f"CREATE OR REPLACE TABLE large AS SELECT person FROM ({_persons(levels, top)})"
            " QUALIFY count(*) OVER (PARTITION BY alike) >= ?",
            [k],
        )
        database.execute(
            "INSERT INTO released SELECT person, course, ? FROM codes SEMI JOIN large"
            " USING (person)",
            [len(stages)],
        )
        database.execute("DELETE FROM codes WHERE person IN (SELECT person FROM large)")
        stages.append(levels)
    return stages


def _best(database: DuckDBPyConnection, top: Levels, k: int) -> Levels | None:
    """The levels at which least is lost, of those that are tried: there are too many for all.

    First on a way from the finest to all hidden, each step where it loses least; then back from the
    best of these, as long as that brings detail back. None if there is no class of `k`, unless all
    is hidden.
    """

    def least(tried: Iterable[Levels]) -> tuple[float, float, Levels]:
        return min((_loss(database, each, top, k), _detail(each, top), each) for each in tried)

    here = (0,) * len(top)
    best = least([here])
    while here != top:
        step = least(_steps(here, top, 1))
        here = step[-1]
        best = min(best, step)
    while (finer := [*_steps(best[-1], top, -1)]) and (step := least(finer))[0] < best[0]:
        best = step
    return best[-1] if best[0] < 1 else None


def _steps(levels: Levels, top: Levels, by: int) -> Iterator[Levels]:
    """The levels that differ in one quasi-identifier."""
    for at, level in enumerate(levels):
        if 0 <= level + by <= top[at]:
            yield (*levels[:at], level + by, *levels[at + 1 :])


def _loss(database: DuckDBPyConnection, levels: Levels, top: Levels, k: int) -> float:
    """The share of detail that is lost, 0 to 1, where classes that are too small lose all.

    A hidden value is lost; one at its coarsest level, half of it; and evenly in between.
    """
    if levels == top:
        return 1
    [(rows, large)] = database.execute(
        f"""
        SELECT sum(rows), coalesce(sum(rows) FILTER (persons >= ?), 0) FROM (
            SELECT sum(rows) AS rows, count(*) AS persons FROM ({_persons(levels, top)})
            GROUP BY alike
        )
        """,
        [k],
    ).fetchall()
    if not rows:
        return 1
    return float((large * _detail(levels, top) + (rows - large)) / rows)


def _detail(levels: Levels, top: Levels) -> float:
    """The share of detail that a row loses at these levels."""
    lost = (
        1 if level == most else level / max(2 * (most - 1), 1)
        for level, most in zip(levels, top, strict=True)
    )
    return sum(lost) / max(len(top), 1)


def _persons(levels: Levels, top: Levels) -> str:
    """A query for each person's number of rows, and a hash of the person's class."""
    alike = "course_code"
    for at, level in enumerate(levels):
        if level < top[at]:
            alike = f"xor({alike}, {code(at, level)})"
    # in any order: each value has a hash of its own in each course
    return f"SELECT person, count(*) AS rows, bit_xor({alike}) AS alike FROM codes GROUP BY person"
