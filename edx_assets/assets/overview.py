"""The overview of everything that is loaded. Its checks are in `checks.overview`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    asset,
)

from edx_assets.assets.failed_partitions import as_markdown, failed_partitions
from edx_assets.assets.plots import (
    HALF,
    LATE,
    LOADED,
    MISSING,
    NO_FILE,
    REJECTED,
    coverage,
    last_days,
    spans,
)
from edx_assets.assets.stages import OWNERS, plain_failures
from edx_assets.edx.delivery import LOG_DELAY
from edx_assets.edx.file_names import SITES
from edx_assets.loading.entries import DayEntry, DayState
from edx_assets.loading.ledger import COURSES, MASTER_TRACKING, PACKAGES, day_entries, is_settled
from edx_assets.resources.mongo import Mongo

OVERVIEW = AssetKey(["upkeep", "overview"])

_MANY_REJECTED = 0.01
_FIELDS = ("site", "date", "state", "lines", "loaded", "rejected")


def overview(assets: Sequence[AssetsDefinition], last: date | None) -> AssetsDefinition:
    """The asset whose metadata show what is loaded; `last`: the last day of tracking logs."""

    @asset(
        key=OVERVIEW,
        group_name="upkeep",
        owners=OWNERS,
        kinds={"mongodb"},
        code_version="1",
        description="What is loaded, missing, late or broken, in one place: see its metadata.",
    )
    def look(context: AssetExecutionContext, mongo: Mongo) -> MaterializeResult[Any]:
        today = datetime.now(UTC).date()
        with plain_failures():
            store = mongo.store()
            entries = list(day_entries(store, fields=_FIELDS))
            records = store.estimated_count(MASTER_TRACKING)
            metadata: dict[str, Any] = {
                "records": records,
                "records_by_the_ledger": sum(entry.get("loaded", 0) for entry in entries),
                "courses": store.count(COURSES),
                "packages": store.count(PACKAGES),
            }
        for site in SITES:
            days = marks([entry for entry in entries if entry["site"] == site], last, today)
            metadata[f"last_days_{site}"] = MetadataValue.md(last_days(days))
            metadata[f"coverage_{site}"] = MetadataValue.md(coverage(days))
            missing = [day for day, mark in days.items() if mark == MISSING]
            metadata[f"missing_{site}"] = f"{len(missing)} days" + (
                f": {spans(missing)}" if missing else ""
            )
        failed = failed_partitions(context.instance, assets)
        metadata["failed_partitions"] = MetadataValue.md(as_markdown(failed))
        return MaterializeResult(metadata=metadata)

    return look


def marks(entries: Iterable[DayEntry], last: date | None, today: date) -> dict[date, str]:
    """The mark of each day, from the first in a site's ledger to yesterday."""
    by_day = {date.fromisoformat(entry["date"]): entry for entry in entries}
    if not by_day:
        return {}
    first, end = min(by_day), max(max(by_day), min(today - timedelta(days=1), last or date.max))
    days = [first + timedelta(days=n) for n in range((end - first).days + 1)]
    return {day: _mark(by_day.get(day), day, today) for day in days}


def _mark(entry: DayEntry | None, day: date, today: date) -> str:
    if entry is None:
        return LATE if day >= today - LOG_DELAY else MISSING
    if entry["state"] == DayState.NO_FILE:
        return NO_FILE
    if not is_settled(entry):
        return HALF
    return REJECTED if entry["rejected"] > _MANY_REJECTED * entry["lines"] else LOADED
