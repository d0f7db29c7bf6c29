"""Checks of the whole: broken partitions, expiry of the GPG key, freshness of the logs."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetsDefinition,
    MetadataValue,
    asset_check,
)

from edx_assets.assets.failed_partitions import as_markdown, failed_partitions
from edx_assets.assets.overview import OVERVIEW
from edx_assets.assets.remedies import with_remedy
from edx_assets.assets.stages import plain_failures
from edx_assets.edx.delivery import LOG_DELAY
from edx_assets.edx.file_names import SITES
from edx_assets.loading.entries import DayState
from edx_assets.loading.ledger import IMPORTS, days_between
from edx_assets.resources.gnupg import EXPIRY_WARNING, Gnupg, key_expiry
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.store import Store

_ERROR, _WARN = AssetCheckSeverity.ERROR, AssetCheckSeverity.WARN


def upkeep_checks(
    assets: Sequence[AssetsDefinition], last: date | None
) -> list[AssetChecksDefinition]:
    """The checks of the overview; `last` is the last day of tracking logs, if they have ended."""
    return [
        _failed_partitions(assets),
        gpg_key_expiry,
        *(_fresh(site, last) for site in SITES),
    ]


def _failed_partitions(assets: Sequence[AssetsDefinition]) -> AssetChecksDefinition:
    @asset_check(
        asset=OVERVIEW,
        name="failed_partitions",
        description=with_remedy(
            "failed_partitions",
            "No partition of any asset is broken. A partition is broken if its newest run or its"
            " blocking check failed and it has not been materialized since. A failure lists them"
            " all. Open the newest failed run of each: its error names the cause and the remedy."
            " Then materialize the partition again. A day that edX has not delivered yet leaves"
            " the list once it is loaded.",
        ),
    )
    def evaluate(context: AssetCheckExecutionContext) -> AssetCheckResult:
        failed = failed_partitions(context.instance, assets)
        return AssetCheckResult(
            passed=not failed,
            severity=_ERROR,
            description=f"{len(failed)} partitions are broken",
            metadata={
                "partitions": len(failed),
                "failed": MetadataValue.md(as_markdown(failed)),
            },
        )

    return evaluate


@asset_check(
    asset=OVERVIEW,
    description=with_remedy(
        "gpg_key_expiry",
        f"The GPG key that edX encrypts for is valid for at least {EXPIRY_WARNING.days} more days."
        " A warning means that it expires soon; an error, that it has expired or is missing: edX"
        " can then no longer encrypt for it, and no data will come. Extend it (gpg --edit-key,"
        " then expire, for the key and its subkey) or make a new one, and send edX the public key"
        " at once: installing it has taken them weeks. Keep the old secret key: it is needed for"
        " what has been delivered already.",
    ),
)
def gpg_key_expiry(gnupg: Gnupg) -> AssetCheckResult:
    """Whether edX can still encrypt for the secret keys, and for how long."""
    with plain_failures():
        return expiry_verdict(gnupg, datetime.now(UTC))


def expiry_verdict(gnupg: Gnupg, now: datetime) -> AssetCheckResult:
    """The check's result for the secret keys of a GnuPG home."""
    keys = gnupg.secret_keys()
    expiry = key_expiry(keys, now)
    if not expiry.good:
        return AssetCheckResult(
            passed=False,
            severity=_ERROR,
            description="every secret key has expired" if keys else "there is no secret key",
            metadata={"keys": len(keys)},
        )
    if expiry.first_end is None:
        return AssetCheckResult(
            passed=True, description="no key expires", metadata={"keys": len(keys)}
        )
    days_left = (expiry.first_end - now).days
    return AssetCheckResult(
        passed=not expiry.soon,
        severity=_WARN,
        description=f"a key expires on {expiry.first_end:%Y-%m-%d}, in {days_left} days",
        metadata={
            "keys": len(keys),
            "expires": f"{expiry.first_end:%Y-%m-%d}",
            "days_left": days_left,
        },
    )


def _fresh(site: str, last: date | None) -> AssetChecksDefinition:
    @asset_check(
        asset=OVERVIEW,
        name=f"{site}_fresh",
        description=with_remedy(
            f"{site}_fresh",
            f"The newest loaded tracking log of {site} is at most {LOG_DELAY.days} days old (or is"
            " that of EDX_END_DATE, if the logs have ended). A failure means that edX is late,"
            " that nothing requests new days, or that loading them fails. See failed_partitions,"
            " and check that automation is on. Then look into the bucket, and ask edX if the"
            " files are not there.",
        ),
    )
    def evaluate(mongo: Mongo) -> AssetCheckResult:
        with plain_failures():
            return fresh(mongo.store(), site, last, datetime.now(UTC).date())

    return evaluate


def fresh(store: Store, site: str, last: date | None, today: date) -> AssetCheckResult:
    """Whether a site's newest loaded day is recent. A site without a single log passes.

    Dagster's FreshnessPolicy cannot check this: in 1.13 it looks at an asset's newest
    materialization of any partition, so reloading an old day would make the logs look fresh.
    """
    query = {**days_between(site), "state": DayState.LOADED}
    loaded = next(store.find(IMPORTS, query, sort=[("_id", -1)], fields=["date"]), None)
    if loaded is None:
        return AssetCheckResult(passed=True, severity=_WARN, description="no log is loaded yet")
    newest = date.fromisoformat(loaded["date"])
    due = min(today - LOG_DELAY, last or date.max)
    return AssetCheckResult(
        passed=newest >= due,
        severity=_WARN,
        description=f"the newest loaded day is {newest}",
        metadata={"newest": str(newest), "days_old": (today - newest).days},
    )
