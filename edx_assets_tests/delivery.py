"""Two buckets of their own for a test, on a real S3 server, and the resource that reads them."""

from dataclasses import dataclass
from typing import Any

from dagster_aws.s3 import S3Resource

from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import Delivered


@dataclass
class Delivery:
    """A test's buckets: `s3` is a client to deliver with."""

    s3: Any
    endpoint: str
    events: str
    packages: str

    def buckets(self, org: str | None = "McGillX", **settings: Any) -> Buckets:
        """The resource under test; its client is another than `s3`."""
        resource = S3Resource(endpoint_url=self.endpoint, max_attempts=1)
        names = {"events_bucket": self.events, "packages_bucket": self.packages} | settings
        return Buckets(s3=resource, org=org, **names)

    def put(self, key: str, body: bytes = b"", **more: str) -> Delivered:
        """Deliver a tracking log; as the bucket would list it."""
        etag = self.s3.put_object(Bucket=self.events, Key=key, Body=body, **more)["ETag"]
        return Delivered(self.events, key, etag.strip('"'), len(body))

    def put_in_parts(self, key: str, *parts: bytes) -> Delivered:
        """Deliver a tracking log as the SDKs deliver a large one; all but the last part 5 MB."""
        place = {"Bucket": self.events, "Key": key}
        upload = self.s3.create_multipart_upload(**place)["UploadId"]
        done = [
            {
                "PartNumber": number,
                "ETag": self.s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=part)[
                    "ETag"
                ],
            }
            for number, part in enumerate(parts, 1)
        ]
        etag = self.s3.complete_multipart_upload(
            **place, UploadId=upload, MultipartUpload={"Parts": done}
        )["ETag"]
        return Delivered(self.events, key, etag.strip('"'), sum(map(len, parts)))

    def put_package(self, key: str, body: bytes = b"zip") -> None:
        """Deliver a database package."""
        self.s3.put_object(Bucket=self.packages, Key=key, Body=body)
