"""Where learners are, by country."""

from duckdb import DuckDBPyConnection

from edx_assets.reports.content import Bars, Content, Section, Table
from edx_assets.reports.published import LEAST, learners, share

_COUNTRIES = """
SELECT coalesce("countryLabel", cc_by_ip) AS country, count(DISTINCT user_id) AS learners
FROM person_places
WHERE country IS NOT NULL
GROUP BY country
ORDER BY country
"""


def draw(session: DuckDBPyConnection) -> Content | None:
    """The countries with ten learners or more, and how many others there are."""
    found = session.execute(_COUNTRIES).fetchall()
    if not found:
        return None
    total = sum(number for _country, number in found)
    told = [each for each in found if each[1] >= LEAST]
    told.sort(key=lambda each: -(learners(each[1]).drawn or 0))
    full = max((learners(number).drawn or 0 for _country, number in told), default=0)
    text = f"The addresses of {learners(total).text} learners tell a country."
    if few := len(found) - len(told):
        countries = "country" if few == 1 else "countries"
        text += f" Left out: {few} {countries} with under ten learners."
    rows = [
        (country, Bars((learners(number),), full), share(number, total)) for country, number in told
    ]
    caption = "Countries, those first with the most learners"
    table = Table(caption, ("Country", "Learners", "Share"), rows)
    return Content(text=text, tables=(table,) if rows else ())


SECTION = Section(
    name="countries",
    title="Countries",
    needs=("person_places",),
    draw=draw,
    nothing="No database of places is set (EDX_GEOIP_DB), or it has no country of an address.",
)
