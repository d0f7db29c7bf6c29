"""The command line: what cannot be used is told in a line, with what to do about it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from edx_assets.cli.main import main


@pytest.mark.parametrize("command", ["demo", "status"])
def test_a_demo_of_an_older_version_is_told_with_what_to_do(tmp_path: Path, command: str) -> None:
    old = tmp_path / "data" / "mongo" / "another-store"
    old.mkdir(parents=True)
    (old / "tracking_logs.db").touch()
    (tmp_path / "data" / "institution" / "buckets").mkdir(parents=True)
    told = CliRunner().invoke(main, [command, "--data", str(tmp_path / "data")])
    assert told.exit_code == 1
    assert "Error: The demo in" in told.output
    assert "make demo" in told.output
