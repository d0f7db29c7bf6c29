"""`python -m edx_assets_tests.soak`: a soak of a month, day by day, and its verdict."""

import argparse
import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from edx_assets.local.embedded_store import embedded_store
from edx_assets_tests.institution import gpg_key, institution, s3_server
from edx_assets_tests.soak.simulation import DayReport
from edx_assets_tests.soak.soak import Verdict, soak


def main() -> int:
    """Run a soak; 1 where it found anything."""
    parser = argparse.ArgumentParser(prog="python -m edx_assets_tests.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="days of tracking logs (30)")
    parser.add_argument("--seed", type=int, default=1, help="of what is delivered, and when (1)")
    asked = parser.parse_args()
    console = Console()

    def show(report: DayReport) -> None:
        told = f"{report.day}  {report.runs:3} runs, {report.failed} failed"
        told += f", {sum(report.moved.values())} courses moved"
        console.print(f"{told}  {', '.join(report.kinds)}", highlight=False)

    with (
        tempfile.TemporaryDirectory() as temporary,
        pytest.MonkeyPatch.context() as patch,
        gpg_key() as key,
        embedded_store(Path(temporary) / "mongo") as uri,
        s3_server(Path(temporary) / "s3") as endpoint,
        institution(Path(temporary), endpoint, uri, patch, key) as testx,
    ):
        patch.chdir(temporary)  # where no `.env` is
        verdict = soak(testx, uri, Path(temporary), patch, asked.days, asked.seed, show)
    _print(console, verdict)
    return int(not verdict.good)


def _print(console: Console, verdict: Verdict) -> None:
    for title, found in (
        ("Runs without a cause", verdict.doubled),
        ("A correction that went astray", verdict.strayed),
        ("Differences from one clean backfill", verdict.differences),
    ):
        console.print(f"{title}: {len(found) or 'none'}")
        for line in found:
            console.print(f"  {line}", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
