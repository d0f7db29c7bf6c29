"""The rows of all courses in one table of the engine, and what is alike at each level of detail.

Which of them are released, and at which level, is decided in `sets` and `search`.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection

from edx_assets.datasets.engine import literal
from edx_assets.edx.regions import regions
from edx_assets.exports.release.columns import Quasi

_DIGITS = 20  # of hexadecimal: 80 bits, so that no two learners get the same


@dataclass(frozen=True)
class Source:
    """A course's file of `person_course`. Ids of users are those of a site."""

    course: str
    site: str
    path: Path


def read_rows(
    database: DuckDBPyConnection, sources: Sequence[Source], quasi: Sequence[Quasi], joined: bool
) -> int:
    """Make the tables `rows` and `codes`; return how many rows of staff were left out.

    `rows` has `person_course` of every course, with the number of the person. `codes` has for each
    row, quasi-identifier and level a hash of its value. Who wants to know what is alike compares
    these: that the values themselves are is seen in `proof`.

    Args:
        database: the engine.
        sources: the courses.
        quasi: the chosen quasi-identifiers.
        joined: whether a learner is one person in all courses, or another in each.
    """
    told = [(country, *where) for country, where in regions().items()]
    _insert(database, "regions", ("home", "home_region", "home_continent"), told)
    read = " UNION ALL BY NAME ".join(
        f"SELECT *, {literal(each.course)} AS course, {literal(each.site)} AS site"
        f" FROM {literal(each.path)}"
        for each in sources
    )
    who = "site, user_id" if joined else "course, user_id"
    database.execute(f"""
        CREATE TABLE rows AS
        SELECT told.*, home_region, home_continent, dense_rank() OVER (ORDER BY {who}) AS person
        FROM (
            SELECT *, upper(coalesce(cc_by_ip, profile_country)) AS home FROM ({read})
            WHERE user_id IS NOT NULL AND roles IS DISTINCT FROM 'Staff'
        ) AS told
        LEFT JOIN regions USING (home)
    """)
    codes = [
        f"{_hash(f'{at} {level}', told.value)} AS {code(at, level)}"
        for at, each in enumerate(quasi)
        for level, told in enumerate(each.levels)
    ]
    columns = ", ".join(["person", "course", f"{_hash('course', 'NULL')} AS course_code", *codes])
    database.execute(f"CREATE TABLE codes AS SELECT {columns} FROM rows")
    [(staff,)] = database.execute(
        f"SELECT (SELECT count(*) FROM ({read})) - (SELECT count(*) FROM rows)"
    ).fetchall()
    return int(staff)


def code(at: int, level: int) -> str:
    """The column of `codes` for a quasi-identifier (by its place among the chosen) at a level."""
    return f"code_{at}_{level}"


def name_learners(database: DuckDBPyConnection, key: bytes, salt: str) -> None:
    """Make the table `learners`: an id for each person that nobody can tell without the key.

    Another salt gives other ids, so that two releases cannot be joined by them.
    """
    people = database.execute("SELECT DISTINCT person FROM rows").fetchall()
    named = [
        (person, hmac.digest(key, f"{salt} {person}".encode(), "sha256").hex()[:_DIGITS])
        for (person,) in people
    ]
    _insert(database, "learners", ("person", "learner"), named)


def _hash(of: str, value: str) -> str:
    """A hash of a course's value. DuckDB's `hash` will not do: different ones can have one xor."""
    told = f"coalesce('=' || {value}, '')"
    return f"md5_number_lower({literal(of)} || chr(0) || course || chr(0) || {told})"


def _insert(
    database: DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    cells = zip(*rows, strict=True) if rows else [()] * len(columns)
    given = pa.table(dict(zip(columns, map(pa.array, cells), strict=True)))
    database.register("given", given)
    database.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    database.unregister("given")
