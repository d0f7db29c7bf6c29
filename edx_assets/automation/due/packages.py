"""Which database packages are due: those on S3 that the ledger lacks or has in another version.

No run is requested here.
"""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import cast

from edx_assets.loading.entries import PackageEntry
from edx_assets.loading.ledger import PACKAGES
from edx_assets.loading.packages.course_files import SORTING, is_sorted
from edx_assets.loading.upgrade import upgrade
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.store import Store

WINDOW = timedelta(days=35)
"""Packages this close to the newest are requested; older ones are loaded only by hand."""


def deliveries_due(
    buckets: Buckets,
    store: Store,
    busy: Collection[str],
    wanted: Callable[[date], bool] | None = None,
) -> dict[str, str]:
    """Delivery dates whose package or opt-in list on S3 is not sorted yet, with their versions.

    Args:
        buckets: the institution's buckets.
        store: the document store.
        busy: dates whose package is in flight; they are left out.
        wanted: which dates are asked for, if not those of the last weeks.
    """
    upgrade(store)
    found, opt_in = buckets.packages(), buckets.opt_in_lists()
    due = {}
    for day, item in found.items():
        asked = wanted(day) if wanted else day >= max(found) - WINDOW
        if str(day) in busy or not asked:
            continue
        other = opt_in[day].etag if day in opt_in else None
        entry = cast(PackageEntry | None, store.get(PACKAGES, str(day)))
        if entry is None or not is_sorted(entry, [item.etag, other, SORTING]):
            due[str(day)] = f"{item.key}:{item.etag}" + (f"+{other}" if other else "")
    return due
