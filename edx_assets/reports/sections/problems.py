"""Problems by difficulty: who was right at the first and the last attempt, and attempts."""

from duckdb import DuckDBPyConnection

from edx_assets.reports.content import Bars, Cell, Content, Name, Section, Table
from edx_assets.reports.published import LEAST, learners, of_learners, share

_AT_ONCE = 25

_PROBLEMS = """
SELECT
    coalesce(block.name, regexp_extract(module_id, '[^@/]*$')) AS name,
    coalesce(chapter.name, '') AS chapter,
    count(*) AS learners,
    count(*) FILTER (first_right),
    count(*) FILTER (last_right),
    avg(attempts)
FROM (
    SELECT
        module_id,
        user_id,
        arg_min(coalesce(success = 'correct', FALSE), (time, event_id)) AS first_right,
        arg_max(coalesce(success = 'correct', FALSE), (time, event_id)) AS last_right,
        greatest(max(attempts), count(*)) AS attempts
    FROM problem_check
    WHERE user_id IS NOT NULL AND module_id IS NOT NULL
    GROUP BY module_id, user_id
)
LEFT JOIN course_axis AS block USING (module_id)
LEFT JOIN course_axis AS chapter ON chapter.module_id = block.chapter_id
GROUP BY module_id, block.name, chapter.name
ORDER BY min(block.index) NULLS LAST, module_id
"""


def draw(session: DuckDBPyConnection) -> Content | None:
    """The problems that ten learners or more have tried, the hardest first."""
    problems = session.execute(_PROBLEMS).fetchall()
    if not problems:
        return None
    told = [
        (Name(name, chapter), number, share(first, number), share(last, number), attempts)
        for name, chapter, number, first, last, attempts in problems
        if number >= LEAST
    ]
    told.sort(key=lambda each: 100 if each[2].drawn is None else each[2].drawn)
    rows: list[tuple[Cell, ...]] = [
        (name, learners(number), Bars((first, last)), of_learners(attempts, number, digits=1))
        for name, number, first, last, attempts in told
    ]
    text = f"Learners have answered {len(problems)} problems."
    if few := len(problems) - len(rows):
        text += f" Left out: {few} that fewer than ten learners tried."
    columns = ("Problem", "Learners", "Right at the first and the last attempt", "Attempts")
    caption = "Problems, those first that the fewest got right at the first attempt; mean attempts."
    tables = [Table(caption, columns, rows[:_AT_ONCE])] if rows else []
    if more := rows[_AT_ONCE:]:
        tables.append(Table(f"The other {len(more)} problems", columns, more, folded=True))
    return Content(text=text, tables=tuple(tables))


SECTION = Section(
    name="problems",
    title="Problems by difficulty",
    needs=("problem_check",),
    uses=("course_axis",),
    draw=draw,
    nothing="No learner has submitted an answer to a problem.",
)
