"""The doctor, where the storage is a bucket."""

from pathlib import Path

import pytest

from edx_assets_tests.cli.doctored import Doctor, failed, of
from edx_assets_tests.delivery import Delivery


def test_a_bucket_as_storage(
    doctor: Doctor, delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_STORAGE", f"s3://{delivery.events}/ours/")
    monkeypatch.setenv("EDX_STORAGE_ENDPOINT_URL", delivery.endpoint)
    monkeypatch.setenv("EDX_SCRATCH", str(tmp_path / "scratch"))
    assert of(doctor(), "storage") == [
        ("ok", f"s3://{delivery.events}/ours is writable"),
        ("ok", "keeps 0 bytes"),
    ]
    monkeypatch.setenv("EDX_STORAGE", "s3://of-nobody")
    assert "there is no such bucket: make it, or correct" in failed(doctor(), "storage")
    monkeypatch.setenv("EDX_SCRATCH", str(tmp_path / "courses.yaml"))
    monkeypatch.setenv("EDX_STORAGE", f"s3://{delivery.events}")
    assert "EDX_SCRATCH: " in failed(doctor(), "storage")
