"""The stage packages/database_package: download a delivery date's package into the storage.

Opening and decrypting it belongs in `members`.
"""

import shutil
from datetime import date
from pathlib import Path

from edx_assets.edx.collections import OPT_IN
from edx_assets.loading.packages.members import package_key
from edx_assets.loading.stage import Metadata
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import NotDeliveredError
from edx_assets.resources.etags import md5
from edx_assets.resources.storage import Storage


def fetch_package(buckets: Buckets, storage: Storage, day: date, rebuild: bool = False) -> Metadata:
    """Download the package of a delivery date and its opt-in list, unless they are in the storage.

    With `rebuild`, they are downloaded in any case. A package that was brought from a folder is
    kept if S3 has none.

    Raises:
        NotDeliveredError: S3 does not have the package, or has two different ones.
        DeliveryError: it cannot be downloaded.
    """
    item = buckets.package_of(day)
    note_key = f"packages/{day}/raw.json"
    before = storage.read_json(note_key)
    if item is None and before and before.get("brought") and storage.use(package_key(str(day))):
        return {
            "file": before["file"],
            "bytes": before["size"],
            "etag": before["etag"],
            "outcome": "kept: brought from a folder",
        }
    if item is None:
        raise NotDeliveredError(
            f"s3://{buckets.packages_bucket} has no package of {day}: materialize"
            " packages/delivered to update the list of packages"
        )
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


def bring_package(storage: Storage, day: date, package: Path, opt_in: Path | None) -> None:
    """Put a package that is on disk into the storage, with its opt-in list, as if downloaded."""
    for kind, file in {"package": package, OPT_IN: opt_in}.items():
        if file is not None:
            with storage.writing(package_key(str(day), kind)) as path:
                shutil.copyfile(file, path)
    note = {
        "file": package.name,
        "etag": md5(package),
        "size": package.stat().st_size,
        "opt_in_etag": md5(opt_in) if opt_in else None,
        "brought": True,
    }
    storage.write_json(f"packages/{day}/raw.json", note)
