"""How far learners came: who was in each chapter, and who tried its problems."""

from duckdb import DuckDBPyConnection

from edx_assets.reports.content import Bars, Content, Section, Table
from edx_assets.reports.published import Published, learners

_CHAPTERS = """
WITH blocks AS (
    SELECT * FROM course_axis WHERE NOT coalesce(visible_to_staff_only, FALSE)
),
visits AS (
    SELECT
        coalesce(block.chapter_id, block.module_id) AS chapter_id,
        count(DISTINCT user_id) AS learners
    FROM time_on_asset
    INNER JOIN blocks AS block USING (module_id)
    GROUP BY ALL
),
problems AS (
    SELECT chapter_id, count(*) AS problems FROM blocks WHERE category = 'problem' GROUP BY ALL
),
tried AS (
    SELECT chapter_id, count(*) AS learners
    FROM (
        SELECT block.chapter_id, user_id, count(DISTINCT module_id) AS problems
        FROM problem_check
        INNER JOIN blocks AS block USING (module_id)
        WHERE user_id IS NOT NULL AND block.category = 'problem'
        GROUP BY ALL
    ) AS each_learner
    INNER JOIN problems USING (chapter_id)
    WHERE 2 * each_learner.problems >= problems.problems
    GROUP BY ALL
)
SELECT
    chapter.name,
    coalesce(visits.learners, 0),
    problems.problems,
    coalesce(tried.learners, 0)
FROM blocks AS chapter
LEFT JOIN visits ON visits.chapter_id = chapter.module_id
LEFT JOIN problems ON problems.chapter_id = chapter.module_id
LEFT JOIN tried ON tried.chapter_id = chapter.module_id
WHERE chapter.category = 'chapter'
ORDER BY chapter.index
"""


def draw(session: DuckDBPyConnection) -> Content | None:
    """Each chapter with the learners who were there, and who tried half of its problems."""
    chapters = session.execute(_CHAPTERS).fetchall()
    if not any(there for _name, there, _problems, _tried in chapters):
        return None
    [[active]] = session.execute("SELECT count(DISTINCT user_id) FROM person_day").fetchall()
    full = learners(active).drawn or 0
    rows = [
        (
            name,
            Bars((learners(there),), full),
            Bars((learners(tried),), full) if problems else Published("no problems"),
        )
        for name, there, problems, tried in chapters
    ]
    return Content(
        text=f"Of {learners(active).text} active learners, so many were in each chapter (they have"
        " an event about one of its blocks), and so many submitted answers to at least half of its"
        " problems.",
        tables=(
            Table(
                "Chapters in the order of the course, with their learners",
                ("Chapter", "Were there", "Tried half of the problems"),
                rows,
            ),
        ),
    )


SECTION = Section(
    name="chapters",
    title="Completion by chapter",
    needs=("course_axis", "time_on_asset", "problem_check", "person_day"),
    draw=draw,
    nothing="No event is about a block of a chapter that is in the course's structure.",
)
