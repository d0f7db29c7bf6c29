"""Fixtures: a sample institution, taken through every stage once for all tests here."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edx_assets.cli.demo import take_through
from edx_assets.local.embedded_s3 import s3_client
from edx_assets.local.environment import local_environment
from edx_assets.local.sample import make_institution
from edx_assets.resources.mongo import connect
from edx_assets_tests.conftest import empty, server_of
from edx_assets_tests.end_to_end.built import Built
from edx_assets_tests.resources.deviations import SECANTUSD_RS


@pytest.fixture(scope="package")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A small institution: its folder, and its manifest."""
    data = tmp_path_factory.mktemp("data")
    return data, make_institution(data / "institution", learners=12, weeks=4)


@pytest.fixture(scope="package")
def built(sample: tuple[Path, dict[str, Any]], mongo_uri: str) -> Iterator[Built]:
    """The institution taken through every stage.

    On one of the servers its files are in a bucket, and each stage finds an empty disk, as if
    another machine's worker ran it.
    """
    data, manifest = sample
    empty(mongo_uri)
    with local_environment(data, mongo_uri) as variables, pytest.MonkeyPatch.context() as patch:
        if in_bucket := server_of(mongo_uri) == SECANTUSD_RS:
            endpoint = variables["EDX_S3_ENDPOINT_URL"]
            s3_client(endpoint).create_bucket(Bucket="ours")
            patch.setenv("EDX_STORAGE", "s3://ours/edx")
            patch.setenv("EDX_STORAGE_ENDPOINT_URL", endpoint)
            patch.setenv("EDX_SCRATCH", str(data / "scratch"))
        for _stage in take_through(manifest, Console(quiet=True)):
            shutil.rmtree(data / "scratch", ignore_errors=True)
        assert (data / "storage").exists() != in_bucket
        yield Built(manifest, connect(mongo_uri))
