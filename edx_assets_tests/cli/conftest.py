"""The fixtures of commands that make runs, and of the doctor."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from edx_assets.local.embedded_store import embedded_store
from edx_assets_tests.cli.doctored import COURSES, Doctor, examine
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.institution import PASSPHRASE, Institution


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


@pytest.fixture(scope="module")
def one_mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store for what is not about the store."""
    with embedded_store(tmp_path_factory.mktemp("mongo")) as uri:
        yield uri


@pytest.fixture
def doctor(
    delivery: Delivery,
    key: Any,
    one_mongo_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Doctor:
    """The doctor of an institution where all is well, but for what a test changes."""
    log = "mcgillx/{site}/events/2014/mcgillx-{site}-events-2014-03-0{day}.log.gz.gpg"
    for site, day in (("edx", 1), ("edx", 9), ("edge", 2)):
        log_of_day = key[0].encrypt(b"{}", key[1], armor=False, always_trust=True).data
        delivery.put(log.format(site=site, day=day), log_of_day)
    delivery.put_package("mcgillx-2014-03-02.zip")
    (tmp_path / "courses.yaml").write_text(COURSES)
    for name, value in {
        "EDX_ORG": "McGillX",
        "EDX_EVENTS_BUCKET": delivery.events,
        "EDX_PACKAGES_BUCKET": delivery.packages,
        "EDX_S3_ENDPOINT_URL": delivery.endpoint,
        "EDX_STORAGE": str(tmp_path / "storage"),
        "EDX_GNUPG_HOME": key[0].gnupghome,
        "EDX_GPG_PASSPHRASE": PASSPHRASE,
        "EDX_MONGO_URI": one_mongo_uri,
        "EDX_COURSES_FILE": str(tmp_path / "courses.yaml"),
    }.items():
        monkeypatch.setenv(name, value)
    return examine
