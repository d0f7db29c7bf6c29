"""A small institution for tests: a GPG key, an S3 server, and deliveries made line by line."""

import gzip
import io
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import gnupg
import pytest
from dagster import AssetSelection, DagsterInstance, ExecuteInProcessResult, materialize

from edx_assets.definitions import build_defs
from edx_assets.local.embedded_s3 import embedded_s3
from edx_assets.settings import load_settings

PASSPHRASE = "correct horse"
EVENTS, PACKAGES = "edx-course-data", "course-data"
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@contextmanager
def gpg_key(passphrase: str = PASSPHRASE) -> Iterator[tuple[gnupg.GPG, str]]:
    """A GnuPG home with a new key pair; a short path, for its agent's socket."""
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as home:
        # stretching the passphrase would cost each decryption a tenth of a second
        (Path(home) / "gpg-agent.conf").write_text("s2k-count 65536\n")
        gpg = gnupg.GPG(gnupghome=home)
        key = gpg.gen_key(
            gpg.gen_key_input(
                key_type="RSA", key_length=2048, name_email="czar@test", passphrase=passphrase
            )
        )
        yield gpg, str(key.fingerprint)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


@dataclass
class Institution:
    """What edX delivers to it, and how its assets are materialized."""

    gpg: gnupg.GPG
    fingerprint: str
    s3: Any
    instance: DagsterInstance
    folder: Path
    org: str = "testx"
    sent: dict[str, bytes] = field(default_factory=dict)

    def encrypted(self, content: bytes) -> bytes:
        """Content as edX encrypts it: binary, for the institution's key."""
        made = self.gpg.encrypt(content, self.fingerprint, armor=False, always_trust=True)
        assert made.ok, made.status
        return bytes(made.data)

    def deliver(self, day: str, lines: list[Any], site: str = "edx", name: str = "") -> None:
        """A day's log: events (dicts) or raw lines (bytes without their line ends)."""
        raw = b"".join(
            (x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines
        )
        self.deliver_raw(day, self.encrypted(gzip.compress(raw)), site, name)

    def deliver_raw(self, day: str, content: bytes, site: str = "edx", name: str = "") -> None:
        """A day's log as it stands on S3."""
        name = name or f"{self.org}-{site}-events-{day}.log.gz.gpg"
        key = f"{self.org}/{site}/events/{day[:4]}/{name}"
        self.s3.put_object(Bucket=EVENTS, Key=key, Body=content)

    def deliver_package(self, day: str, members: dict[str, bytes]) -> None:
        """A database package: member names (without `.gpg`) and their plain content."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members.items():
                archive.writestr(f"{self.org}-{day}/{name}.gpg", self.encrypted(content))
        key = f"{self.org}-{day}.zip"
        self.s3.put_object(Bucket=PACKAGES, Key=key, Body=buffer.getvalue())

    def deliver_opt_in(self, day: str, rows: bytes) -> None:
        """The institution's e-mail opt-in list (CSV)."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            name = f"{self.org}-email_opt_in-prod-analytics.csv.gpg"
            archive.writestr(name, self.encrypted(rows))
        key = f"email-opt-in/email-opt-in-{self.org}-{day}.zip"
        self.s3.put_object(Bucket=PACKAGES, Key=key, Body=buffer.getvalue())

    def run(
        self,
        *assets: str,
        partition: str | None = None,
        days: tuple[str, str] | None = None,
        config: dict[str, Any] | None = None,
    ) -> ExecuteInProcessResult:
        """Materialize assets (`edx/raw_log`) of a partition or a range of days, in a real run."""
        definitions = build_defs(load_settings())
        tags = {}
        if days:
            tags = {
                "dagster/asset_partition_range_start": days[0],
                "dagster/asset_partition_range_end": days[1],
            }
        return materialize(
            list[Any](definitions.assets or []),
            selection=AssetSelection.assets(*assets),
            instance=self.instance,
            resources=dict(definitions.resources or {}),
            partition_key=partition,
            tags=tags,
            run_config={**_QUIET, "ops": config or {}},
            raise_on_error=False,
        )

    def run_day(self, day: str, site: str = "edx") -> ExecuteInProcessResult:
        """A day through its three stages."""
        stages = ("raw_log", "daily_log", "master_tracking")
        return self.run(*(f"{site}/{stage}" for stage in stages), partition=day)


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """The endpoint of an S3 server with the two buckets, both empty."""
    for bucket in (EVENTS, PACKAGES):
        (folder / bucket).mkdir(parents=True)
    with embedded_s3(folder) as endpoint:
        yield endpoint


@contextmanager
def institution(
    folder: Path,
    endpoint: str,
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    key: tuple[gnupg.GPG, str],
) -> Iterator[Institution]:
    """An institution with nothing delivered yet; the process's settings point at it.

    Its Dagster instance keeps its events in memory: each run on disk would make a database of its
    own. The end-to-end test runs on a persistent one.
    """
    with DagsterInstance.ephemeral() as instance:
        gpg, fingerprint = key
        settings = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "EDX_ORG": "TestX",
            "EDX_S3_ENDPOINT_URL": endpoint,
            "EDX_STORAGE": str(folder / "files"),
            "EDX_GNUPG_HOME": str(gpg.gnupghome),
            "EDX_GPG_PASSPHRASE": PASSPHRASE,
            "EDX_MONGO_URI": mongo_uri,
            "EDX_START_DATE": "2014-02-01",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        s3 = boto3.client("s3", endpoint_url=endpoint)
        for bucket in (EVENTS, PACKAGES):
            for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=item["Key"])
        yield Institution(gpg, fingerprint, s3, instance, folder)


def failure_text(result: ExecuteInProcessResult) -> str:
    """What a failed run says of its failure, with whatever stack comes along."""
    assert not result.success
    events = [event for event in result.all_events if event.is_step_failure]
    return "\n".join(str(event.step_failure_data.error) for event in events)


def event(second: int, **fields: Any) -> dict[str, Any]:
    """A browser's event at a second of 2014-02-03, other fields as given."""
    return {
        "username": "ana",
        "event_type": "page_close",
        "event_source": "browser",
        "event": "{}",
        "context": {"course_id": "TestX/T101/2014", "user_id": 7, "org_id": "TestX"},
        "time": f"2014-02-03T10:{second // 60:02d}:{second % 60:02d}.000000+00:00",
        "page": "https://courses.edx.org/courses/TestX/T101/2014/info",
        **fields,
    }
