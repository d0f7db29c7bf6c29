"""Dagster with its data in PostgreSQL, run by the commands of compose.yaml, loads a delivery."""

import json
import os
import shutil
import subprocess
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.request import urlopen

import gnupg
import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus, RunsFilter

from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.ledger import MASTER_TRACKING, day_entry, is_settled
from edx_assets.local.embedded_store import embedded_store
from edx_assets.resources.mongo import connect
from edx_assets_tests.deploy.compose import DEPLOY, service
from edx_assets_tests.deploy.postgres import PASSWORD, has_user, postgres, programs
from edx_assets_tests.deploy.proxy import free_port
from edx_assets_tests.institution import event, institution

pytest.importorskip("dagster_postgres")
pytestmark = pytest.mark.skipif(
    programs() is None or not has_user(), reason="PostgreSQL is not installed"
)
DAY = SiteDay("edx", date(2014, 2, 3))
_PATIENCE = 300  # seconds, on a busy machine


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "dagster"
    made.mkdir(mode=0o700)
    shutil.copy(DEPLOY / "dagster.yaml", made)
    shutil.copy(DEPLOY / "workspace.yaml", made)
    return made


def until_loaded(uri: str, home: Path, processes: list["subprocess.Popen[bytes]"]) -> None:
    store, end = connect(uri), monotonic() + _PATIENCE
    while (entry := day_entry(store, DAY)) is None or not is_settled(entry):
        told = "\n".join(path.read_text()[-2000:] for path in home.glob("*.log"))
        assert monotonic() < end, told
        assert not [each for each in processes if each.poll() is not None], told
        sleep(0.5)


def test_a_delivery_is_loaded_by_the_services_of_compose(
    tmp_path: Path,
    home: Path,
    s3_endpoint: str,
    key: tuple[gnupg.GPG, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The daemon's sensors see it, and the code server executes the runs."""
    ports = {"4000": str(free_port()), "3000": str(free_port())}
    workspace = home / "workspace.yaml"
    text = workspace.read_text().replace("host: code", "host: 127.0.0.1")
    workspace.write_text(text.replace("4000", ports["4000"]))
    with ExitStack() as stack:
        uri = stack.enter_context(embedded_store(tmp_path / "mongo"))
        here = stack.enter_context(institution(tmp_path, s3_endpoint, uri, monkeypatch, key))
        here.deliver(f"{DAY.day}", [event(1), event(2)])
        server = stack.enter_context(postgres())
        for name, content in {"passphrase": os.environ["EDX_GPG_PASSPHRASE"], "uri": uri}.items():
            (tmp_path / name).write_text(content)
            (tmp_path / name).chmod(0o600)
        changes = {
            **ports,
            "0.0.0.0": "127.0.0.1",  # noqa: S104
            "/etc/dagster/workspace.yaml": str(workspace),
            "/run/secrets/pgpass": str(server.passfile),
            "/run/secrets/gpg_passphrase": str(tmp_path / "passphrase"),
            "/run/secrets/mongo_uri": str(tmp_path / "uri"),
            "/run/secrets/aws_credentials": str(tmp_path / "none"),
            "/etc/edx/courses.yaml": "",
            "/var/lib/edx/storage": str(tmp_path / "files"),
            "/var/lib/edx/gnupg": str(here.gpg.gnupghome),
            "postgresql+psycopg2://dagster@postgres/dagster": server.url,
        }
        given = {
            "EDX_ORG": "TestX",
            "EDX_S3_ENDPOINT_URL": s3_endpoint,
            "EDX_START_DATE": f"{DAY.day}",
            "EDX_END_DATE": f"{DAY.day}",
        }
        processes = [
            stack.enter_context(service(name, changes, given, home))
            for name in ("code", "daemon", "webserver")
        ]
        until_loaded(uri, home, processes)
        assert connect(uri).count(MASTER_TRACKING) == 2
        info = f"http://127.0.0.1:{ports['3000']}/server_info"
        assert "dagster_version" in json.load(urlopen(info, timeout=30))
        monkeypatch.setenv("DAGSTER_POSTGRES_URL", server.url)
        monkeypatch.setenv("PGPASSFILE", str(server.passfile))
        see_runs(home)
        for path in home.rglob("*.log"):
            assert PASSWORD not in path.read_text()
    assert not [path for path in home.rglob("*") if path.suffix == ".db"], "SQLite was used"


def see_runs(home: Path) -> None:
    with DagsterInstance.from_config(str(home)) as instance:
        storage: Any = instance.run_storage
        assert type(storage).__name__ == "PostgresRunStorage"
        end = monotonic() + _PATIENCE
        while not instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.SUCCESS])):
            assert monotonic() < end, [run.status for run in instance.get_runs()]
            sleep(0.5)
        key = AssetKey(["edx", "master_tracking"])
        assert instance.get_materialized_partitions(key) == {f"{DAY.day}"}
