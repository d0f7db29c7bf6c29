"""The forum, week by week: posts, who wrote them, and who was there."""

from duckdb import DuckDBPyConnection

from edx_assets.reports.charts import by_week
from edx_assets.reports.content import Content, Section, Table
from edx_assets.reports.published import learners, of_learners

_WEEKS = """
WITH posts AS (
    SELECT
        date_trunc('week', first_time) AS week,
        count(*) AS posts,
        count(DISTINCT user_id) AS authors
    FROM forum_posts WHERE first_time IS NOT NULL GROUP BY week
),
visits AS (
    SELECT date_trunc('week', time) AS week, count(DISTINCT user_id) AS visitors
    FROM forum_events GROUP BY week
),
seen AS (SELECT week FROM posts UNION SELECT week FROM visits)
SELECT
    week,
    coalesce(posts.posts, 0),
    coalesce(posts.authors, 0),
    coalesce(visits.visitors, 0)
FROM (
    SELECT unnest(generate_series(min(week)::TIMESTAMP, max(week)::TIMESTAMP, INTERVAL 7 DAY))
        AS week
    FROM seen
)
LEFT JOIN posts USING (week)
LEFT JOIN visits USING (week)
ORDER BY week
"""


def draw(session: DuckDBPyConnection) -> Content | None:
    """Posts, authors and visitors in each week."""
    found = session.execute(_WEEKS).fetchall()
    if not found:
        return None
    [[authors]] = session.execute("SELECT count(DISTINCT user_id) FROM forum_posts").fetchall()
    [[visitors]] = session.execute("SELECT count(DISTINCT user_id) FROM forum_events").fetchall()
    rows = [
        (week.date(), of_learners(posts, wrote), learners(wrote), learners(came))
        for week, posts, wrote, came in found
    ]
    text = (
        f"{learners(authors).text} people have written in the forum, and {learners(visitors).text}"
        " learners have been there while the logs were kept. Posts of a week are told where ten"
        " people or more wrote them."
    )
    posts_by_week = [(monday, posts) for monday, posts, _authors, _visitors in rows]
    chart = None
    if any(posts.drawn for _monday, posts in posts_by_week):
        chart = by_week(posts_by_week, "posts", f"Bars: posts in each week. {text}")
    return Content(
        text=text,
        chart=chart,
        tables=(
            Table(
                "The forum by week",
                ("Week from Monday", "Posts", "Authors", "Visitors"),
                [(str(monday), *numbers) for monday, *numbers in rows],
                folded=True,
            ),
        ),
    )


SECTION = Section(
    name="forum",
    title="Forum by week",
    needs=("forum_posts",),
    uses=("forum_events",),
    draw=draw,
    nothing="Nobody has written in the forum, and no event tells of a visit.",
)
