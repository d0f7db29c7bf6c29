"""Which days of tracking logs the embedded S3 has, by the names of its objects."""

import re
from collections.abc import Iterator
from datetime import date

from edx_assets.local.embedded_s3 import s3_client
from edx_assets.local.sample.delivery import EVENTS_BUCKET

_DAY = re.compile(r"-events-(\d{4}-\d{2}-\d{2})\.log\.gz\.gpg$")


def log_of_day(endpoint_url: str, site: str, day: date) -> str | None:
    """The key of a site's tracking log of a day, or None if there is none."""
    for key in _keys(endpoint_url):
        if f"/{site}/" in key and (match := _DAY.search(key)) and match[1] == str(day):
            return key
    return None


def newest_day(endpoint_url: str) -> date | None:
    """The newest day with a tracking log of any site, or None if there is none."""
    days = (match[1] for key in _keys(endpoint_url) if (match := _DAY.search(key)))
    newest = max(days, default=None)  # written so, they are in the order of time
    return date.fromisoformat(newest) if newest else None


def _keys(endpoint_url: str) -> Iterator[str]:
    client = s3_client(endpoint_url)
    if EVENTS_BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        return
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=EVENTS_BUCKET):
        yield from (item["Key"] for item in page.get("Contents", ()))
