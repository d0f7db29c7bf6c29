"""`python -m edx_assets_tests.torture`: every part of the torture, and `build/torture.json`."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.table import Table

from edx_assets_tests.torture import faults, inputs
from edx_assets_tests.torture.kills.part import run as kills

Part = Callable[[bool, int], dict[str, int]]

PARTS: dict[str, Part] = {"kills": kills, "faults": faults.run, "inputs": inputs.run}
"""What is broken; each part is given whether to be short and a seed, and gives figures to add."""

DONE = ("kills", "faults", "inputs")
WRONG = ("lost", "doubled", "half_seen", "leftovers", "crashes")
"""Figures that have to be 0."""

RESULT = Path("build/torture.json")


def main() -> int:
    """Run the parts; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m edx_assets_tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the form that the test suite runs")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn (1)")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part (and others so)")
    asked = parser.parse_args()
    console = Console()
    found: Counter[str] = Counter()
    started = monotonic()
    for name in asked.only or PARTS:
        console.print(f"{name} …")
        figures = PARTS[name](asked.short, asked.seed)
        console.print(f"{name}: {figures}", highlight=False)
        found.update(figures)
    figures = {name: found[name] for name in (*DONE, *WRONG)}
    figures["seconds"] = round(monotonic() - started)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")
    table = Table("", "number")
    for name, number in figures.items():
        wrong = name in WRONG and number
        table.add_row(name, str(number), style="bold red" if wrong else "")
    console.print(table)
    return int(any(figures[name] for name in WRONG))


if __name__ == "__main__":
    sys.exit(main())
