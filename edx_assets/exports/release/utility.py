"""What a release is worth: what studies count, before and after, and how much detail is left.

The numbers before are of people who are not in the release: they stay with the institution.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from edx_assets.datasets.engine import literal
from edx_assets.exports.release.columns import Quasi
from edx_assets.exports.release.search import Levels

Numbers = dict[str, Any]

_MEASURES = {
    "rows": "count(*)",
    "learners": "count(DISTINCT {person})",
    "viewed": "round(avg(viewed::INT), 4)",
    "explored": "round(avg(explored::INT), 4)",
    "certified": "round(avg(certified::BOOLEAN::INT), 4)",
    "completed": "round(avg(completed::INT), 4)",
    "mean_grade": "round(avg(grade), 4)",
    "sd_grade": "round(stddev_samp(grade), 4)",
    "mean_nevents": "round(avg(nevents), 2)",
    "mean_ndays_act": "round(avg(ndays_act), 2)",
}


def measured(
    database: DuckDBPyConnection, handed: Path, quasi: Sequence[Quasi]
) -> dict[str, dict[str, Numbers]]:
    """The measures `before` and `after`: of `all` courses, and of each.

    `certified` and its like are shares of the rows that tell it.

    Args:
        database: the engine, with the table `rows`.
        handed: the released rows, a Parquet file.
        quasi: the chosen quasi-identifiers.
    """
    shown = f"(SELECT * FROM {literal(handed)})"
    if any(each.name == "certified" for each in quasi):
        shown = f"(SELECT * REPLACE (nullif(certified, '*') AS certified) FROM {literal(handed)})"
    told: dict[str, dict[str, Numbers]] = {}
    for name, source, person, course in (
        ("before", "rows", "person", "course"),
        ("after", shown, "learner", "course_id"),
    ):
        measures = ", ".join(_MEASURES.values()).format(person=person)
        found = database.execute(
            f"SELECT coalesce({course}, 'all'), {measures} FROM {source}"
            f" GROUP BY GROUPING SETS ((), ({course})) ORDER BY grouping({course}) DESC, {course}"
        ).fetchall()
        told[name] = {row[0]: dict(zip(_MEASURES, row[1:], strict=True)) for row in found}
    return told


def detail(
    database: DuckDBPyConnection, handed: Path, quasi: Sequence[Quasi], stages: Sequence[Levels]
) -> dict[str, Numbers]:
    """For each quasi-identifier: how many rows have it at which level, and its entropy in bits.

    What `person_course` does not know is `unknown`, unless it is hidden.
    """
    told: dict[str, Numbers] = {}
    for at, each in enumerate(quasi):
        name, finest = each.name, each.levels[0].value
        levels = [*(level.told for level in each.levels), "hidden"]
        of_stage = [levels[stage[at]] for stage in stages] + ["hidden"]
        rows = dict.fromkeys([*levels, "unknown"], 0)
        for stage, unknown, number in database.execute(f"""
            SELECT stage, {finest} IS NULL, count(*) FROM released JOIN rows USING (person, course)
            GROUP BY ALL
        """).fetchall():
            level = of_stage[stage]
            rows["unknown" if unknown and level != "hidden" else level] += number
        [(before,)] = database.execute(
            f"SELECT entropy(coalesce('=' || {finest}, '')) FROM rows"
        ).fetchall()
        [(after,)] = database.execute(
            f"SELECT entropy(coalesce('=' || {name}, '')) FROM {literal(handed)}"
        ).fetchall()
        told[name] = {
            "rows": rows,
            "entropy_before": round(abs(before or 0), 3),
            "entropy_after": round(abs(after or 0), 3),
        }
    return told


def uniform(
    database: DuckDBPyConnection, handed: Path, quasi: Sequence[Quasi]
) -> dict[str, Numbers]:
    """How many classes of a course have one result alone, and how many rows these have.

    Of whoever is known to be in such a class, the result is known.
    """
    chosen = [each.name for each in quasi]
    tests = {"the same grade": "count(grade) = count(*) AND min(grade) = max(grade)"}
    if "certified" not in chosen:
        tests |= {
            "all certified": "bool_and(certified)",
            "none certified": "NOT bool_or(certified)",
        }
    columns = ", ".join(["course_id", *chosen])
    told: dict[str, Numbers] = {}
    for name, test in tests.items():
        [(classes, rows)] = database.execute(
            "SELECT count(*), coalesce(sum(rows), 0) FROM"
            f" (SELECT count(*) AS rows FROM {literal(handed)} GROUP BY {columns} HAVING {test})"
        ).fetchall()
        told[name] = {"classes": int(classes), "rows": int(rows)}
    return told
