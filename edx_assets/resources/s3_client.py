"""The client of S3, and how long it waits for one that does not answer.

What is asked for and delivered belongs in `buckets`.
"""

from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from dagster_aws.s3 import S3Resource

CONNECT_SECONDS = 5
READ_SECONDS = 10
"""How long S3 may be silent: it answers within a second or two, or not at all."""

ATTEMPTS = 3
DOWNLOAD_ATTEMPTS = 2
"""Tries of a request, and (of those) tries of a part of a download. Their waits add up to less than
two minutes: the retry of a step is for what takes longer."""

_PIECE = 64 * 1024  # bytes: after each, a download can be ended


def s3_client(s3: S3Resource) -> Any:
    """A boto3 client. The resource's own can be given no timeouts: it waits for minutes."""
    return client_at(s3.endpoint_url, s3.profile_name, s3.region_name)


def client_at(endpoint_url: str | None, profile: str | None, region: str | None = None) -> Any:
    """A boto3 client of a server (Amazon's if None), for an AWS profile (the usual one if None)."""
    waiting = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    session = boto3.session.Session(profile_name=profile)
    return session.client("s3", endpoint_url=endpoint_url, region_name=region, config=waiting)


def transfer() -> TransferConfig:
    """How an object is downloaded."""
    return TransferConfig(num_download_attempts=DOWNLOAD_ATTEMPTS, io_chunksize=_PIECE)
