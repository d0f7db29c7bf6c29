"""Files by key in a bucket of S3, or of a server that speaks its protocol, shared by all machines.

While a file is read or written, it is in a private folder of the machine. Files in a folder belong
in `stored_folder`, edX's own buckets in `buckets`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from time import time
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from edx_assets.resources.s3_client import transfer
from edx_assets.resources.stored import MissingFileError, StoredFile, digest_of
from edx_assets.resources.stored_folder import StoredFolder
from edx_assets.resources.stored_trouble import StorageError, status_of, trouble

_DIGEST = "edx-assets-digest"
"""The metadata of an object that holds the digest of its content."""
_USED = ".used/"
"""Before a key: an empty object, which is as old as the last use of the file."""
_KEPT = "kept"
"""The folder of files in the private folder that will be read again soon."""
_DAY = 86_400.0  # seconds: no run lasts longer
_LEFT_AFTER = timedelta(days=1)  # an upload lasts no longer
_MOST = 1000  # objects that one request can remove
_GONE, _THERE = (404,), (409, 412)


class StoredObjects:
    """Files by key below a folder of a bucket.

    An object takes its place when its last byte is there, so nobody ever reads half of one. Its
    metadata holds its digest, by which each read is checked.

    Args:
        client: the boto3 client.
        bucket: the bucket.
        folder: the beginning of all its keys, without a slash at its end; empty for none.
        scratch: the private folder of this machine.
    """

    def __init__(self, client: Any, bucket: str, folder: str, scratch: StoredFolder) -> None:
        self._client, self._bucket, self._scratch = client, bucket, scratch
        self._has_bucket = False
        self._prefix = f"{folder.rstrip('/')}/" if folder.rstrip("/") else ""

    @contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """A path to write a file to; at the end it becomes `key`, completely or not at all."""
        place = self._place(key)
        self._scratch.clear_unfinished()
        with self._scratch.beside() as folder:
            path = folder / Path(key).name
            path.touch(mode=0o600)
            yield path
            told = {"Metadata": {_DIGEST: digest_of(path)}}
            with self._asking(key):
                self._client.upload_file(str(path), *place.values(), ExtraArgs=told)

    @contextmanager
    def reading(self, key: str, again: bool = False) -> Iterator[Path]:
        """A path to read a file from; with `again`, it stays here for a day after its last use.

        Raises:
            MissingFileError: there is no such file; the error names the key.
        """
        digest = self._digest(self._there(key))
        if not again or not digest:
            with self._scratch.beside() as folder:
                path = folder / Path(key).name
                self._download(key, path)
                yield path
            return
        kept = f"{_KEPT}/{digest}"
        if not self._scratch.use(kept):
            self._clear_kept()
            with self._scratch.writing(kept) as path:
                if self._download(key, path) != digest:
                    raise StorageError(
                        f"{self.address_of(key)} was replaced while it was read: materialize this"
                        " partition again"
                    )
        with self._scratch.reading(kept) as path:
            yield path

    @contextmanager
    def beside(self) -> Iterator[Path]:
        """A private folder on this machine, for what is kept no longer than the process."""
        with self._scratch.beside() as folder:
            yield folder

    def put(self, key: str, content: bytes, new: bool = False) -> bool:
        """Write a small file, unless `new` is on and it is there; whether it was written."""
        place = self._place(key)
        condition = {"IfNoneMatch": "*"} if new else {}
        try:
            with self._asking(key, but=_THERE if new else ()):
                self._client.put_object(**place, Body=content, **condition)
        except ClientError:
            return False
        return True

    def content(self, key: str) -> bytes | None:
        """The content of a small file, or None if it is not there."""
        place = self._place(key)
        try:
            with self._asking(key, but=_GONE):
                content: bytes = self._client.get_object(**place)["Body"].read()
        except ClientError:
            self._see_bucket()
            return None
        return content

    def use(self, key: str) -> bool:
        """Note that a file is used now; return whether it is there."""
        there = self.exists(key)
        if there:
            with self._asking(key):
                self._client.put_object(**self._place(key, _USED), Body=b"")
        return there

    def files(self) -> Iterator[StoredFile]:
        """Every file."""
        used = {
            entry["Key"].removeprefix(f"{self._prefix}{_USED}"): entry["LastModified"].timestamp()
            for entry in self._listed(_USED)
        }
        for entry in self._listed(""):
            key = entry["Key"].removeprefix(self._prefix)
            if not key.startswith("."):
                written = entry["LastModified"].timestamp()
                yield StoredFile(key, entry["Size"], max(written, used.get(key, 0.0)))

    def delete_unused(self, key: str, since: float) -> bool:
        """Remove a file, unless it was used after `since`; whether it is removed.

        A run that has begun to read it goes on with its own copy.
        """
        heads = [self._head(key), self._head(key, _USED)]
        times = [head["LastModified"].timestamp() for head in heads if head is not None]
        unused = heads[0] is not None and max(times) <= since
        if unused:
            self.delete(key)
        return unused

    def free(self) -> None:
        """A bucket has no bounds."""
        return

    def clear_unfinished(self) -> tuple[int, int]:
        """Remove what was left half written: on this machine, and uploads that ended long ago."""
        files, size = self._scratch.clear_unfinished()
        self._clear_kept()
        before = datetime.now(UTC) - _LEFT_AFTER
        with self._asking(""):
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for upload in page.get("Uploads", []):
                    if upload["Initiated"] < before:
                        size += self._abort({"Key": upload["Key"], "UploadId": upload["UploadId"]})
                        files += 1
        return files, size

    def exists(self, key: str) -> bool:
        """Whether a file exists."""
        return self._head(key) is not None

    def holds(self, key: str, size: int, digest: str = "") -> bool:
        """Whether a file exists and had this size and digest when it was written.

        S3 keeps what it has, so the content is not read for this. `reading` checks it.
        """
        head = self._head(key)
        if head is None or head["ContentLength"] != size:
            return False
        return not digest or self._digest(head) == digest

    def delete(self, key: str) -> None:
        """Remove a file, or everything below a key, if it exists."""
        below = [entry for of in ("", _USED) for entry in self._listed(f"{of}{key}/")]
        own = [self._place(key)["Key"], self._place(key, _USED)["Key"]]
        names = [*own, *(entry["Key"] for entry in below)]
        for start in range(0, len(names), _MOST):
            some = [{"Key": name} for name in names[start : start + _MOST]]
            with self._asking(key):
                told = {"Objects": some, "Quiet": True}
                answer = self._client.delete_objects(Bucket=self._bucket, Delete=told)
            if refused := answer.get("Errors"):
                raise StorageError(
                    f"{self.address_of(key)}: S3 did not remove it ({refused[0].get('Code')}):"
                    " look at the bucket's policy"
                )

    def check(self) -> str:
        """Where the files are, if files can be written and removed there and on this machine."""
        self._scratch.check()
        probe = f".check-{token_hex(8)}"
        self.put(probe, b"ok")
        self.delete(probe)
        return self.address_of("").rstrip("/")

    def address_of(self, key: str) -> str:
        """Where a person finds a file."""
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def _place(self, key: str, before: str = "") -> dict[str, str]:
        if any(part in ("", ".", "..") for part in key.split("/")):
            raise ValueError("a storage key must not lead outside the storage")
        return {"Bucket": self._bucket, "Key": f"{self._prefix}{before}{key}"}

    def _head(self, key: str, before: str = "") -> dict[str, Any] | None:
        place = self._place(key, before)
        try:
            with self._asking(key, but=_GONE):
                head: dict[str, Any] = self._client.head_object(**place)
        except ClientError:
            self._see_bucket()
            return None
        return head

    def _see_bucket(self) -> None:
        """See that there is a bucket at all: an answer to HEAD does not say what is not there."""
        if not self._has_bucket:
            with self._asking(""):
                self._client.list_objects_v2(Bucket=self._bucket, MaxKeys=1, Prefix=self._prefix)
            self._has_bucket = True

    def _there(self, key: str) -> dict[str, Any]:
        head = self._head(key)
        if head is None:
            raise MissingFileError(key)
        return head

    def _digest(self, head: dict[str, Any]) -> str:
        """The digest of a file's content; empty if something else has put it there."""
        return str(head.get("Metadata", {}).get(_DIGEST, ""))

    def _download(self, key: str, path: Path) -> str:
        """Download a file and check it; return its digest, if it has one."""
        for _attempt in range(2):
            expected = self._digest(self._there(key))
            with self._asking(key):
                self._client.download_file(
                    self._bucket, f"{self._prefix}{key}", str(path), Config=transfer()
                )
            path.chmod(0o600)
            if not expected or digest_of(path) == expected:
                return expected
            # it was replaced meanwhile
        raise StorageError(
            f"{self.address_of(key)} arrived with another content than was written: materialize"
            " the stage that makes it again with `rebuild` on"
        )

    def _listed(self, below: str) -> Iterator[dict[str, Any]]:
        with self._asking(below):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{self._prefix}{below}"):
                yield from page.get("Contents", [])

    def _abort(self, upload: dict[str, str]) -> int:
        """Remove what is there of an upload; its bytes."""
        pages = self._client.get_paginator("list_parts")
        found = pages.paginate(Bucket=self._bucket, **upload)
        size = sum(int(part["Size"]) for page in found for part in page.get("Parts", []))
        self._client.abort_multipart_upload(Bucket=self._bucket, **upload)
        return size

    def _clear_kept(self) -> None:
        """Remove from this machine what nobody has read again for a day."""
        before = time() - _DAY
        for file in list(self._scratch.files()):
            if file.key.startswith(f"{_KEPT}/"):
                self._scratch.delete_unused(file.key, before)

    @contextmanager
    def _asking(self, key: str, but: tuple[int, ...] = ()) -> Iterator[None]:
        """Turn an answer that is a failure into an error of ours, but for some HTTP statuses."""
        try:
            yield
        except (ClientError, BotoCoreError, Boto3Error) as error:
            if status_of(error) in but:
                raise
            raise trouble(self.address_of(key), error) from None
