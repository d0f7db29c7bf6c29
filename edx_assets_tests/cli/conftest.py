"""The fixtures of commands that make runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance

from edx_assets_tests.institution import Institution


@pytest.fixture
def instance(
    testx: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    """The institution's persistent instance, which DAGSTER_HOME names; its logs end in April."""
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("EDX_END_DATE", "2014-04-30")
    with DagsterInstance.from_config(str(home)) as made:
        testx.instance = made
        yield made
