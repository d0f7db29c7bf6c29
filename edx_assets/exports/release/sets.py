"""The set of courses that a person took: it tells a person as well, and k have to share it.

The method is that of HarvardX and MITx: who took courses that too few others took loses some of
the rows. Here these are the rows of the courses with the fewest learners.
"""

from duckdb import DuckDBPyConnection

_SMALL = """
CREATE OR REPLACE TABLE small AS
SELECT person, courses FROM (
    SELECT person, count(*) AS courses, bit_xor(course_code) AS taken FROM codes GROUP BY person
)
QUALIFY count(*) OVER (PARTITION BY taken) < ?
"""


def thin(database: DuckDBPyConnection, k: int) -> int:
    """Delete rows of `codes` until each set of courses is that of `k` persons; return how many.

    Who shares the set with enough others keeps all rows: nobody ever leaves such a set.
    """
    database.execute(
        "CREATE OR REPLACE TABLE sizes AS"
        " SELECT course, count(*) AS learners FROM codes GROUP BY course"
    )
    dropped = 0
    while True:
        database.execute(_SMALL, [k])
        [(persons, most)] = database.execute("SELECT count(*), max(courses) FROM small").fetchall()
        if persons and most == 1:
            database.execute("DELETE FROM codes WHERE person IN (SELECT person FROM small)")
            dropped += persons
        elif persons:
            [(rows,)] = database.execute("""
                DELETE FROM codes
                USING (
                    SELECT person, arg_min(course, (learners, course)) AS course
                    FROM codes JOIN sizes USING (course) JOIN small USING (person)
                    WHERE courses > 1
                    GROUP BY person
                ) AS rarest
                WHERE codes.person = rarest.person AND codes.course = rarest.course
            """).fetchall()
            dropped += rows
            continue
        return int(dropped)
