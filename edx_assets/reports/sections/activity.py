"""Learners who did something, week by week."""

from duckdb import DuckDBPyConnection

from edx_assets.reports.charts import by_week
from edx_assets.reports.content import Content, Section, Table
from edx_assets.reports.published import learners

_WEEKS = """
SELECT week, coalesce(count(DISTINCT user_id), 0)
FROM (SELECT min(day) AS first, max(day) AS last FROM person_day)
CROSS JOIN generate_series(
    date_trunc('week', first)::TIMESTAMP, last::TIMESTAMP, INTERVAL 7 DAY
) AS weeks (week)
LEFT JOIN person_day ON date_trunc('week', day) = week
GROUP BY week
ORDER BY week
"""


def draw(session: DuckDBPyConnection) -> Content | None:
    """Active learners by week, and how many there were at all."""
    weeks = [(week.date(), number) for week, number in session.execute(_WEEKS).fetchall()]
    if not weeks:
        return None
    [[total]] = session.execute("SELECT count(DISTINCT user_id) FROM person_day").fetchall()
    rows = [(monday, learners(number)) for monday, number in weeks]
    busiest, most = max(rows, key=lambda week: week[1].drawn or 0)
    text = (
        f"{learners(total).text} learners did something in the course. The busiest week is that of"
        f" {busiest:%-d %B %Y}, with {most.text}."
    )
    return Content(
        text=text,
        chart=by_week(rows, "learners", f"Bars: active learners in each week. {text}"),
        tables=(
            Table(
                "Active learners by week",
                ("Week from Monday", "Learners"),
                [(str(monday), number) for monday, number in rows],
                folded=True,
            ),
        ),
    )


SECTION = Section(
    name="activity",
    title="Active learners by week",
    needs=("person_day",),
    draw=draw,
    nothing="No learner has an event in the time of the course.",
)
