"""What S3 refuses: said with the remedy, and without the credentials."""

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import Delivered, DeliveryError, NotDeliveredError
from edx_assets.settings import MissingSettingError
from edx_assets_tests.delivery import Delivery
from edx_assets_tests.resources.s3_guard import guarded

SECRET = "wJalrXUtnFEMI"
KEY = "mcgillx/edx/events/2014/mcgillx-edx-events-2014-03-09.log.gz.gpg"

CALLS: dict[str, Callable[[Buckets], Any]] = {
    "check": lambda buckets: buckets.check(),
    "events_files": lambda buckets: buckets.events_files("edx", 2014),
    "packages": lambda buckets: buckets.packages(),
}


@pytest.fixture
def _secret(monkeypatch: pytest.MonkeyPatch, delivery: Delivery) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture
def _guarded(delivery: Delivery) -> Iterator[None]:
    with guarded(delivery.endpoint):
        yield


def _refused(call: Callable[[], Any], *words: str, final: bool = True) -> None:
    with pytest.raises(NotDeliveredError if final else DeliveryError) as error:
        call()
    told = "".join(traceback.format_exception(error.value))
    assert SECRET not in told
    assert "AWS4-HMAC" not in told
    for word in (*words, "check EDX_ORG, the bucket settings and the AWS variables"):
        assert word in str(error.value)


@pytest.mark.usefixtures("_secret", "_guarded")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_wrong_credentials(delivery: Delivery, call: Callable[[Buckets], Any]) -> None:
    _refused(lambda: call(delivery.buckets()), "InvalidAccessKeyId")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_no_credentials(
    delivery: Delivery, call: Callable[[Buckets], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    _refused(lambda: call(delivery.buckets()), "NoCredentialsError", final=False)


@pytest.mark.usefixtures("_secret")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_missing_buckets(delivery: Delivery, call: Callable[[Buckets], Any]) -> None:
    buckets = delivery.buckets(events_bucket="not-there", packages_bucket="not-there")
    _refused(lambda: call(buckets), "s3://not-there/", "NoSuchBucket")


@pytest.mark.usefixtures("_secret")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_an_unreachable_server(delivery: Delivery, call: Callable[[Buckets], Any]) -> None:
    delivery.endpoint = "http://127.0.0.1:1"
    _refused(lambda: call(delivery.buckets()), "EndpointConnectionError", final=False)


@pytest.mark.usefixtures("_secret")
def test_downloading_what_is_not_there(delivery: Delivery, tmp_path: Path) -> None:
    gone = Delivered(delivery.events, KEY, "0" * 32, 3)
    _refused(lambda: delivery.buckets().download(gone, tmp_path / "a"), gone.key, "404")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_no_institution_is_set(delivery: Delivery, call: Callable[[Buckets], Any]) -> None:
    with pytest.raises(MissingSettingError, match="EDX_ORG is not set"):
        call(delivery.buckets(None))
