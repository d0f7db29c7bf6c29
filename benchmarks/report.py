"""The suite's report: its rows, the table, and the files `bench.json` and `bench.md`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Measure, median


@dataclass(frozen=True)
class Row:
    """A figure of a stage. `value` is None where it could not be measured, and `note` says why."""

    stage: str
    figure: str
    value: float | None
    unit: str
    target: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing was measured."""
        if self.target is None or self.value is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


def told(
    stage: str,
    measures: list[Measure],
    target: float | None = None,
    one_core: bool = False,
    unit: str = "events",
) -> list[Row]:
    """What a stage took: medians of its runs.

    The target is a rate. The rates of work that one core does, all of it, are by that core's time.
    """
    by, seconds = ("core_rate", "cpu") if one_core else ("rate", "wall")
    count = int(median(measures, "events"))
    rate = median(measures, by)
    rows = [Row(stage, f"rate, {count:,} {unit}", rate, f"{unit}/s", target)]
    if size := median(measures, "size"):
        rows.append(Row(stage, "rate, bytes", size / median(measures, seconds) / 1e6, "MB/s"))
    rows.append(Row(stage, "processor time", median(measures, "cpu"), "CPU s"))
    rows.append(Row(stage, "peak memory", median(measures, "peak") / 1e6, "MB"))
    return rows


def write(rows: list[Row], about: dict[str, Any], build: Path) -> None:
    """Write `bench.json` (the rows) and `bench.md` (the table, and what it was made on)."""
    build.mkdir(parents=True, exist_ok=True)
    (build / "bench.json").write_text(json.dumps([_as_json(row) for row in rows], indent=1) + "\n")
    lines = [f"- {name}: {value}" for name, value in about.items()]
    lines += [
        "",
        "| stage | figure | value | unit | target | met | |",
        "|---|---|--:|---|--:|---|---|",
    ]
    lines += ["| " + " | ".join([*cells(row), row.note]) + " |" for row in rows]
    (build / "bench.md").write_text("\n".join(lines) + "\n")


def show(rows: Iterable[Row], about: dict[str, Any], console: Console) -> None:
    """Print the table, and below it what is to say of single rows."""
    table = Table("stage", "figure", "value", "unit", "target", "met", box=None)
    table.columns[2].justify = table.columns[4].justify = "right"
    notes = []
    stage = ""
    for row in rows:
        if stage and stage != row.stage:
            table.add_section()
            table.add_row()
        table.add_row(*cells(row), style="red" if row.met is False else None)
        stage = row.stage
        if row.note:
            notes.append(f"{row.stage}, {row.figure}: {row.note}")
    console.print(table)
    for line in [*notes, *(f"{name}: {value}" for name, value in about.items())]:
        console.print(line, highlight=False)


def cells(row: Row) -> list[str]:
    """A row as text."""
    sign = "≤" if row.at_most else "≥"
    target = "" if row.target is None else f"{sign} {_number(row.target)}"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return [row.stage, row.figure, _number(row.value), row.unit, target, met]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.3g}"


def _as_json(row: Row) -> dict[str, Any]:
    value = row.value if row.value is None else round(row.value, 4)
    fields = {"stage": row.stage, "figure": row.figure, "value": value, "unit": row.unit}
    return {
        **fields,
        "target": row.target,
        "met": row.met,
        **({"note": row.note} if row.note else {}),
    }
