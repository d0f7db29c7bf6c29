"""Charts over time as SVG: numbers and a caption in, no query here.

Nothing is left for the browser to compute, so that a page needs no script.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import altair as alt
import vl_convert

from edx_assets.reports.content import Chart
from edx_assets.reports.published import LEAST, Published

_WIDE, _NARROW, _HEIGHT = 620, 270, 200  # pixels, without the axes
_LABEL = 110  # pixels: what the label of a day takes
_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]  # Okabe and Ito's
_DASHES = [[1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3]]
_SVG = re.compile(r"<svg [^>]*?width=\"([\d.]+)\" height=\"([\d.]+)\"[^>]*>")


def by_week(weeks: Sequence[tuple[date, Published]], unit: str, alt_text: str) -> Chart:
    """Bars, one a week, by the week's Monday (UTC)."""
    values = [
        {
            "from": str(monday),
            "to": str(monday + timedelta(days=7)),
            "number": number.drawn,
            "nothing": 0,
            "told": unit if not number.pale else f"under {LEAST}",
        }
        for monday, number in weeks
        if number.drawn
    ]
    data = alt.InlineData(values=values)
    chart = alt.Chart(data).mark_rect(stroke="currentColor", strokeOpacity=0.3, strokeWidth=0.5)
    bars = chart.encode(
        x2="to:T",
        y=alt.Y("number:Q", title=unit, axis=alt.Axis(tickMinStep=LEAST)),
        y2="nothing:Q",
        color=alt.Color(
            "told:N",
            scale=alt.Scale(domain=[unit, f"under {LEAST}"], range=[_COLOURS[0], "#8885"]),
            legend=None,
        ),
    )
    mondays = [monday for monday, _number in weeks]
    return _drawn(bars, "from:T", [*mondays, mondays[-1] + timedelta(days=7)], alt_text)


def over_time(
    series: Mapping[str, Sequence[tuple[date, Published]]], unit: str, alt_text: str
) -> Chart:
    """Lines, one for each name; where a number is not told, there is a gap."""
    names = list(series)
    values = [
        {
            "day": str(day),
            "name": name,
            "number": None if number.pale else number.drawn,
        }
        for name, numbers in series.items()
        for day, number in numbers
    ]
    data = alt.InlineData(values=values)
    chart = alt.Chart(data).mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=12))
    lines = chart.encode(
        y=alt.Y("number:Q", title=unit, axis=alt.Axis(tickMinStep=LEAST)),
        color=alt.Color(
            "name:N",
            sort=names,
            scale=alt.Scale(domain=names, range=_cycled(_COLOURS, len(names))),
            legend=alt.Legend(title=None, orient="top", columns=4, symbolType="stroke"),
        ),
        strokeDash=alt.StrokeDash(
            "name:N", scale=alt.Scale(domain=names, range=_cycled(_DASHES, len(names)))
        ),
    )
    days = sorted({day for numbers in series.values() for day, _number in numbers})
    return _drawn(lines, "day:T", days, alt_text)


def _cycled(values: Sequence[Any], length: int) -> list[Any]:
    return [values[n % len(values)] for n in range(length)]


def _drawn(chart: alt.Chart, field: str, days: Sequence[date], alt_text: str) -> Chart:
    wide, narrow = (_svg(chart, field, days, width) for width in (_WIDE, _NARROW))
    return Chart(alt=alt_text, wide=wide, narrow=narrow)


def _svg(chart: alt.Chart, field: str, days: Sequence[date], width: int) -> str:
    """A chart with an axis of days, some of which have a label, as many as there is room for."""
    moments = [
        datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000 for day in days
    ]
    labelled = moments[:: -(-len(moments) * _LABEL // width)]
    time = alt.X(
        field,
        title=None,
        scale=alt.Scale(type="utc", domain=[moments[0], moments[-1]]),
        axis=alt.Axis(format="%-d %b %Y", values=labelled, labelFlush=True, grid=False),
    )
    axes = {f"{part}Color": "currentColor" for part in ("label", "title", "tick", "domain", "grid")}
    sized = (
        chart.encode(x=time)
        .properties(width=width, height=_HEIGHT)
        .configure(aria=False, background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(**axes, gridOpacity=0.15, labelFontSize=12, titleFontWeight="normal")
        .configure_legend(labelColor="currentColor", labelFontSize=12)
    )
    drawn = vl_convert.vegalite_to_svg(sized.to_dict())
    return _SVG.sub(r'<svg viewBox="0 0 \1 \2" width="\1" height="\2" aria-hidden="true">', drawn)
