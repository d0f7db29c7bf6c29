"""The embedded S3: it serves a folder's files, is shared, and logs no requests."""

import hashlib
import socket
from pathlib import Path

import pytest

from edx_assets.local.embedded_s3 import embedded_s3, s3_client
from edx_assets_tests.local.processes import listens


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """Two buckets with three objects."""
    buckets = tmp_path / "buckets"
    for key in ("course-data/a.zip", "edx-course-data/x/edge/b c.gz", "edx-course-data/x/é.gz"):
        file = buckets / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(key.encode() * 1000)
    (buckets / "course-data" / "large.zip").write_bytes(b"\x00\xff" * 5_000_000)
    return buckets


def test_s3_serves_the_files_with_their_etags(buckets: Path) -> None:
    served = {}
    with embedded_s3(buckets) as url:
        client = s3_client(url)
        for bucket in client.list_buckets()["Buckets"]:
            for found in client.list_objects_v2(Bucket=bucket["Name"])["Contents"]:
                served[f"{bucket['Name']}/{found['Key']}"] = found["ETag"]
        body = client.get_object(Bucket="course-data", Key="large.zip")["Body"].read()
    assert body == (buckets / "course-data" / "large.zip").read_bytes()
    assert served == {
        path.relative_to(buckets).as_posix(): f'"{hashlib.md5(path.read_bytes()).hexdigest()}"'  # noqa: S324
        for path in buckets.rglob("*")
        if path.is_file()
    }
    assert len(served) == 4
    assert not listens(url)


def test_s3_is_shared_and_logs_no_requests(buckets: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with embedded_s3(buckets, folder=state) as url:
        s3_client(url).put_object(Bucket="course-data", Key="new", Body=b"new")
        with embedded_s3(buckets, folder=state) as again:
            assert again == url
            assert s3_client(again).get_object(Bucket="course-data", Key="new")["Body"].read()
        assert listens(url)
        assert (state / "server.log").read_text() == ""
    assert not listens(url)


def test_s3_listens_on_the_port_asked_for(buckets: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with embedded_s3(buckets, port) as url:
        assert url == f"http://127.0.0.1:{port}"


def test_s3_without_its_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="buckets"), embedded_s3(tmp_path / "buckets"):
        pass
