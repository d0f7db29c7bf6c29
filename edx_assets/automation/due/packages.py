"""Which database packages are due: those on S3 that the ledger has not, or has otherwise."""

from collections.abc import Collection
from datetime import timedelta

from edx_assets.loading.ledger import PACKAGES
from edx_assets.loading.packages.course_files import SORTING
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.store import Store

WINDOW = timedelta(days=35)
"""Packages delivered so long before the newest are asked for; older ones by hand alone."""


def deliveries_due(buckets: Buckets, store: Store, busy: Collection[str]) -> dict[str, str]:
    """Delivery dates whose package, or opt-in list, is not sorted as S3 has it; its version.

    Args:
        busy: dates whose package is in flight: they are left out.
    """
    found, opt_in = buckets.packages(), buckets.opt_in_lists()
    due = {}
    for day, item in found.items():
        if str(day) in busy or day < max(found) - WINDOW:
            continue
        other = opt_in[day].etag if day in opt_in else None
        entry = store.get(PACKAGES, str(day))
        if entry is None or entry["source"] != [item.etag, other, SORTING]:
            due[str(day)] = f"{item.key}:{item.etag}" + (f"+{other}" if other else "")
    return due
