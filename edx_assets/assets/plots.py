"""Plots in the metadata of assets: pure functions from counts and days to Markdown.

Small ones are drawn with characters, because the event log keeps them for ever. The coverage, made
once a day, is an SVG, which Dagster's UI shows inside Markdown's `![]()`.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

_HEIGHTS = " ▁▂▃▄▅▆▇█"

LOADED, REJECTED, NO_FILE, HALF, MISSING, LATE = "LRNHM-"
"""The marks of days, one letter each."""

_MEANINGS = {
    LOADED: ("#2ca25f", "█", "loaded"),
    REJECTED: ("#b0c92b", "▓", "loaded, over 1% of the lines rejected"),
    NO_FILE: ("#b5cfe0", "░", "no file"),
    HALF: ("#8e6bbf", "▒", "half loaded, or loading now"),
    MISSING: ("#de2d26", "!", "missing"),
    LATE: ("#f0a830", "-", "late: not here yet"),
}
"""Each mark's colour, its character where there are no colours, and its caption."""

_WORST_FIRST = (MISSING, HALF, REJECTED, LATE, LOADED, NO_FILE)
_MONTHS_BY_DAY = 12
_CELL, _LINE, _LABEL = 9, 13, 56  # pixels: a cell, a row, the labels


def bars(counts: Sequence[int]) -> str:
    """One bar character per count, scaled to the largest; only zero is blank."""
    top = max(counts, default=0)
    return "".join(_HEIGHTS[-(-8 * count // top) if count else 0] for count in counts)


def by_hour(counts: Sequence[int]) -> str:
    """Events in each hour of a day (24 counts, UTC) as Markdown."""
    return _block(f"{bars(counts)}|  {max(counts):,} an hour at most", "0     6     12    18")


def by_week(weeks: Mapping[str, int]) -> str:
    """Events in each week as Markdown, from their number by the week's Monday (YYYY-MM-DD)."""
    if not weeks:
        return "no events"
    first, last = date.fromisoformat(min(weeks)), date.fromisoformat(max(weeks))
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    counts = [weeks.get(str(monday), 0) for monday in mondays]
    rows = [
        f"{mondays[start]} |{bars_of}|"
        for start, bars_of in _rows(bars(counts), 52)  # one year per row
    ]
    return _block(*rows, f"{max(counts):,} a week at most")


PLOTS: dict[str, Callable[[Any], str]] = {"events_by_hour": by_hour, "events_by_week": by_week}
"""Metadata keys whose values are shown as plots."""


def coverage(days: Mapping[date, str]) -> str:
    """Days and their marks as an image in Markdown: years by week, and the last months by day."""
    if not days:
        return "no day is loaded yet"
    image = b64encode(svg(coverage_rows(days)).encode()).decode()
    return f"![days that are loaded, missing or late](data:image/svg+xml;base64,{image})"


def last_days(days: Mapping[date, str]) -> str:
    """The last three months by day, in characters: Markdown short enough to be shown at once.

    Dagster 1.13 hides metadata of 1,000 characters or more behind a click.
    """
    if not days:
        return "no day is loaded yet"
    letters = str.maketrans({mark: letter for mark, (_c, letter, _m) in _MEANINGS.items()})
    months = [f"{month} |{marks.translate(letters)}|" for month, marks in coverage_rows(days)[-3:]]
    seen = [meaning[1:] for mark, meaning in _MEANINGS.items() if mark in days.values()]
    return _block(*months, *(f"{letter} {meaning}" for letter, meaning in seen))


def coverage_rows(days: Mapping[date, str]) -> list[tuple[str, str]]:
    """The rows of the coverage: the label of each, and its marks; a blank means no mark.

    A year has 53 weeks, each with the worst mark of its days; each of the last 12 months has 31
    days.
    """
    years = []
    for year, of_year in groupby(sorted(days), key=lambda day: day.year):
        weeks = {week: list(each) for week, each in groupby(of_year, key=_week)}
        marks = (worst(days[day] for day in weeks.get(week, [])) for week in range(53))
        years.append((str(year), "".join(marks)))
    months = []
    for month, of_month in groupby(sorted(days), key=lambda day: f"{day:%Y-%m}"):
        marked = {day.day: days[day] for day in of_month}
        months.append((month, "".join(marked.get(n, " ") for n in range(1, 32))))
    return [*years, ("", ""), *months[-_MONTHS_BY_DAY:]]


def svg(rows: Sequence[tuple[str, str]]) -> str:
    """Rows of marks as coloured bars with labels on the left, and a legend below."""
    paths: dict[str, list[str]] = {mark: [] for mark in _MEANINGS}
    texts = []
    for n, (label, marks) in enumerate(rows):
        top = n * _LINE
        texts.append(f'<text x="0" y="{top + 10}">{label}</text>')
        start = 0
        for mark, run in groupby(marks):
            length = len(list(run))
            if mark in paths:
                x, width = _LABEL + start * _CELL, length * _CELL
                paths[mark].append(f"M{x} {top}h{width}v{_LINE - 2}h-{width}z")
            start += length
    top = (len(rows) + 1) * _LINE
    for mark, (_colour, _letter, meaning) in _MEANINGS.items():
        paths[mark].append(f"M{_LABEL} {top}h{_CELL}v{_CELL}h-{_CELL}z")
        texts.append(f'<text x="{_LABEL + 2 * _CELL}" y="{top + 9}">{meaning}</text>')
        top += _LINE + 2
    bars_of = "".join(
        f'<path fill="{_MEANINGS[mark][0]}" d="{"".join(path)}"/>' for mark, path in paths.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + 53 * _CELL}" height="{top}"'
        f' font-family="monospace" font-size="11" fill="#888">{bars_of}{"".join(texts)}</svg>'
    )


def worst(marks: Iterable[str]) -> str:
    """The mark that most needs attention; a blank if there is none."""
    found = set(marks)
    return next((mark for mark in _WORST_FIRST if mark in found), " ")


def spans(days: Iterable[date], most: int = 12) -> str:
    """Days as text, consecutive days as one span; at most `most` spans."""
    texts: list[str] = []
    ordered = sorted(days)
    for _offset, run in groupby(enumerate(ordered), key=lambda each: each[1].toordinal() - each[0]):
        span = [day for _n, day in run]
        texts.append(f"{span[0]} to {span[-1]}" if len(span) > 1 else str(span[0]))
    more = f", and {len(texts) - most} more spans" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def _week(day: date) -> int:
    return (day.timetuple().tm_yday - 1) // 7


def _rows(text: str, width: int) -> Iterator[tuple[int, str]]:
    for start in range(0, len(text), width):
        yield start, text[start : start + width]


def _block(*rows: str) -> str:
    return "\n".join(["```text", *rows, "```"])
