"""What is down is told plainly, without secrets, and holds the cursors where they were."""

import socket

import pytest
from dagster import Failure

from edx_assets.settings import load_settings
from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.institution import Institution, event

SENSORS = ("edx_tracking_logs_sensor", "packages_sensor", "courses_sensor")


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def failure(automation: Automation, name: str) -> str:
    with pytest.raises(Failure) as error:
        automation.tick(name)
    return str(error.value.description)


def test_s3_is_down(
    automation: Automation,
    testx: Institution,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    automation.tick(SENSORS[0])
    before = dict(automation.cursors)
    endpoint = load_settings().s3_endpoint_url
    testx.deliver("2014-02-03", [event(1)])
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", f"http://127.0.0.1:{closed_port}")
    for name in SENSORS[:2]:
        text = failure(automation, name)
        assert "S3 answered EndpointConnectionError" in text
        assert "testing" not in text
    assert automation.cursors == before
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", str(endpoint))
    assert len(automation.tick(SENSORS[0])) == 1


def test_the_database_is_down(
    automation: Automation,
    testx: Institution,
    closed_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.deliver_package("2014-02-09", {})
    monkeypatch.setattr("edx_assets.resources.mongo._PATIENCE_MS", 200)
    monkeypatch.setenv("EDX_MONGO_URI", f"mongodb://czar:sesame@127.0.0.1:{closed_port}/")
    for name in SENSORS:
        text = failure(automation, name)
        assert "the database answered ServerSelectionTimeoutError" in text
        assert "sesame" not in text
        assert automation.cursors.get(name) is None


def test_a_setting_is_missing(automation: Automation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDX_ORG")
    assert "EDX_ORG is not set" in failure(automation, SENSORS[0])
