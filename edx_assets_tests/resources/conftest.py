"""Fixtures of the resources' tests: keys of their own, no AWS around."""

import gc
from collections.abc import Iterator

import gnupg
import pytest

from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.homes import gnupg_home, rsa_key


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The test's own log: an earlier test's store is closed when it is collected, and logs that."""
    gc.collect()
    return caplog


@pytest.fixture(scope="session")
def key() -> Iterator[tuple[gnupg.GPG, str]]:
    """The institution's key pair: the home and the fingerprint."""
    with gnupg_home() as home:
        fingerprint = rsa_key(home, PASSPHRASE)
        yield gnupg.GPG(gnupghome=home), fingerprint
