"""What `edx-assets quarantine` prints: counts as tables or JSON, lines that harm no terminal."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edx_assets.edx.reasons import reason_of
from edx_assets.loading.days.retry import Retried
from edx_assets.loading.quarantine import HeldLine, has_all_bytes
from edx_assets.loading.quarantines import Held

Counts = dict[str, Any]


def as_json(held: list[Held]) -> Counts:
    """The counts as plain values: by reason, with its meaning, and one by one."""
    return {
        "lines": sum(each.lines for each in held),
        "reasons": {
            reason: {"lines": lines, "meaning": _meaning(reason), "remedy": _remedy(reason)}
            for reason, lines in _by_reason(held).items()
        },
        "files": [
            {
                "site": each.site,
                "date": str(each.day) if each.day else None,
                "course": each.course,
                "collection": each.collection.name,
                "file": each.file,
                "reason": each.reason,
                "lines": each.lines,
            }
            for each in held
        ],
    }


def print_counts(held: list[Held], console: Console) -> None:
    """Print the counts of tracking logs by file, those of courses by collection, and by reason."""
    if not held:
        console.print("No such line is in quarantine.")
        return
    logs = [each for each in held if each.day]
    rows = [each for each in held if each.course]
    if logs:
        counts = [(each.file, each.reason, f"{each.lines:,}") for each in logs]
        console.print(_table("Tracking logs", ("file", "reason"), counts))
    if rows:
        of_rows = [
            (str(each.course), each.collection.name, each.reason, f"{each.lines:,}")
            for each in rows
        ]
        console.print(_table("Courses", ("course", "collection", "reason"), of_rows))
    for reason, lines in _by_reason(held).items():
        console.print(f"[bold]{reason}[/]: {lines:,}. {escape(_meaning(reason))}.")
        console.print(f"  → {escape(_remedy(reason))}", style="dim")


def heading(of: Held, entry: HeldLine) -> str:
    """What is said above a line: where it was delivered, why it is here, how much of it."""
    kept = len(entry["raw"])
    size = f"{entry['bytes']:,} bytes"
    if not has_all_bytes(entry):
        size = f"{kept:,} bytes kept of {size}: it was too long, or credentials were removed"
    return f"── {of.file}, line {entry['line']}: {of.reason}, {size}"


def safe(raw: bytes, length: int = 0) -> str:
    """A line as text in which everything that is not printable is an escape.

    Args:
        raw: its bytes; its line end is left out.
        length: characters after which it is cut; 0 for all.
    """
    text = raw.removesuffix(b"\n").decode("utf-8", "backslashreplace")
    cut = text[:length] if length else text
    more = f" … and {len(text) - len(cut):,} more characters (--length)" if cut != text else ""
    return (
        "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut) + more
    )


def day_lines(told: Retried, dry_run: bool) -> str:
    """What became of the lines of a day, or would."""
    if dry_run:
        done = f"{told.readable:,} can be loaded"
    else:
        done = f"{told.loaded:,} loaded, {told.duplicates:,} duplicates"
    stay = told.rejected.total()
    cut = f", {told.cut:,} that cannot be tried" if told.cut else ""
    return f"of {told.lines:,} lines {done}, {stay:,} still rejected{cut}"


def still_rejected(told: Retried) -> list[str]:
    """Why lines stay in the quarantine, and what to do about it; a text each."""
    texts = [
        f"{reason}: {lines:,}. {_meaning(reason)}. Remedy: {_remedy(reason)}."
        for reason, lines in told.rejected.most_common()
    ]
    if told.cut:
        texts.append(
            f"{told.cut:,} cannot be tried: the quarantine does not have all of their bytes (they"
            " were too long, or credentials were removed). Remedy: materialize their days again"
            " with `rebuild` on, which reads the files."
        )
    return texts


def _by_reason(held: list[Held]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for each in held:
        counts[each.reason] += each.lines
    return dict(counts.most_common())


def _meaning(reason: str) -> str:
    known = reason_of(reason)
    return known.meaning if known else "a reason of another version of edx_assets"


def _remedy(reason: str) -> str:
    known = reason_of(reason)
    return known.remedy if known else "retry"


def _table(title: str, names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(title=title)
    for n, name in enumerate(names):
        table.add_column(name, no_wrap=n == 0, overflow="fold")
    table.add_column("lines", justify="right")
    for row in rows:
        table.add_row(*map(escape, row))
    return table
