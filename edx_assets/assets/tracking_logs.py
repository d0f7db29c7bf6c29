"""The assets of a site's tracking logs, day by day: raw_log, daily_log and master_tracking.

What a stage does with a day belongs in `loading.days`.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from time import monotonic
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Failure,
    multi_asset,
)

from edx_assets.assets.day_checks import check_day, day_check_specs
from edx_assets.assets.stages import (
    OWNERS,
    Rebuild,
    plain_failures,
    retried,
    reveal_courses,
    show_failure,
    shown,
    summary,
)
from edx_assets.edx.file_names import SiteDay
from edx_assets.errors import can_pass, foreseen
from edx_assets.loading.days.daily_log import decrypt_day
from edx_assets.loading.days.master_tracking import load_day
from edx_assets.loading.days.raw_log import fetch_day
from edx_assets.loading.stage import Metadata
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.mongo import Mongo
from edx_assets.resources.storage import Storage
from edx_assets.resources.store_causes import StoreRefusedError
from edx_assets.settings import InvalidSettingError, MissingSettingError

STAGES = ("raw_log", "daily_log", "master_tracking")
"""The stages of a day, in order."""

DAYS_PER_RUN = 60
"""Days per run of a backfill: starting a run costs as much as loading several days."""

OUTAGE = 3
"""A run stops after this many days in a row have failed for a reason that can pass."""

Stage = Callable[[SiteDay], Metadata]


def day_assets(site: str) -> list[AssetKey]:
    """The keys of a site's assets."""
    return [AssetKey([site, stage]) for stage in STAGES]


def tracking_logs(site: str, days: DailyPartitionsDefinition) -> AssetsDefinition:
    """The assets of a site's tracking logs.

    The three stages of a day are one step, and each day's materializations are recorded as they
    happen: in a run over a range of days a bad day fails alone, and the days that a killed or
    terminated run had finished are not repeated.
    """

    @multi_asset(
        name=f"{site}_tracking_logs",
        specs=_specs(site),
        check_specs=day_check_specs(site, days),
        partitions_def=days,
        can_subset=True,
        backfill_policy=BackfillPolicy.multi_run(DAYS_PER_RUN),
        op_tags={"edx_assets/site": site},
    )
    def days_of_site(
        context: AssetExecutionContext,
        config: Rebuild,
        buckets: Buckets,
        gnupg: Gnupg,
        storage: Storage,
        mongo: Mongo,
    ) -> Iterator[Any]:
        with plain_failures():  # of the settings too
            today = datetime.now(UTC).date()
        stages: dict[str, Stage] = {
            "raw_log": lambda day: fetch_day(buckets, storage, day, today, config.forced),
            "daily_log": lambda day: decrypt_day(gnupg, storage, day, config.forced),
            "master_tracking": lambda day: load_day(mongo.store(), storage, day, config.forced),
        }
        selected = {key.path[-1] for key in context.selected_asset_keys}
        wanted = {name: stage for name, stage in stages.items() if name in selected}
        failures, untried = _run_days(context, site, wanted)
        if "master_tracking" in wanted and len(failures) + untried < len(context.partition_keys):
            with plain_failures(context):
                reveal_courses(context, mongo.store())
        if failures:
            failure = summary(failures, len(context.partition_keys), "days", untried)
            raise retried(context, failure)
        yield from ()

    return days_of_site


def _run_days(
    context: AssetExecutionContext, site: str, stages: dict[str, Stage]
) -> tuple[list[Exception], int]:
    """Take the run's days through their stages; return failures and how many were not tried."""
    failures: list[Exception] = []
    in_a_row = 0
    left = len(context.partition_keys)
    for partition in context.partition_keys:
        left -= 1
        failure = _run_day(context, site, partition, stages)
        if failure:
            failures.append(failure)
        in_a_row = in_a_row + 1 if failure and can_pass(failure) else 0
        if in_a_row == OUTAGE:  # S3 or the database is down: every further day would wait for it
            break
    return failures, left


def _run_day(
    context: AssetExecutionContext, site: str, partition: str, stages: dict[str, Stage]
) -> Exception | None:
    """Take a day through its stages; return the error that stopped it, or None."""
    day = SiteDay(site, date.fromisoformat(partition))
    for name, stage in stages.items():
        started = monotonic()
        try:
            metadata = stage(day)
        except (MissingSettingError, InvalidSettingError, StoreRefusedError) as error:
            raise Failure(str(error), allow_retries=False) from None
        except Exception as error:  # also what nobody foresaw harms this day alone
            failure = foreseen(error)
            context.log.error(f"{site}/{name} {partition}: {failure}")
            names = list(stages)
            left = [AssetKey([site, each]) for each in names[names.index(name) :]]
            show_failure(context, left, partition, str(failure))
            return failure
        metadata.setdefault("seconds", round(monotonic() - started, 2))
        context.log_event(
            AssetMaterialization(
                asset_key=[site, name], partition=partition, metadata=shown(metadata)
            )
        )
        context.log.info(f"{site}/{name} {partition}: {metadata['outcome']}")
        if refused := metadata.get("courses_refused"):
            context.log.warning(f"{site}/{name} {partition}: courses without a database: {refused}")
    try:
        return check_day(context, day)
    except Exception as error:
        failure = foreseen(error)
        context.log.error(f"{site} {partition}: {failure}")
        return failure


def _specs(site: str) -> list[AssetSpec]:
    chain = [
        (
            "raw_log",
            "The day's encrypted tracking log, downloaded from S3; size and ETag are checked.",
            {"s3", "file"},
        ),
        (
            "daily_log",
            "The day's decrypted tracking log, still gzipped; the gzip stream is complete.",
            {"gnupg", "file"},
        ),
        (
            "master_tracking",
            "The day's records in `tracking_logs.tracking`: lines = loaded + duplicates +"
            " rejected. Rejected lines are in `tracking_logs.quarantine`.",
            {"mongodb"},
        ),
    ]
    specs: list[AssetSpec] = []
    for name, description, kinds in chain:
        specs.append(
            AssetSpec(
                [site, name],
                deps=[specs[-1].key] if specs else [],
                description=description,
                group_name=f"{site}_tracking_logs",
                owners=OWNERS,
                kinds=kinds,
                code_version="1",
                skippable=True,
            )
        )
    return specs
