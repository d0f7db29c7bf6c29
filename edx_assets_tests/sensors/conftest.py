"""The fixture of the sensors' tests."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from dagster import DagsterInstance

from edx_assets_tests.institution import Institution
from edx_assets_tests.sensors.automation import Automation


@pytest.fixture
def testx(testx: Institution, tmp_path: Path) -> Iterator[Institution]:
    """The institution on an instance as the project ships it, on disk.

    In memory, ticks cannot resolve dynamic partitions.
    """
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(str(files("edx_assets") / "dagster.yaml"), home)
    with DagsterInstance.from_config(str(home)) as instance:
        yield replace(testx, instance=instance)


@pytest.fixture
def automation(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> Automation:
    """The sensors of an institution whose tracking logs end in April 2014."""
    monkeypatch.setenv("EDX_END_DATE", "2014-04-30")
    return Automation(testx)
