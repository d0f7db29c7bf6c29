"""Fixtures of the stages' tests."""

from pathlib import Path

import pytest

from edx_assets.resources.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """An empty storage."""
    return Storage(place=str(tmp_path / "files"))
