"""The fixtures of the automation's tests."""

from collections.abc import Iterator

import pytest
from dagster import DagsterInstance

from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.automation.received import Received, mail_server, web_server
from edx_assets_tests.institution import Institution


@pytest.fixture
def automation(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> Automation:
    """The sensors of an institution whose tracking logs end in April 2014."""
    monkeypatch.setenv("EDX_END_DATE", "2014-04-30")
    return Automation(testx)


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    """A Dagster instance of its own, in memory."""
    with DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def web() -> Iterator[Received]:
    """A web server that keeps what is posted to it."""
    with web_server() as received:
        yield received


@pytest.fixture
def mail() -> Iterator[Received]:
    """A mail server that keeps what it gets."""
    with mail_server() as received:
        yield received
