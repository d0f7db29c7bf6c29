"""The stage packages/database_package: download a delivery date's package into the storage.

Opening and decrypting it belongs in `members`.
"""

from datetime import date

from edx_assets.edx.collections import OPT_IN
from edx_assets.loading.packages.members import package_key
from edx_assets.loading.stage import Metadata
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import NotDeliveredError
from edx_assets.resources.storage import Storage


def fetch_package(buckets: Buckets, storage: Storage, day: date, rebuild: bool = False) -> Metadata:
    """Download the package of a delivery date and its opt-in list, unless they are in the storage.

    With `rebuild`, they are downloaded in any case.

    Raises:
        NotDeliveredError: S3 does not have the package, or has two different ones.
        DeliveryError: it cannot be downloaded.
    """
    item = buckets.package_of(day)
    if item is None:
        raise NotDeliveredError(
            f"s3://{buckets.packages_bucket} has no package of {day}: materialize"
            " packages/delivered to update the list of packages"
        )
    note_key = f"packages/{day}/raw.json"
    before = storage.read_json(note_key)
    opt_in = buckets.opt_in_list_of(day)
    note = {
        "file": item.name,
        "etag": item.etag,
        "size": item.size,
        "opt_in_etag": opt_in.etag if opt_in else None,
    }
    outcome = "unchanged"
    parts = {"package": item} | ({OPT_IN: opt_in} if opt_in else {})
    keys = {kind: package_key(str(day), kind) for kind in parts}
    kept = all(
        storage.holds(keys[kind], part.size) and storage.use(keys[kind])
        for kind, part in parts.items()
    )
    if rebuild or note != before or not kept:
        for kind, part in parts.items():
            with storage.writing(keys[kind]) as path:
                buckets.download(part, path)
        storage.write_json(note_key, note)
        outcome = "downloaded"
    return {
        "file": item.name,
        "bytes": item.size,
        "etag": item.etag,
        "opt_in_list": opt_in.name if opt_in else "none",
        "outcome": outcome,
    }
