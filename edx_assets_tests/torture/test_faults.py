"""Some faults of everything that a run uses, each of which one plain rerun makes good."""

import pytest

from edx_assets_tests.torture.faults import run


def test_faults_cost_nothing_that_a_rerun_does_not_bring(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = run(short=True, seed=1)
    assert figures.pop("faults") >= 5, capsys.readouterr().out
    assert not any(figures.values()), capsys.readouterr().out
