"""Fixtures: a sample institution, taken through every stage once for all tests here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edx_assets.cli.demo import take_through
from edx_assets.local.environment import local_environment
from edx_assets.local.sample import make_institution
from edx_assets.resources.mongo import connect
from edx_assets_tests.conftest import empty
from edx_assets_tests.end_to_end.built import Built


@pytest.fixture(scope="package")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A small institution: its folder, and its manifest."""
    data = tmp_path_factory.mktemp("data")
    return data, make_institution(data / "institution", learners=12, weeks=4)


@pytest.fixture(scope="package")
def built(sample: tuple[Path, dict[str, Any]], mongo_uri: str) -> Iterator[Built]:
    """The institution taken through every stage."""
    data, manifest = sample
    empty(mongo_uri)
    with local_environment(data, mongo_uri):
        for _stage in take_through(manifest, Console(quiet=True)):
            pass
        yield Built(manifest, connect(mongo_uri))
