"""What a store says that cannot be used: checked for what no message may hold."""

import pytest

from edx_assets.errors import EdxAssetsError
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.resources.secured import PASSWORD

IMPATIENT_MS = 1000


def store_of(uri: str) -> Store:
    """The store at a connection string, without much patience."""
    return connect(uri, IMPATIENT_MS)


def told_of(uri: str) -> EdxAssetsError:
    """The error of who reads there: one sentence, which names the setting and holds no secret."""
    with pytest.raises(EdxAssetsError) as error:
        store_of(uri).get(Collection("tracking_logs", "imports"), 1)
    text = str(error.value)
    assert "EDX_MONGO_URI" in text
    assert PASSWORD not in text
    assert uri not in text
    assert ". " not in text
    assert "\n" not in text
    return error.value
