"""Thousands of hostile inputs, always the same: none crashes a reader, is lost or doubled."""

import pytest

from edx_assets_tests.torture.inputs import run


def test_hostile_inputs_are_read_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    figures = run(short=True, seed=1)
    told = capsys.readouterr().err
    assert figures.pop("inputs") > 4_000, told
    assert figures == {"crashes": 0, "lost": 0, "doubled": 0}, told
