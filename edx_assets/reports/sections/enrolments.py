"""Learners who are enrolled, by mode, over time."""

from datetime import date

from duckdb import DuckDBPyConnection

from edx_assets.reports.charts import over_time
from edx_assets.reports.content import Content, Section, Table
from edx_assets.reports.published import Published, learners

_SUNDAYS = """
SELECT day, mode, enrolled FROM enrolment_by_day
WHERE isodow(day) = 7 OR day = (SELECT max(day) FROM enrolment_by_day)
ORDER BY mode, day
"""


def draw(session: DuckDBPyConnection) -> Content | None:
    """Enrolments in each mode at the end of each week, and of the last day."""
    series: dict[str, list[tuple[date, Published]]] = {}
    for day, mode, enrolled in session.execute(_SUNDAYS).fetchall():
        series.setdefault(mode, []).append((day, learners(enrolled)))
    if not series:
        return None
    modes = sorted(series, key=lambda mode: (-(series[mode][-1][1].drawn or 0), mode))
    series = {mode: series[mode] for mode in modes}
    last = max(days[-1][0] for days in series.values())
    told = ", ".join(f"{series[mode][-1][1].text} {mode}" for mode in modes)
    text = (
        f"Enrolled at the end of {last:%-d %B %Y}: {told}. Counted from events: learners who"
        " enrolled before the first day of the logs are not in it."
    )
    at = {(mode, day): number for mode, days in series.items() for day, number in days}
    days = sorted({day for _mode, day in at})
    return Content(
        text=text,
        chart=over_time(series, "learners", f"Lines: enrolled learners in each mode. {text}"),
        tables=(
            Table(
                "Enrolled at the end of each week, by mode",
                ("Day", *modes),
                [(str(day), *(at.get((mode, day), learners(0)) for mode in modes)) for day in days],
                folded=True,
            ),
        ),
    )


SECTION = Section(
    name="enrolments",
    title="Enrolments by mode",
    needs=("enrolment_by_day",),
    draw=draw,
    nothing="The logs have no enrolment event of this course.",
)
