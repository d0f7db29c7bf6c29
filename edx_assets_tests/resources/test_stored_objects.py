"""A bucket as storage: what is on the machine meanwhile, and what is said where S3 fails."""

import os
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest

from edx_assets.errors import EdxAssetsError, can_pass
from edx_assets.resources.storage import Storage
from edx_assets.resources.stored import digest_of
from edx_assets.resources.stored_trouble import StorageError
from edx_assets.settings import InvalidSettingError
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.resources.places import a_bucket, read, write
from edx_assets_tests.resources.s3_guard import guarded

SECRET = "wJalrXUtnFEMI"
LEARNER = "ana of TestX"
_DAY = 86_400


@pytest.fixture
def storage(delivery: Delivery, tmp_path: Path) -> Storage:
    return a_bucket(delivery.s3, delivery.endpoint, tmp_path, "/of/us")


def on_disk(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def bucket_of(storage: Storage) -> str:
    return str(storage.place).split("/")[2]


def test_files_are_on_the_machine_only_while_they_are_used(
    storage: Storage, tmp_path: Path
) -> None:
    with storage.writing("a/log") as path:
        path.write_bytes(b"of learners")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert on_disk(tmp_path) == []
    with storage.reading("a/log") as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert on_disk(tmp_path) == []


def test_what_is_read_often_is_downloaded_once_a_day(storage: Storage, tmp_path: Path) -> None:
    write(storage, "zip", b"a package")
    for _course in range(2):
        with storage.reading("zip", again=True) as path:
            inode = path.stat().st_ino
    other = Storage(**storage.model_dump())  # of another run
    with other.reading("zip", again=True) as path:
        assert path.stat().st_ino == inode
    [kept] = on_disk(tmp_path)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    os.utime(kept, (time() - _DAY - 60,) * 2)
    write(storage, "next", b"the next package")
    with storage.reading("next", again=True):
        [newer] = on_disk(tmp_path)
        assert newer.read_bytes() == b"the next package"


def test_many_parts_arrive_whole(storage: Storage, tmp_path: Path) -> None:
    content = os.urandom(20 << 20)
    write(storage, "big", content)
    (tmp_path / "same").write_bytes(content)
    assert storage.holds("big", len(content), digest_of(tmp_path / "same"))
    with storage.reading("big") as path:
        assert path.read_bytes() == content


KILLED = """
import sys
from edx_assets.resources.storage import Storage
storage = Storage(place=sys.argv[1], endpoint_url=sys.argv[2], scratch=sys.argv[3])
with storage.writing("a/log") as path:
    path.write_bytes(b"of a learner")
    print("writing", flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_process_left_is_removed(
    storage: Storage, delivery: Delivery, tmp_path: Path
) -> None:
    settings = storage.model_dump(include={"place", "endpoint_url", "scratch"})
    place = {"Bucket": bucket_of(storage), "Key": "of/us/half"}
    upload = delivery.s3.create_multipart_upload(**place)["UploadId"]
    delivery.s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"half")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *map(str, settings.values())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        # the server says of every upload that it began long ago
        assert storage.clear_unfinished() == (1, len(b"half"))
        assert [path.read_bytes() for path in on_disk(tmp_path) if path.name == "log"]
        process.kill()
    assert storage.clear_unfinished() == (1, len(b"of a learner"))
    assert on_disk(tmp_path) == []
    assert list(storage.files()) == []
    assert "Uploads" not in delivery.s3.list_multipart_uploads(Bucket=bucket_of(storage))


def test_another_content_than_was_written_is_not_read(storage: Storage, delivery: Delivery) -> None:
    write(storage, "log", b"right")
    place = {"Bucket": bucket_of(storage), "Key": "of/us/log"}
    told = delivery.s3.head_object(**place)["Metadata"]
    delivery.s3.put_object(**place, Body=b"wrong", Metadata=told)
    for again in (False, True):
        with (
            pytest.raises(StorageError, match="of/us/log arrived with another content"),
            storage.reading("log", again),
        ):
            pass


def test_what_others_have_put_there_is_read(storage: Storage, delivery: Delivery) -> None:
    delivery.s3.put_object(Bucket=bucket_of(storage), Key="of/us/a/log", Body=b"by hand")
    assert storage.content("a/log") == b"by hand"
    assert storage.holds("a/log", 7)
    assert not storage.holds("a/log", 7, "0" * 32)
    with storage.reading("a/log", again=True) as path:
        assert path.read_bytes() == b"by hand"


def test_many_files_are_removed(storage: Storage) -> None:
    for number in range(1100):
        storage.put(f"a/{number}", b"")
    storage.put("ab", b"")
    storage.delete("a")
    assert [file.key for file in storage.files()] == ["ab"]


CALLS: dict[str, Callable[[Storage], Any]] = {
    "write": lambda storage: write(storage, "log", LEARNER.encode()),
    "read": lambda storage: read(storage, "log"),
    "put": lambda storage: storage.put("log", LEARNER.encode(), new=True),
    "content": lambda storage: storage.content("log"),
    "files": lambda storage: list(storage.files()),
    "delete": lambda storage: storage.delete("log"),
    "clear": lambda storage: storage.clear_unfinished(),
    "check": lambda storage: storage.check(),
}


def refused(call: Callable[[Storage], Any], storage: Storage, words: str) -> EdxAssetsError:
    with pytest.raises(EdxAssetsError, match=words) as error:
        call(storage)
    told = "".join(traceback.format_exception(error.value))
    assert "EDX_STORAGE" in told
    assert not any(private in told for private in (SECRET, LEARNER, "AWS4-HMAC"))
    return error.value


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_refusals(
    storage: Storage,
    delivery: Delivery,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[Storage], Any],
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    settings = storage.model_dump()
    missing = Storage(**settings | {"place": "s3://not-there/a"})
    assert isinstance(refused(call, missing, "there is no such bucket"), InvalidSettingError)
    silent = Storage(**settings | {"endpoint_url": "http://127.0.0.1:1"})
    assert can_pass(refused(call, silent, "EndpointConnectionError"))
    with guarded(delivery.endpoint):
        error = refused(call, Storage(**settings), "does not know the access key|refuses access")
    assert isinstance(error, InvalidSettingError)
    unknown = Storage(**settings | {"profile": "nobody"})
    assert isinstance(refused(call, unknown, "no such profile"), InvalidSettingError)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    error = refused(call, Storage(**settings), "there are no credentials for the bucket")
    assert isinstance(error, InvalidSettingError)


def test_credentials_of_a_profile_go_before_those_of_edx(
    storage: Storage, delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aws").write_text(
        "[ours]\naws_access_key_id = ours\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of edX")
    own = Storage(**storage.model_dump() | {"profile": "ours"})
    seen: list[str] = []
    client = own._files()._client  # type: ignore[attr-defined] # who signs is not told otherwise
    client.meta.events.register(
        "before-send.s3", lambda request, **_: seen.append(str(request.headers["Authorization"]))
    )
    assert own.put("log", b"")
    assert "Credential=ours/" in seen[0]


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_common_folder_for_temporary_files_is_private(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own = tmp_path / f"edx_assets-{os.getuid()}"
    storage = Storage(place=f"s3://{delivery.events}/a", endpoint_url=delivery.endpoint)
    write(storage, "log")
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    own.chmod(mode)
    again = Storage(**storage.model_dump())
    with pytest.raises(InvalidSettingError, match="is accessible to others"):
        again.exists("log")
