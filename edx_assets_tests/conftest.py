"""Fixtures: real servers, started here, and the stores that the suite runs against."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gnupg
import pytest
from pymongo import MongoClient

from edx_assets.local.embedded_s3 import ACCESS_KEY, SECRET_KEY, s3_client
from edx_assets.local.embedded_store import KINDS, embedded_store, program_of
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Store
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.institution import Institution, gpg_key, institution, s3_server
from edx_assets_tests.resources.deviations import MONGOD, SECANTUSD_PY, SECANTUSD_RS
from edx_assets_tests.small_disk import small_disk_at

_HERE = Path(__file__).parent
_SYSTEM = {"admin", "config", "local"}
_NAMED = "EDX_TEST_MONGO_URI"
_LONGEST_ID = 100

# never those of the person who runs the tests, nor of a `.env` in the working folder
for name in [name for name in os.environ if name.startswith(("EDX_", "AWS_", "DAGSTER_"))]:
    if name != _NAMED:
        del os.environ[name]


def _servers() -> list[str]:
    """The stores that are there: of each embedded kind one, and the one the environment names."""
    kinds = [kind for kind in KINDS if program_of(kind)]
    return [*kinds, _NAMED] if os.environ.get(_NAMED) else kinds


_SERVERS = _servers()

_ON_THE_FIRST_SERVER_ALONE = {
    "assets",
    "automation",
    "checks",
    "courses",
    "datasets",
    "exports",
    "kept",
    "packages",
    "reports",
    "retired",
    "test_access.py",
    "test_again.py",
    "test_from_folder.py",
    "test_jobs.py",
    "test_killed.py",
    "test_killed_learners.py",
    "test_killed_retry.py",
    "test_least_role.py",
    "test_listing.py",
    "test_load.py",
    "test_master.py",
    "test_master_beside.py",
    "test_meanwhile.py",
    "test_refresh.py",
    "test_retire.py",
    "test_soak.py",
    "test_two_institutions.py",
    "test_watching.py",
}
"""Tests that ask of a store what those of `resources` and of the stages ask of every server."""

_BUILT_ONCE = {"end_to_end", "leaks", "test_benchmarks.py"}
"""Tests that look at what takes a minute to build: one process builds it, and runs them all."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Choose each test's servers; let one process alone use the server that the environment names.

    Tests drop all that they find there.
    """
    chosen = []
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        server = parameters.get("mongo_uri")
        parts = {*item.path.relative_to(_HERE).parts}
        if server not in (None, _SERVERS[0]) and _ON_THE_FIRST_SERVER_ALONE & parts:
            continue
        if server == _NAMED:
            item.add_marker(pytest.mark.xdist_group(_NAMED))
        elif built := _BUILT_ONCE & parts:
            item.add_marker(pytest.mark.xdist_group(f"{built.pop()} {server}"))
        chosen.append(item)
    items[:] = chosen


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test by its argument where the value is long, or a gzip file, which holds the time.

    All processes have to collect the same names.
    """
    long = isinstance(val, bytes | str) and len(val) > _LONGEST_ID
    return argname if long or (isinstance(val, bytes) and val[:2] == b"\x1f\x8b") else None


@pytest.fixture(scope="session", params=_SERVERS)
def mongo_uri(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A connection string to each server that is there, empty at the start of the session."""
    if request.param == _NAMED:
        uri = os.environ[_NAMED]
        with MongoClient[dict[str, Any]](uri) as client:
            others = sorted(set(client.list_database_names()) - _SYSTEM)
        if others:
            pytest.exit("EDX_TEST_MONGO_URI has databases: the tests drop all that they find", 2)
        yield uri
        empty(uri)
        return
    with embedded_store(tmp_path_factory.mktemp("mongo"), kind=request.param) as uri:
        yield uri


@pytest.fixture
def empty_mongo_uri(mongo_uri: str) -> str:
    """The same, emptied before the test."""
    empty(mongo_uri)
    return mongo_uri


@pytest.fixture
def store(empty_mongo_uri: str) -> Store:
    """An empty document store."""
    return connect(empty_mongo_uri)


@pytest.fixture
def client(empty_mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A plain client of the store's server, to see what is really there."""
    with MongoClient[dict[str, Any]](empty_mongo_uri) as client:
        yield client


@pytest.fixture
def server(mongo_uri: str) -> str:
    """Which server the test runs against, for what is known to be wrong of one."""
    return server_of(mongo_uri)


def server_of(mongo_uri: str) -> str:
    """Which server it is."""
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        told = client.admin.command("serverStatus").get("secantus", {})
    return {"python": SECANTUSD_PY, "rust": SECANTUSD_RS}.get(told.get("server"), MONGOD)


def empty(uri: str) -> None:
    """Drop every database."""
    with MongoClient[dict[str, Any]](uri) as client:
        databases = set(client.list_database_names()) - _SYSTEM
        for database in databases:
            client.drop_database(database)


@pytest.fixture(scope="session")
def key() -> Iterator[tuple[gnupg.GPG, str]]:
    """A GPG key pair: the home and the fingerprint."""
    with gpg_key() as made:
        yield made


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 server with the institution's two buckets."""
    with s3_server(tmp_path_factory.mktemp("s3") / "buckets") as endpoint:
        yield endpoint


@pytest.fixture
def testx(
    tmp_path: Path,
    s3_endpoint: str,
    empty_mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    key: tuple[gnupg.GPG, str],
) -> Iterator[Institution]:
    """An institution to which nothing has been delivered, with an empty store."""
    with institution(tmp_path, s3_endpoint, empty_mongo_uri, monkeypatch, key) as made:
        yield made


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


@pytest.fixture(autouse=True)
def _no_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, where no `.env` is."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    with small_disk_at(tmp_path / "small", 1) as mounted:
        if not mounted:
            pytest.skip("no disk can be mounted here")
        yield tmp_path / "small"
