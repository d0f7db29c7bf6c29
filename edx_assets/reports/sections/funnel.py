"""How many of those who registered came how far: viewed, explored, completed, certified."""

from duckdb import DuckDBPyConnection

from edx_assets.reports.content import Bars, Content, Name, Section, Table
from edx_assets.reports.published import learners, share

_STAGES = {
    "registered": "are in the tables of the package",
    "viewed": "were in a chapter",
    "explored": "were in at least half of the chapters",
    "completed": "reached the grade to pass, or have a certificate",
    "certified": "have a certificate",
}


def draw(session: DuckDBPyConnection) -> Content | None:
    """Each stage with its learners, and their share of those who registered."""
    counted = ", ".join(
        f"CASE WHEN count({stage}) > 0 THEN count(*) FILTER ({stage}) END" for stage in _STAGES
    )
    [numbers] = session.execute(f"SELECT {counted} FROM person_course").fetchall()  # noqa: S608
    registered = numbers[0]
    if not registered:
        return None
    full = learners(registered).drawn or 0
    stages = zip(_STAGES.items(), map(learners, numbers), numbers, strict=True)
    rows = [
        (Name(stage.capitalize(), meaning), Bars((told,), full), share(number, registered))
        for (stage, meaning), told, number in stages
    ]
    known = [
        f"{learners(number).text} {stage}"
        for stage, number in zip(_STAGES, numbers, strict=True)
        if number is not None
    ]
    caption = "Learners at each stage, and their share of those who registered"
    return Content(
        text=f"Of the course's learners: {', '.join(known)}.",
        tables=(Table(caption, ("Stage", "Learners", "Share"), rows),),
    )


SECTION = Section(
    name="funnel",
    title="From registration to certificate",
    needs=("person_course",),
    draw=draw,
    nothing="Nobody has registered.",
)
