"""Fixtures of the resources' tests: the server's name, a client beside the store, no AWS around."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gnupg
import pytest
from pymongo import MongoClient

from edx_assets.local.embedded_s3 import ACCESS_KEY, SECRET_KEY, s3_client
from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.delivery import Delivery
from edx_assets_tests.resources.deviations import MONGOD, SECANTUSD_PY, SECANTUSD_RS
from edx_assets_tests.resources.homes import gnupg_home, rsa_key


@pytest.fixture
def client(empty_mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A plain client of the store's server, to see what is really there."""
    with MongoClient[dict[str, Any]](empty_mongo_uri) as client:
        yield client


@pytest.fixture
def server(client: MongoClient[dict[str, Any]]) -> str:
    """Which server the test runs against, for what is known to be wrong of one."""
    told = client.admin.command("serverStatus").get("secantus", {})
    return {"python": SECANTUSD_PY, "rust": SECANTUSD_RS}.get(told.get("server"), MONGOD)


@pytest.fixture(scope="session")
def key() -> Iterator[tuple[gnupg.GPG, str]]:
    """The institution's key pair: the home and the fingerprint."""
    with gnupg_home() as home:
        fingerprint = rsa_key(home, PASSPHRASE)
        yield gnupg.GPG(gnupghome=home), fingerprint


@pytest.fixture(scope="session")
def s3(s3_endpoint: str) -> Any:
    """A client to deliver with; making one takes a quarter of a second."""
    return s3_client(s3_endpoint)


@pytest.fixture
def delivery(s3: Any, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """Two empty buckets, which only this test has."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    token = secrets.token_hex(4)
    made = Delivery(s3, s3_endpoint, f"events-{token}", f"packages-{token}")
    for bucket in (made.events, made.packages):
        made.s3.create_bucket(Bucket=bucket)
    return made


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path) -> Iterator[None]:
    """Variables that a test (or a `.env` it writes) sets end with it; AWS's own files are not read.

    Nor are the credentials of the machine, which boto3 would ask the cloud's metadata for.
    """
    before = dict(os.environ)
    os.environ["AWS_CONFIG_FILE"] = str(tmp_path / "no-aws-config")
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(tmp_path / "no-aws-credentials")
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    yield
    os.environ.clear()
    os.environ.update(before)
