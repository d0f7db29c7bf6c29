"""The institution's two S3 buckets: listing what edX has delivered, and downloading it.

What is in the files does not belong here.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date
from pathlib import Path
from time import monotonic
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
)
from dagster import ConfigurableResource, ResourceDependency
from dagster_aws.s3 import S3Resource
from pydantic import PrivateAttr
from s3transfer.exceptions import S3DownloadFailedError

from edx_assets.edx.file_names import SiteDay, events_file, package_day
from edx_assets.resources.delivered import Delivered, DeliveryError, NotDeliveredError, refusal
from edx_assets.resources.etags import md5, md5_of_parts
from edx_assets.resources.s3_client import s3_client, transfer
from edx_assets.settings import MissingSettingError, load_settings

_FRESH_SECONDS = 60
"""How long a listing is reused by the days of a run or the years of a tick: each LIST is billed."""
_SLOWEST = 50_000
"""Bytes a second: a download that is slower than this is stuck, though some bytes still arrive."""

_PATIENCE = 120
"""Seconds that any download may take, however small."""


class Buckets(ConfigurableResource[Any]):
    """The bucket of tracking logs and the bucket of database packages of one institution."""

    s3: ResourceDependency[S3Resource]
    org: str | None = None
    events_bucket: str
    packages_bucket: str

    _client: Any = PrivateAttr(default=None)
    _years: dict[tuple[str, int], tuple[float, list[tuple[Delivered, date]]]] = PrivateAttr(
        default_factory=dict
    )
    _folders: tuple[float, list[str]] = PrivateAttr(default=(0.0, []))

    def events_file_of(self, day: SiteDay) -> Delivered | None:
        """The tracking log of a day, or None if S3 has none.

        It is in the folder of the day's year, or of the next year if it was delivered then.

        Raises:
            NotDeliveredError: two different files claim the day, or S3 refuses access.
            DeliveryError: S3 cannot be reached or failed.
        """
        years = (day.day.year, day.day.year + 1)
        listed = [each for year in years for each in self._year(day.site, year)]
        found = [item for item, its_day in listed if its_day == day.day]
        return _only(day.day, found)

    def events_files(self, site: str, year: int) -> list[tuple[Delivered, date]]:
        """Every tracking log of a site's year with its day, in key order."""
        listed = []
        for folder in self._fresh_folders():
            prefix = f"{folder}{site}/events/{year:04d}/"
            for item in self._list(self.events_bucket, prefix):
                parsed = events_file(item.name)
                if parsed and parsed.site == site and parsed.org.lower() == self._org().lower():
                    listed.append((item, parsed.day))
        return listed

    def has_events_after(self, day: SiteDay, today: date) -> bool:
        """Whether S3 has a tracking log of the site for a later day."""
        return any(
            its_day > day.day
            for year in range(day.day.year, today.year + 1)
            for _item, its_day in self._year(day.site, year)
        )

    def packages(self) -> dict[date, Delivered]:
        """Every database package of the institution, by delivery date.

        Of several for a date, the first by key; `package_of` says whether they differ.
        """
        return {day: items[0] for day, items in self._packages().items()}

    def package_of(self, day: date) -> Delivered | None:
        """The database package of a delivery date, or None if S3 has none.

        Raises:
            NotDeliveredError: two different files claim the date, or S3 refuses access.
            DeliveryError: S3 cannot be reached or failed.
        """
        return _only(day, self._packages().get(day, []))

    def opt_in_lists(self) -> dict[date, Delivered]:
        """Every e-mail opt-in list of the institution (a zip of CSVs), by delivery date.

        Of several for a date, the first by key; `opt_in_list_of` says whether they differ.
        """
        return {day: items[0] for day, items in self._opt_in_lists().items()}

    def opt_in_list_of(self, day: date) -> Delivered | None:
        """The e-mail opt-in list of a delivery date, as `package_of`."""
        return _only(day, self._opt_in_lists().get(day, []))

    def download(self, item: Delivered, path: Path) -> None:
        """Download an object, and check its size and ETag.

        Raises:
            NotDeliveredError: it is not there (any more), or S3 refuses access.
            DeliveryError: S3 failed, or the object arrived with a wrong size or ETag twice.
        """
        try:
            self._download(item, path)
        except (DeliveryError, NotDeliveredError):
            self._years.clear()  # a retry must see what S3 has then
            raise

    def _download(self, item: Delivered, path: Path) -> None:
        for _attempt in range(2):
            try:
                self.client().download_file(
                    item.bucket,
                    item.key,
                    str(path),
                    Callback=_deadline(item),
                    Config=transfer(),
                )
                if path.stat().st_size == item.size and self._etag_fits(item, path):
                    return
            except S3DownloadFailedError:  # replaced while its parts were being downloaded
                continue
            except (ClientError, BotoCoreError, Boto3Error) as error:
                raise refusal(f"s3://{item.bucket}/{item.key}", error) from None
        raise DeliveryError(
            f"s3://{item.bucket}/{item.key} arrived with another size or checksum than S3 reports:"
            " it may be being delivered right now; materialize this partition again"
        )

    def head(self, item: Delivered, size: int) -> bytes:
        """The first bytes of an object.

        Raises:
            NotDeliveredError: it is not there (any more), or S3 refuses access.
            DeliveryError: S3 failed.
        """
        if not item.size:  # S3 refuses a range of nothing
            return b""
        try:
            place = {"Bucket": item.bucket, "Key": item.key}
            body = self.client().get_object(**place, Range=f"bytes=0-{size - 1}")["Body"]
            content: bytes = body.read()
        except (ClientError, BotoCoreError, OSError) as error:
            raise refusal(f"s3://{item.bucket}/{item.key}", error) from None
        return content

    def check(self) -> list[str]:
        """The institution's folders in the events bucket.

        Raises:
            MissingSettingError: EDX_ORG is not set.
            NotDeliveredError: S3 refuses access.
            DeliveryError: S3 cannot be reached or failed.
        """
        return self._org_folders()

    def client(self) -> Any:
        """The boto3 client."""
        if self._client is None:
            load_settings().require("s3_endpoint_url", "events_bucket", "packages_bucket")
            self._client = s3_client(self.s3)
        return self._client

    def _year(self, site: str, year: int) -> list[tuple[Delivered, date]]:
        """The listing of a site's year, at most a minute old."""
        listed_at, listed = self._years.get((site, year), (0.0, []))
        if not listed_at or monotonic() - listed_at > _FRESH_SECONDS:
            listed = self.events_files(site, year)
            self._years[site, year] = (monotonic(), listed)
        return listed

    def _fresh_folders(self) -> list[str]:
        """The institution's folders, if any; the listing is at most a minute old."""
        listed_at, folders = self._folders
        if not folders or monotonic() - listed_at > _FRESH_SECONDS:
            folders = self._org_folders()
            self._folders = (monotonic(), folders)
        return folders

    def _packages(self) -> dict[date, list[Delivered]]:
        """The packages at the top of the bucket, whatever the case of the institution's name.

        All institutions' packages are there, and S3 compares prefixes by case. So what begins with
        the name's first letter is listed, small and capital: a few pages, where the whole bucket
        would be hundreds. If the policy allows only the institution's own names, those are listed
        as the setting and edX write them.
        """
        org = self._org()
        letters = {org[:1].lower(), org[:1].upper()}
        try:
            return self._by_day([item for each in sorted(letters) for item in self._top(each)])
        except NotDeliveredError:
            names = sorted({f"{name}-" for name in (org, org.lower())})
            return self._by_day([item for each in names for item in self._top(each)])

    def _top(self, prefix: str) -> Iterator[Delivered]:
        return self._list(self.packages_bucket, prefix, Delimiter="/")

    def _opt_in_lists(self) -> dict[date, list[Delivered]]:
        return self._by_day(self._list(self.packages_bucket, "email-opt-in/"))

    def _by_day(self, items: Iterable[Delivered]) -> dict[date, list[Delivered]]:
        found: dict[date, list[Delivered]] = {}
        for item in items:
            if day := package_day(item.name.removeprefix("email-opt-in-"), self._org()):
                found.setdefault(day, []).append(item)
        return found

    def _org(self) -> str:
        if not self.org:
            raise MissingSettingError("org")
        return self.org

    def _org_folders(self) -> list[str]:
        """Folders of the events bucket that are named like the institution, ignoring case.

        edX lets an institution list its own folder but not the bucket, so the two usual spellings
        are tried first.
        """
        org = self._org()
        usual = [f"{name}/" for name in dict.fromkeys((org, org.lower()))]
        folders = [name for name in usual if next(self._list(self.events_bucket, name, 1), None)]
        if folders:
            return folders
        top = self._pages(self.events_bucket, Prefix="", Delimiter="/")
        names = [entry["Prefix"] for page in top for entry in page.get("CommonPrefixes", [])]
        return [name for name in names if name.rstrip("/").lower() == org.lower()]

    def _list(
        self, bucket: str, prefix: str, limit: int = 1000, **more: str
    ) -> Iterator[Delivered]:
        for page in self._pages(bucket, Prefix=prefix, MaxKeys=limit, **more):
            for entry in page.get("Contents", []):
                etag = entry["ETag"].strip('"')
                delivered = entry["LastModified"].astimezone(UTC).isoformat(timespec="milliseconds")
                yield Delivered(bucket, entry["Key"], etag, entry["Size"], delivered)

    def _pages(self, bucket: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        try:
            pages = self.client().get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=bucket, **arguments)
        except (ClientError, BotoCoreError) as error:
            raise refusal(f"s3://{bucket}/{arguments.get('Prefix', '')}", error) from None

    def _etag_fits(self, item: Delivered, path: Path) -> bool:
        """Whether a file fits the ETag: its MD5, or that of its parts' MD5s if uploaded in parts.

        Under KMS encryption the ETag is neither, and only the size can be checked.
        """
        place = {"Bucket": item.bucket, "Key": item.key}
        head = self.client().head_object(**place)
        if head["ETag"].strip('"') != item.etag:
            return False
        if head.get("ServerSideEncryption", "").startswith("aws:kms"):
            return True
        if "-" not in item.etag:
            return md5(path) == item.etag
        # a request of its own, because servers other than Amazon's return the ETag of the part
        size = self.client().head_object(**place, PartNumber=1)["ContentLength"]
        digests = b"".join(bytes.fromhex(digest) for digest in md5_of_parts(path, size))
        joined = hashlib.md5(digests, usedforsecurity=False).hexdigest()
        return f"{joined}-{len(digests) // 16}" == item.etag


def _only(day: date, found: list[Delivered]) -> Delivered | None:
    if len({item.etag for item in found}) > 1:
        names = " and ".join(item.key for item in found)
        raise NotDeliveredError(f"{names} both claim {day}: remove the wrong one")
    return found[0] if found else None


def _deadline(item: Delivered) -> Callable[[int], None]:
    """What ends a download once it has taken longer than its size explains."""
    end = monotonic() + _PATIENCE + item.size / _SLOWEST

    def look(_count: int) -> None:
        if monotonic() > end:
            raise DeliveryError(
                f"s3://{item.bucket}/{item.key}: S3 delivers it too slowly to be waited for:"
                " materialize this partition again later, and look at the network if it stays so"
            )

    return look
