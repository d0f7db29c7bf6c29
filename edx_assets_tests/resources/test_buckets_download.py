"""Downloading from the buckets: what arrives is what S3 has, or it is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import DeliveryError, NotDeliveredError
from edx_assets_tests.delivery import Delivery

MB = 1 << 20
KEY = "mcgillx/edx/events/2014/mcgillx-edx-events-2014-03-09.log.gz.gpg"


def content(size: int, seed: int = 0) -> bytes:
    """Bytes that differ from place to place."""
    return bytes((index * 31 + seed) % 251 for index in range(4096)) * (size // 4096 + 1)


def before_each(buckets: Buckets, operation: str, act: Callable[[], Any]) -> list[str]:
    """Have something happen on S3 whenever the resource is about to ask; what it asked for."""
    asked: list[str] = []

    def noted(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["headers"].get("Range", "whole"))
        act()

    buckets.client().meta.events.register(f"before-call.s3.{operation}", noted)
    return asked


@pytest.mark.parametrize("size", [0, 1, 5 * MB, 9 * MB])  # from 8 MB on it comes in ranges
def test_a_whole_object(delivery: Delivery, tmp_path: Path, size: int) -> None:
    body = content(size)[:size]
    delivery.buckets().download(delivery.put(KEY, body), tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == body
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_an_existing_file_is_replaced(delivery: Delivery, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"an older and longer one")
    delivery.buckets().download(delivery.put(KEY, b"new"), path)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("last", [1, 3 * MB])
def test_an_object_that_was_uploaded_in_parts(
    delivery: Delivery, tmp_path: Path, last: int
) -> None:
    parts = [content(5 * MB, 1)[: 5 * MB], content(5 * MB, 2)[: 5 * MB], content(last, 3)[:last]]
    item = delivery.put_in_parts(KEY, *parts)
    assert item.etag.endswith("-3")
    delivery.buckets().download(item, tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == b"".join(parts)


def test_an_object_of_one_part(delivery: Delivery, tmp_path: Path) -> None:
    item = delivery.put_in_parts(KEY, b"small")
    assert item.etag.endswith("-1")
    delivery.buckets().download(item, tmp_path / "log")
    assert (tmp_path / "log").read_bytes() == b"small"


def test_encryption_by_key_service_leaves_the_size_to_check(
    delivery: Delivery, tmp_path: Path
) -> None:
    item = delivery.put(KEY, b"log", ServerSideEncryption="aws:kms")
    delivery.buckets().download(item, tmp_path / "log")
    with pytest.raises(DeliveryError):
        delivery.buckets().download(replace(item, size=4), tmp_path / "log")


@pytest.mark.parametrize("change", [{"size": 4}, {"etag": "0" * 32}, {"etag": "0" * 32 + "-2"}])
def test_another_size_or_etag_than_listed(
    delivery: Delivery, tmp_path: Path, change: dict[str, Any]
) -> None:
    item = replace(delivery.put(KEY, b"log"), **change)
    with pytest.raises(DeliveryError, match="arrived with another size or checksum") as error:
        delivery.buckets().download(item, tmp_path / "log")
    assert KEY in str(error.value)
    assert "materialize this partition again" in str(error.value)


@pytest.mark.parametrize("parts", [1, 3])
def test_what_arrives_is_compared_with_the_etag(
    delivery: Delivery, tmp_path: Path, parts: int
) -> None:
    """The ETag is right and the bytes are not: seen where one byte is changed after the arrival."""
    bodies = [content(5 * MB, number)[: 5 * MB] for number in range(parts)]
    item = delivery.put_in_parts(KEY, *bodies) if parts > 1 else delivery.put(KEY, bodies[0])
    buckets = delivery.buckets()
    path = tmp_path / "log"

    def spoil() -> None:
        if path.exists():
            with path.open("r+b") as file:
                file.seek(item.size - 1)
                file.write(b"\xff")

    before_each(buckets, "HeadObject", spoil)
    with pytest.raises(DeliveryError, match="another size or checksum"):
        buckets.download(item, path)


@pytest.mark.parametrize("size", [3, 9 * MB])
@pytest.mark.parametrize("operation", ["HeadObject", "GetObject"])
def test_an_object_that_is_replaced_meanwhile(
    delivery: Delivery, tmp_path: Path, operation: str, size: int
) -> None:
    item = delivery.put(KEY, content(size)[:size])
    buckets = delivery.buckets()
    versions = iter(range(1, 1000))

    def deliver() -> None:
        delivery.put(KEY, content(size, next(versions))[:size])

    before_each(buckets, operation, deliver)
    with pytest.raises(DeliveryError, match="another size or checksum"):
        buckets.download(item, tmp_path / "log")


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject"])
def test_an_object_that_is_removed_meanwhile(
    delivery: Delivery, tmp_path: Path, operation: str
) -> None:
    item = delivery.put(KEY, b"log")
    buckets = delivery.buckets()
    before_each(
        buckets, operation, lambda: delivery.s3.delete_object(Bucket=item.bucket, Key=item.key)
    )
    with pytest.raises(NotDeliveredError, match=KEY):
        buckets.download(item, tmp_path / "log")


def test_it_is_removed_after_it_has_arrived(delivery: Delivery, tmp_path: Path) -> None:
    item = delivery.put(KEY, b"log")
    buckets = delivery.buckets()

    def remove() -> None:
        if (tmp_path / "log").exists():
            delivery.s3.delete_object(Bucket=item.bucket, Key=item.key)

    before_each(buckets, "HeadObject", remove)
    with pytest.raises(NotDeliveredError, match="404"):
        buckets.download(item, tmp_path / "log")


def test_a_large_object_comes_in_ranges(delivery: Delivery, tmp_path: Path) -> None:
    """Else the replaced object above would not have been tried between two ranges."""
    item = delivery.put(KEY, content(9 * MB)[: 9 * MB])
    buckets = delivery.buckets()
    asked = before_each(buckets, "GetObject", lambda: None)
    buckets.download(item, tmp_path / "log")
    assert len(asked) == 2
