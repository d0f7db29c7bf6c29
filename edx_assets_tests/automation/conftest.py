"""The fixture of the sensors' tests."""

import pytest

from edx_assets_tests.automation.automation import Automation
from edx_assets_tests.institution import Institution


@pytest.fixture
def automation(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> Automation:
    """The sensors of an institution whose tracking logs end in April 2014."""
    monkeypatch.setenv("EDX_END_DATE", "2014-04-30")
    return Automation(testx)
