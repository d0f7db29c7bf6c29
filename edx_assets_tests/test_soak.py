"""Seven simulated days of everything that deliveries can do, held against one clean backfill."""

from pathlib import Path

import pytest

from edx_assets_tests.institution import Institution
from edx_assets_tests.soak.simulation import DayReport
from edx_assets_tests.soak.soak import soak


def test_seven_days_end_as_a_clean_backfill_does_with_no_run_doubled(
    testx: Institution, mongo_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[DayReport] = []
    verdict = soak(testx, mongo_uri, tmp_path, monkeypatch, 7, 3, reports.append)
    assert verdict.doubled == []
    assert verdict.strayed == []
    assert verdict.differences == []
    assert verdict.killed
    kinds = {kind.split()[-1] for report in reports for kind in report.kinds}
    assert kinds >= {"late", "corrected", "corrupt", "mended", "killed", "down", "package"}
