"""The asset that shows why lines were not loaded: by day, by reason and by course. No line is read.

The command `edx-assets quarantine` shows the lines themselves.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from dagster import AssetKey, MaterializeResult, MetadataValue, asset

from edx_assets.assets.plots import bars
from edx_assets.assets.stages import OWNERS, plain_failures
from edx_assets.edx.reasons import reason_of
from edx_assets.loading.entries import DayEntry
from edx_assets.loading.ledger import day_entries, is_settled
from edx_assets.loading.quarantines import Held, Wanted, rows_held
from edx_assets.resources.mongo import Mongo

QUARANTINE_REASONS = AssetKey(["upkeep", "quarantine_reasons"])

DAYS = 28
"""How many days are shown one by one, up to the newest in the ledger."""

_MOST_COURSES = 50  # rows of a table: the event log keeps it for ever


@asset(
    key=QUARANTINE_REASONS,
    group_name="upkeep",
    owners=OWNERS,
    kinds={"mongodb"},
    code_version="1",
)
def quarantine_reasons(mongo: Mongo) -> MaterializeResult[Any]:
    """Why lines were not loaded: by day, by reason and by course, with what to do about it. To see
    the lines, or to load them after an upgrade: `edx-assets quarantine`.
    """
    with plain_failures():
        store = mongo.store()
        fields = ["site", "date", "state", "lines", "rejected", "reasons"]
        entries = [entry for entry in day_entries(store, fields=fields) if is_settled(entry)]
        rows = rows_held(store, Wanted())
    return MaterializeResult(
        metadata={
            "rejected_lines": sum(entry.get("rejected", 0) for entry in entries),
            "rejected_rows": sum(each.lines for each in rows),
            "last_days": MetadataValue.md(last_days(entries)),
            "reasons": MetadataValue.md(by_reason(entries, rows)),
            "courses": MetadataValue.md(by_course(rows)),
        }
    )


def last_days(entries: Sequence[DayEntry]) -> str:
    """The last days with rejected lines as a Markdown table, the newest first."""
    first = _first_shown(entries)
    shown = [entry for entry in entries if entry["date"] >= str(first) and entry.get("rejected")]
    return _table(
        ("day", "site", "lines", "rejected", "reasons"),
        [
            (
                entry["date"],
                entry["site"],
                f"{entry['lines']:,}",
                f"{entry['rejected']:,}",
                _told(Counter(entry["reasons"])),
            )
            for entry in sorted(shown, key=lambda each: (each["date"], each["site"]), reverse=True)
        ],
    )


def by_reason(entries: Sequence[DayEntry], rows: Iterable[Held]) -> str:
    """Each reason as a row of a Markdown table: lines, rows, the last days, meaning and remedy."""
    first = _first_shown(entries)
    lines, days, of_rows = Counter[str](), Counter[str](), Counter[str]()
    last: dict[str, Counter[int]] = {}
    for entry in entries:
        for reason, count in entry.get("reasons", {}).items():
            lines[reason] += count
            days[reason] += 1
            shown = (date.fromisoformat(entry["date"]) - first).days
            last.setdefault(reason, Counter())[shown] += count
    for each in rows:
        of_rows[each.reason] += each.lines
    table = []
    for reason, _count in (lines + of_rows).most_common():
        known = reason_of(reason)
        plot = bars([last.get(reason, Counter())[n] for n in range(DAYS)])
        numbers = f"{lines[reason]:,}", f"{days[reason]:,}", f"{of_rows[reason]:,}"
        told = (known.meaning, known.remedy) if known else ("of another version", "retry")
        table.append((f"`{reason}`", *numbers, f"`{plot}`", *told))
    names = ("reason", "lines", "days", "rows of courses", f"last {DAYS} days", "meaning", "remedy")
    return _table(names, table)


def by_course(rows: Iterable[Held]) -> str:
    """The courses' rows by collection as a Markdown table, those with most rows first."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for each in rows:
        place = str(each.course), each.collection.name
        counts.setdefault(place, Counter())[each.reason] += each.lines
    ordered = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    table = [
        (f"`{course}`", f"`{collection}`", f"{reasons.total():,}", _told(reasons))
        for (course, collection), reasons in ordered
    ]
    more = len(table) - _MOST_COURSES
    return _table(("course", "collection", "rows", "reasons"), table[:_MOST_COURSES]) + (
        f"\n\nand {more} more collections" if more > 0 else ""
    )


def _first_shown(entries: Iterable[DayEntry]) -> date:
    newest = max((entry["date"] for entry in entries), default=None)
    return date.fromisoformat(newest) - timedelta(days=DAYS - 1) if newest else date.min


def _told(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "none"
    ruled = ("---" for _name in names)
    return "\n".join(f"| {' | '.join(row)} |" for row in (names, [*ruled], *rows))
