"""Days loaded as an older version would have: by a reader that rejects lines of today.

And what the ledger and the collections then have.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any

import pytest

from edx_assets.edx import events
from edx_assets.edx.events import RejectedError
from edx_assets.edx.file_names import SiteDay
from edx_assets.edx.reasons import Reason
from edx_assets.loading.ledger import IMPORTS, MASTER_QUARANTINE, MASTER_TRACKING
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.loading.days.deliveries import Delivery, load

DAY = SiteDay("edx", date(2014, 2, 3))


def load_as_older(
    store: Store, storage: Storage, deliveries: list[Delivery], rejects: Collection[bytes]
) -> None:
    """Load days with a reader that takes lines with these contents for no JSON."""

    def older(load_file: str, site: str, load_date: datetime) -> Callable[[bytes], Any]:
        read = events.line_reader(load_file, site, load_date)

        def reads(line: bytes) -> Any:
            if line.strip() in rejects:
                raise RejectedError(Reason.NOT_JSON)
            return read(line)

        return reads

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("edx_assets.loading.days.lines.line_reader", older)
        load(store, storage, deliveries)


def days_of(deliveries: list[Delivery]) -> list[SiteDay]:
    return sorted({SiteDay(site, date(2014, 2, number)) for site, number, _lines in deliveries})


def everything(store: Store) -> list[Any]:
    """All that a retry could change, with its moments."""
    these = (IMPORTS, MASTER_TRACKING, MASTER_QUARANTINE)
    return [list(store.find(each, {}, sort=[("_id", 1)])) for each in these]


def entry_of(store: Store, day: SiteDay = DAY) -> dict[str, Any]:
    entry = store.get(IMPORTS, str(day))
    assert entry is not None
    return entry
